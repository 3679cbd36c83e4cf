"""Scenarios: conditions, and the weights and quotas that meet them."""
