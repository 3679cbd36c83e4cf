"""Delivery of generated files."""
