"""Tabulating and comparing: cross tables and figures whose tests use support, not row counts."""
