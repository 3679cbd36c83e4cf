"""From bytes to an Arrow table; no other stage sees a file."""
