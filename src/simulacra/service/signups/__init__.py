"""Requests for access: from a company's first message to an operator's decision."""
