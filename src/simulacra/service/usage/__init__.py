"""Rows reserved and used: windows of the subscription, and the ledger."""
