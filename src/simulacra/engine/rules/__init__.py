"""Rules: the deterministic structure of a study, and how synthetic rows are made to have it."""
