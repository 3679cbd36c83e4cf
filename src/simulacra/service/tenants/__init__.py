"""The companies that use the service."""
