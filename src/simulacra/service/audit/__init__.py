"""Who did what, and when: an append-only record in which every entry seals the one before."""
