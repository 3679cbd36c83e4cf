"""The disclosure threshold: how many respondents must share a value before it is anybody's to see.

Statistical offices call it the minimum frequency rule (Hundepool et al., Statistical Disclosure
Control, 2012). Everything that publishes or emits values of respondents asks this module.
"""

THRESHOLD = 5
"""Respondents who must share a value before it is published, or emitted as it stands."""
