"""Which questions a page about rows shows before and after."""

from simulacra.engine.report.distributions import LEVELS, Distribution, Part
from simulacra.engine.tabulating.comparison import ComparedFigure, Comparison, Interval
from simulacra.service.studio.pages import rows


def shown(column: str, change: float, *, is_conditioned: bool = False) -> Distribution:
    parts = (Part("yes", 0.5, 0.5 + change), Part("no", 0.5, 0.5 - change))
    return Distribution(column, column, LEVELS, parts, is_conditioned=is_conditioned)


def compared(column: str, change: float, *, is_changed: bool) -> ComparedFigure:
    first, second = Interval(0.5, 0.4, 0.6), Interval(0.5 + change, 0.4, 0.7)
    by = Interval(change, change - 0.1, change + 0.1)
    named = (column, "yes", "share", first, second, by)
    return ComparedFigure(
        *named, is_changed=is_changed, surprise=1.0, interval="margins", is_conditioned=False
    )


ASKED, FEW, MANY = shown("asked", 0.4, is_conditioned=True), shown("few", 0.2), shown("many", 0.15)


def test_changes_beyond_chance_are_shown_and_larger_ones_by_chance_are_not() -> None:
    figures = (
        compared("many", 0.15, is_changed=True),
        compared("few", 0.2, is_changed=False),
    )
    comparison = Comparison(("study", "rows"), 0.95, 2, figures, ())
    assert rows._most_changed((ASKED, FEW, MANY), comparison) == [MANY]


def test_without_changes_beyond_chance_the_largest_are_shown() -> None:
    comparison = Comparison(("study", "rows"), 0.95, 0, (), ())
    assert rows._most_changed((ASKED, MANY, FEW), comparison) == [FEW, MANY]
    assert rows._most_changed((ASKED, MANY, FEW), None) == [FEW, MANY]
