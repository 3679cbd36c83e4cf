"""Secrets on their way to the customer: one-time claims, and rotations."""
