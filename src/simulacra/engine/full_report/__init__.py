"""The report of a generation as people read it and hand it on: one page, or JSON."""
