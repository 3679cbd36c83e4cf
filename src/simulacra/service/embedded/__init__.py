"""What `simulacra serve` carries with it: PostgreSQL, local TLS and a supervisor of processes.

Nothing is imported here, so that the supervising process stays small.
"""
