"""An installation that has been used, as a database of each older version holds it."""
