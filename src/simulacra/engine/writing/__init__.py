"""From an Arrow table to a file."""
