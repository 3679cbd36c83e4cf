"""The report of a generation."""
