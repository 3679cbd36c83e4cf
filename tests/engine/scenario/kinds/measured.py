"""Conditions measured in synthetic rows, apart from the engine: cell by cell, in plain Python."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

Row = Mapping[str, Any]
SCALE = 1e-6
"""Part of the width of a column by which a mean may miss, if its grid is finer than that."""


def hold(asked: Mapping[str, Any], rows: Sequence[Row], widths: Mapping[str, float]) -> None:
    """Assert that all conditions hold in the rows: shares to one row, means to their grid.

    Args:
        asked: conditions by kind.
        rows: the synthetic rows.
        widths: of the range of each column in the schema.
    """
    for member, given in asked.items():
        CHECKS[member](given, rows, widths)


def _categorical(given: Any, rows: Sequence[Row], _: Mapping[str, float]) -> None:  # noqa: ANN401
    for column, shares in given.items():
        assert all(row[column] is not None for row in rows)
        for level, share in shares.items():
            _to_one_row(sum(str(row[column]) == level for row in rows), share, rows)


def _numeric(given: Any, rows: Sequence[Row], _: Mapping[str, float]) -> None:  # noqa: ANN401
    for column, ends in given.items():
        assert all(_lies_in(row[column], ends) for row in rows)


def _means(given: Any, rows: Sequence[Row], widths: Mapping[str, float]) -> None:  # noqa: ANN401
    for column, target in given.items():
        values = [_number(row[column]) for row in rows]
        step = 0.01 if column == "spend" else 1.0
        miss = max(step / 2 / len(values), SCALE * widths[column])
        assert sum(values) / len(values) == pytest.approx(_number(target), abs=miss * 1.001, rel=0)


def _bands(given: Any, rows: Sequence[Row], _: Mapping[str, float]) -> None:  # noqa: ANN401
    for column, bands in given.items():
        for band in bands:
            _to_one_row(sum(_lies_in(row[column], band) for row in rows), band["share"], rows)


def _joint(given: Any, rows: Sequence[Row], _: Mapping[str, float]) -> None:  # noqa: ANN401
    for one in given:
        for entry in one["shares"]:
            parts = dict(zip(one["columns"], entry["cell"], strict=True))
            _to_one_row(sum(_is_in(row, parts) for row in rows), entry["share"], rows)


def _options(given: Any, rows: Sequence[Row], _: Mapping[str, float]) -> None:  # noqa: ANN401
    for shares in given.values():
        for option, share in shares.items():
            (column,) = (name for name in rows[0] if name.endswith(option))
            _to_one_row(sum(row[column] == option for row in rows), share, rows)


def _groups(given: Any, rows: Sequence[Row], widths: Mapping[str, float]) -> None:  # noqa: ANN401
    for one in given:
        inside = [row for row in rows if _is_in(row, one["where"])]
        assert inside, one["where"]
        hold({member: asked for member, asked in one.items() if member != "where"}, inside, widths)


CHECKS = {
    "categorical": _categorical,
    "numeric": _numeric,
    "means": _means,
    "bands": _bands,
    "joint": _joint,
    "multiple_response": _options,
    "groups": _groups,
}


def _to_one_row(count: int, share: float, rows: Sequence[Row]) -> None:
    assert abs(count - share * len(rows)) < 1 + 1e-6, (count, share, len(rows))


def _is_in(row: Row, parts: Mapping[str, Any]) -> bool:
    return all(
        _lies_in(row[column], wanted)
        if isinstance(wanted, Mapping)
        else row[column] in ([wanted] if isinstance(wanted, str) else wanted)
        for column, wanted in parts.items()
    )


def _lies_in(value: Any, ends: Mapping[str, Any]) -> bool:  # noqa: ANN401
    if value is None:
        return False
    return _number(ends["min"]) <= _number(value) <= _number(ends["max"])


def _number(value: Any) -> float:  # noqa: ANN401
    if isinstance(value, str):
        value = dt.date.fromisoformat(value)
    return float(value.toordinal() if isinstance(value, dt.date) else value)
