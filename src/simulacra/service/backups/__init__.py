"""Backups: one encrypted file that an installation can be made from again."""
