"""`bands`: shares of parts of the range of a number, a date or a time."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from simulacra.engine.columns.schema import Column, Schema
from simulacra.engine.scenario.kinds import checking
from simulacra.engine.scenario.kinds.by_column import OfNumbers
from simulacra.engine.scenario.kinds.checking import Checker
from simulacra.engine.scenario.terms import Cell, Interval, Partition

MAX_BANDS = 100
MEMBERS = {"min", "max", "share"}


class Bands(OfNumbers):
    """Column to a list of ``{"min": ..., "max": ..., "share": ...}``, both ends included.

    What lies in no band shares the remainder.
    """

    member = "bands"
    noun = "list of bands"
    refusal = ": give shares of its levels under 'categorical', not bands."

    def of_number(self, check: Checker, column: Column, given: Any) -> Partition | None:  # noqa: ANN401 - of any kind
        """Return the bands of one column."""
        return _of_column(check, column, given)

    def reshared(self, schema: Schema, given: Any, shares: Iterator[Sequence[float]]) -> Any:  # noqa: ANN401 - of any kind
        """Return the same with other shares."""
        return {name: _reshared(schema[name], bands, next(shares)) for name, bands in given.items()}


def _reshared(
    column: Column, bands: Sequence[Mapping[str, Any]], shares: Sequence[float]
) -> list[dict[str, Any]]:
    """Return bands in their order with shares that are in the order of the ranges."""
    order = sorted(range(len(bands)), key=lambda index: column.type.to_number(bands[index]["min"]))
    share_of = dict(zip(order, shares, strict=True))
    return [{**band, "share": share_of[index]} for index, band in enumerate(bands)]


def _of_column(check: Checker, column: Column, given: object) -> Partition | None:
    text = (
        f"Give column {column.name!r} a list of bands, each an object with 'min', 'max' and "
        "'share'."
    )
    bands = check.items(given, text)
    if bands is None:
        return None
    if len(bands) > MAX_BANDS:
        check.fault(
            f"Column {column.name!r} has {len(bands)} bands; up to {MAX_BANDS} can be given."
        )
        return None
    before = len(check.faults)
    read = [_band(check.at(index), column, band, text) for index, band in enumerate(bands)]
    known = [band for band in read if band is not None]
    if len(check.faults) > before or _overlap(check, column, known):
        return None
    return _shared_out(check, column, known)


def _shared_out(
    check: Checker, column: Column, known: list[tuple[Interval, float, str]]
) -> Partition | None:
    """Return bands whose shares fit together."""
    known.sort(key=lambda band: band[0].first)  # a value at two ends counts for the lower band
    is_whole = _gap(column, known) is None
    shares = [share for _, share, _ in known]
    checked = check.total(f"the bands of column {column.name!r}", shares, is_whole=is_whole)
    if checked is None:
        return None
    if not is_whole and sum(checked) > 1 - checking.SUM_TOLERANCE:
        gap = dict.fromkeys(_text(column, end) for end in _gap(column, known) or ())
        check.fault(
            f"The bands of column {column.name!r} sum to 1 but leave out {' to '.join(gap)}. Let "
            f"them cover the schema's range of {column.min} to {column.max}, give the gap a band "
            "with the share 0, or let the bands sum to less.",
            "condition_share_sum",
        )
        return None
    return Partition(
        kind="band",
        column=column.name,
        cells=tuple(Cell(((column.name, interval),)) for interval, _, _ in known),
        names=tuple(name for _, _, name in known),
        group_of_cell=tuple(range(len(known))),
        shares=checking.remainder(checked, has_rest=not is_whole),
        named=len(known),
        has_rest=not is_whole,
        among=check.among,
    )


def _band(
    check: Checker, column: Column, given: object, text: str
) -> tuple[Interval, float, str] | None:
    """Return interval, share and name of a band."""
    if not isinstance(given, Mapping) or not set(given) <= MEMBERS:
        check.fault(text)
        return None
    where = f"Band of column {column.name!r}"
    span = check.span(where, column, given)
    if "share" not in given:
        check.at("share").fault(f"{where}: 'share' is missing.")
        return None
    share = check.at("share").share(where, given["share"])
    if span is None or share is None:
        return None
    return Interval(*span), share, f"{given['min']} to {given['max']}"


def _overlap(check: Checker, column: Column, bands: list[tuple[Interval, float, str]]) -> bool:
    """Note bands that share values. A number with decimals may be the end of two bands."""
    order = sorted(range(len(bands)), key=lambda index: bands[index][0].first)
    for one, other in itertools.pairwise(order):
        last, first = bands[one][0].last, bands[other][0].first
        may_touch = column.decimals is not None and bands[other][0].last > first
        if first < last or (first == last and not may_touch):
            check.at(other).fault(
                f"The bands {bands[one][2]} and {bands[other][2]} of column {column.name!r} "
                "overlap; both ends belong to a band. Let each value lie in one band."
            )
            return True
    return False


def _gap(column: Column, bands: list[tuple[Interval, float, str]]) -> tuple[float, float] | None:
    """Return the first part of the schema's range that no band covers; None if all is covered."""
    least, greatest = column.bounds
    step, reached = column.step, least - column.step
    for interval, _, _ in sorted(bands, key=lambda band: band[0].first):
        if interval.first > reached + step * (1 + 1e-9):
            return reached + step, interval.first - step
        reached = max(reached, interval.last)
    return (reached + step, greatest) if reached < greatest - step * 1e-9 else None


def _text(column: Column, number: float) -> str:
    return str(column.type.to_bound(round(number, column.decimals or 0)))


BANDS = Bands()
