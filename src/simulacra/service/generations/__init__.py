"""Synthetic rows asked of a model under a scenario."""
