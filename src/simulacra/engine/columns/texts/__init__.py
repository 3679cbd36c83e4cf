"""Numbers, dates, times and durations as people write them, read from the different texts of a column."""
