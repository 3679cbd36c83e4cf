"""Numbers and dates as people write them, read from the different texts of a column."""
