"""How closely a model may follow small groups of respondents."""

STANDARD, STRICT = "standard", "strict"
ALL = (STANDARD, STRICT)
"""Under `STRICT` fewer groups are told apart, and only by larger ones, so that synthetic rows tell
less about who took part; small groups lose part of their profile (see docs/benchmarks/privacy.md).
"""
