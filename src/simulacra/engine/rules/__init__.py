"""Rules: the deterministic structure of a study, learned and kept."""

from simulacra.engine.rules.ruleset import Rules, learn

__all__ = ["Rules", "learn"]
