"""The worked studies: where each is on the page, and what its picture shows."""

import dataclasses
from collections.abc import Mapping, Sequence


@dataclasses.dataclass(frozen=True)
class Panel:
    """One column of a picture.

    Attributes:
        column: its name in the schema.
        title: of the panel.
        is_asked: whether the scenario has a condition on it.
        levels: their order, if it is not that of the schema.
    """

    column: str
    title: str
    is_asked: bool
    levels: Sequence[str] = ()


def asked(column: str, title: str, *levels: str) -> Panel:
    """Return a panel of a column that the scenario has a condition on."""
    return Panel(column, title, is_asked=True, levels=levels)


def follows(column: str, title: str, *levels: str) -> Panel:
    """Return a panel of any other column."""
    return Panel(column, title, is_asked=False, levels=levels)


STUDIES: Mapping[str, tuple[str, tuple[Panel, ...]]] = {
    "brand_tracker": (
        "Brand tracker",
        (
            asked("ad_recall", "Recalls the advertising"),
            follows("considers_alba", "Considers Alba", "definitely", "perhaps", "no"),
            follows("buys_alba", "Buys Alba"),
            follows("value_for_money", "Value for money, 1 to 5"),
        ),
    ),
    "nps_driver": (
        "NPS driver",
        (
            asked("support", "Rates the support, 1 to 5"),
            follows("recommend", "Recommends, 0 to 10"),
        ),
    ),
    "election": (
        "Election",
        (
            asked("age", "Age"),
            follows("intention", "Intends to vote", "Left", "Right", "Green", "Other"),
            follows("past_vote", "Voted last time"),
            follows("issue", "Most important issue"),
        ),
    ),
    "customer_table": (
        "Customer table",
        (
            asked("contract", "Contract"),
            follows("left", "Left within a year"),
            follows("tenure_months", "Months as a customer"),
            follows("support_calls", "Calls to support"),
        ),
    ),
    "low_incidence": (
        "Low-incidence audience",
        (
            follows("area", "Lives in", "city", "suburb", "country"),
            follows("children", "Has children"),
            follows("income", "Income a month"),
            follows("media", "Prefers"),
        ),
    ),
    "concept_test": (
        "Concept test",
        (
            asked("uses_category", "Uses the category", "often", "sometimes", "never"),
            asked("age", "Age"),
            follows("would_buy", "Would buy", "certainly", "probably", "perhaps", "no"),
            follows("likes_it", "Likes it, 1 to 5"),
        ),
    ),
}
"""By module: the heading of its section, and the panels of its picture."""

OF_README = (
    asked("segment", "Segment", "Premium", "Mainstream", "Value"),
    follows("purchase_intent", "Purchase intent"),
    asked("channel", "Channel", "Online", "Retail", "Club"),
    follows("Would.recommend.0.10", "Would recommend, 0 to 10"),
    asked("age", "Age"),
    follows("monthly_spend", "Monthly spend"),
)
"""The panels of the picture that the README begins with."""
