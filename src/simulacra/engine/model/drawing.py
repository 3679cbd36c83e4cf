"""Drawing columns along a chain: freely, or inside a range."""

import itertools
import threading
from collections.abc import Callable, Sequence

import numpy as np

from simulacra.engine import processors, randomness, stages
from simulacra.engine.columns import encoding
from simulacra.engine.columns.encoding import Floats
from simulacra.engine.columns.schema import Column
from simulacra.engine.model.conditional import Link
from simulacra.engine.model.donors import Donors, Drawn
from simulacra.engine.model.kernels import Codes, Indices

REDRAWS = 8
"""Times that a value that breaks a rule is drawn again, and then the whole row."""
ROWS_AT_ONCE = 100_000
"""Rows that one core draws before it takes the next."""


def complete(
    donors: Donors,
    links: Sequence[Link],
    given: Drawn,
    rows: int,
    seed: int,
    count: stages.Count,
) -> dict[int, Floats]:
    """Return the values of all columns, by position: those given, and draws of the others.

    Rows are drawn in stretches of one length, each with randomness of its own, so that the number
    of cores that share them changes nothing.

    Args:
        donors: the seed rows.
        links: of the columns to draw, in order.
        given: the columns that are there already.
        rows: how many.
        seed: of the draws.
        count: told how many columns are drawn, each once a stretch; by any thread, one at a time.
    """
    begins = range(0, rows, ROWS_AT_ONCE)
    steps, number, lock = len(begins) * len(links), itertools.count(1), threading.Lock()

    def advance() -> None:
        with lock:
            count(next(number), steps)

    def stretch(begin: int) -> Drawn:
        some = np.arange(begin, min(begin + ROWS_AT_ONCE, rows))
        purpose = f"rows {begin}"
        return _complete(donors, links, given.take(some), len(some), seed, purpose, advance)

    drawn = list(processors.share(stretch, begins))
    return {
        position: np.concatenate([part.values[position] for part in drawn])
        for position in drawn[0].values
    }


def _complete(
    donors: Donors,
    links: Sequence[Link],
    given: Drawn,
    rows: int,
    seed: int,
    purpose: str,
    advance: Callable[[], None],
) -> Drawn:
    """Draw rows, and again whole those in which the earlier columns leave no value for a later."""
    drawn = given.copy()
    doubtful = _extend(donors, links, drawn, rows, seed, purpose, advance)
    for attempt in range(REDRAWS):
        broken = doubtful[donors.rules.broken(drawn.take(doubtful).values)]
        if not len(broken):
            break
        again = given.take(broken)
        doubtful = broken[_extend(donors, links, again, len(broken), seed, f"{purpose}, {attempt}")]
        drawn.replace(broken, again)
    return drawn


def _extend(
    donors: Donors,
    links: Sequence[Link],
    drawn: Drawn,
    rows: int,
    seed: int,
    purpose: str,
    advance: Callable[[], None] | None = None,
) -> Indices:
    """Draw each column; where a value breaks a rule draw it again, and mend it at last.

    Returns:
        int64, the rows that were mended, which may break a rule still; the others break none.
    """
    mended = np.zeros(rows, dtype=np.bool_)
    for link in links:
        position, rules = link.column, donors.rules
        rng = randomness.stream(seed, purpose, donors.schema.columns[position].name)
        donor, values = _draw(donors, link, drawn, rows, rng)
        broken = np.flatnonzero(rules.violated(position, values, drawn.values))
        for _ in range(REDRAWS):
            if not len(broken):
                break
            there = drawn.take(broken)
            donor[broken], values[broken] = _draw(donors, link, there, len(broken), rng)
            broken = broken[rules.violated(position, values[broken], there.values)]
        mended[broken] = True
        if len(broken):
            there = drawn.take(broken)
            values[broken] = rules.mended(
                position, values[broken], there.values, donors.values, rng
            )
        drawn.add(position, values, donors.codings[position].encode(values), donor)
        if advance is not None:
            advance()
    return np.flatnonzero(mended)


def _draw(
    donors: Donors, link: Link, drawn: Drawn, rows: int, rng: np.random.Generator
) -> tuple[Codes, Floats]:
    """Draw one column, and return its donors and values."""
    features, taken = link.features(drawn, rows), _taken(link, drawn, rows)
    donor = link.forest.draw(link.forest.leaves(features, rows, rng), taken, rng)
    values = emit(donors, link.column, donor, rng)
    if link.echo is not None:
        leaves = link.echo.forest.leaves(features, rows, rng)
        like = link.echo.forest.draw(leaves, taken, rng)
        repeated = drawn.values[link.echo.source]
        can_hold = encoding.holds(donors.schema.columns[link.column], repeated)
        same = link.echo.same[like] & can_hold
        donor, values = np.where(same, like, donor), np.where(same, repeated, values)
    return donor, values


def _taken(link: Link, drawn: Drawn, rows: int) -> Codes:
    """Return the donors of the columns that a link looks at, int32, predecessors x rows."""
    taken = np.empty((len(link.predecessors), rows), dtype=np.int32)
    for place, position in enumerate(link.predecessors):
        taken[place] = drawn.donors[position]
    return taken


def emit(donors: Donors, position: int, donor: np.ndarray, rng: np.random.Generator) -> Floats:
    """Return the values that donors give: a level, a shared number, or a draw from a cell."""
    values = donors.values[donor, position]
    cells = donors.cells.get(position)
    if cells is None:
        return np.asarray(values)
    low, high = cells.low[donor], cells.high[donor]
    smooth = low + rng.random(len(donor)) * (high - low)
    column = donors.schema.columns[position]
    return np.where(low == high, low, encoding.rounded(column, smooth))


def emit_inside(
    column: Column, window: encoding.Window, donor: np.ndarray, rng: np.random.Generator
) -> Floats:
    """Return values drawn from the parts of the donors' cells that lie in a range."""
    low, high = window.low[donor], window.high[donor]
    smooth = low + rng.random(len(donor)) * (high - low)
    on_grid = np.where(low == high, low, encoding.rounded(column, smooth))
    return np.asarray(np.clip(on_grid, window.first, window.last))
