"""How closely a model may follow small groups of respondents."""

STANDARD, STRICT = "standard", "strict"
ALL = (STANDARD, STRICT)
"""Under `STRICT` groups are told apart only if they differ beyond doubt. Synthetic rows then say
less of who took part, and small groups lose part of their profile (docs/benchmarks/privacy.md)."""
