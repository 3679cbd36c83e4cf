"""Rules: the deterministic structure of a study, learned and kept."""
