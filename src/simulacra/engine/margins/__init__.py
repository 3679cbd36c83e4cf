"""Margins of error: how far the figures of synthetic rows may be from the truth."""
