"""Columns: their types, what is published about them, and their values as numbers."""
