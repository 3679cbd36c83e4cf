"""The last resort for synthetic rows that break a rule and that no redraw has helped."""

from collections.abc import Mapping

import numpy as np

from simulacra.engine.columns.arrays import Floats, Int32s, Int64s
from simulacra.engine.columns.cells import Cells
from simulacra.engine.rules.interval import Interval
from simulacra.engine.rules.ruleset import Rules
from simulacra.engine.rules.states import PartialRows, States

CHUNK = 2_048
"""Rows repaired at once."""
OFFERS = 32
"""Respondents whose values a row is offered."""
RELATED = 16
"""Columns by which the likeness of a respondent to a row is judged."""


def repair(
    rules: Rules,
    position: int,
    values: Floats,
    drawn: Mapping[int, Floats],
    study: Floats,
    rng: np.random.Generator,
) -> Floats:
    """Return values that break no rule, wherever there are any.

    A row is offered, in this order: its own value, moved into the bounds that rules leave it
    (which is the value itself where a rule determines it); values of respondents, first of those
    most like it in the columns that are related by rules; one value of every state. It takes
    the first offer that breaks no rule, and keeps its value if there is none.

    Args:
        rules: to keep.
        position: of the column.
        values: float64, shape (rows,): its new values.
        drawn: float64, shape (rows,), by position of a column that has been drawn.
        study: float64, shape (respondents, columns).
        rng: of the draws.
    """
    broken = np.flatnonzero(rules.broken_by(position, values, drawn))
    if not len(broken):
        return values
    repaired = values.copy()
    column = rules.states[position].column
    cells = column.cells(study[:, position])
    for start in range(0, len(broken), CHUNK):
        among = broken[start : start + CHUNK]
        there = {other: column_values[among] for other, column_values in drawn.items()}
        rows = PartialRows(there, rules.states, len(among))
        offers = _offers(rules, position, repaired[among], rows, study, cells, rng)
        repaired[among] = _first_good(rules, position, offers, rows)
    return repaired


def _offers(
    rules: Rules,
    position: int,
    values: Floats,
    rows: PartialRows,
    study: Floats,
    cells: Cells | None,
    rng: np.random.Generator,
) -> Floats:
    """Return the values that each row is offered, float64, shape (rows, offers)."""
    known = rules.states[position]
    donors = _most_alike(rules, position, rows, study, rng)
    of_each_state = _one_of_each_state(known, known.of(study[:, position]), rng)
    donors = np.column_stack(
        [donors, np.broadcast_to(of_each_state, (rows.count, len(of_each_state)))]
    )
    offered = study[donors, position] if cells is None else cells.draw(known.column, donors, rng)
    points = np.broadcast_to(known.points, (rows.count, len(known.points)))
    return np.column_stack([values, offered, points])


def _first_good(rules: Rules, position: int, offers: Floats, rows: PartialRows) -> Floats:
    """Return each row's first offer that breaks no rule, or its first if all do."""
    known = rules.states[position]
    column, width = known.column, offers.shape[1]
    outside = np.zeros(offers.shape, dtype=np.bool_)
    interval = rules.interval(position, rows)
    if interval is not None:
        interval.narrow(*column.bounds)
        wide = Interval(np.repeat(interval.low, width), np.repeat(interval.high, width))
        offers = wide.clip(column, offers.ravel()).reshape(offers.shape)
        outside = wide.excludes(column, offers.ravel()).reshape(offers.shape)
    states = known.of(offers.ravel()).reshape(offers.shape)
    is_forbidden = np.take_along_axis(rules.forbidden(position, rows), states, axis=1)
    is_good = ~outside & ~is_forbidden
    return np.asarray(offers[np.arange(rows.count), is_good.argmax(axis=1)])


def _one_of_each_state(known: States, coded: Int32s, rng: np.random.Generator) -> Int64s:
    """Return a respondent in each state, and more in 'any other number', which has many values."""
    first_ones = np.unique(coded, return_index=True)[1]
    others = np.flatnonzero(coded == known.missing - 1)
    if known.column.type.is_categorical or not len(others):
        return first_ones
    return np.concatenate([first_ones, rng.choice(others, OFFERS)])


def _most_alike(
    rules: Rules, position: int, rows: PartialRows, study: Floats, rng: np.random.Generator
) -> Int64s:
    """Draw respondents for each row, those most like it in the related columns first."""
    donors = rng.integers(len(study), size=(rows.count, OFFERS))
    related = [other for other in rules.partners(position) if other in rows]
    alike = np.zeros(donors.shape, dtype=np.int64)
    for other in related[:RELATED]:
        states = rows.states_of(other)
        alike += rules.states[other].of(study[:, other])[donors] == states[:, None]
    return np.take_along_axis(donors, np.argsort(-alike, axis=1, kind="stable"), axis=1)
