"""Numbers, dates, times and durations as people write them, read from a column's texts."""
