"""The contract that the service publishes: its OpenAPI document, and the workflow that uses it."""
