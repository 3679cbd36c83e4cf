"""Seed rows in, scenario-conditioned synthetic rows out; nothing is imported here."""
