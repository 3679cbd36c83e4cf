"""The Idempotency-Key: a retry finds what its first try began, and begins nothing twice."""
