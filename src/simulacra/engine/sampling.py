"""Drawing columns along a chain: freely, or inside a range."""

from collections.abc import Sequence

import numpy as np

from simulacra.engine import chain, encoding
from simulacra.engine.chain import Link
from simulacra.engine.donors import Donors, Drawn
from simulacra.engine.encoding import Floats
from simulacra.engine.kernels import Codes
from simulacra.engine.schema import Column

REDRAWS = 8
"""Times that a value that breaks a rule is drawn again, and then the whole row."""


def extend(
    donors: Donors, links: Sequence[Link], drawn: Drawn, rows: int, rng_seed: tuple[int, str]
) -> None:
    """Draw the columns of `links`, in order, into `drawn`, given what is there already.

    Values that fit pair by pair can leave none for a later column; such a row is drawn again whole.
    """
    given = drawn.copy()
    _extend(donors, links, drawn, rows, rng_seed)
    seed, purpose = rng_seed
    for attempt in range(REDRAWS):
        broken = np.flatnonzero(donors.rules.broken(drawn.values))
        if not len(broken):
            break
        again = given.take(broken)
        _extend(donors, links, again, len(broken), (seed, f"{purpose} {attempt}"))
        drawn.replace(broken, again)


def _extend(
    donors: Donors, links: Sequence[Link], drawn: Drawn, rows: int, rng_seed: tuple[int, str]
) -> None:
    """Draw each column; where a value breaks a rule draw it again, and mend it at last."""
    seed, purpose = rng_seed
    for link in links:
        position, rules = link.column, donors.rules
        rng = chain.generator(seed, purpose, donors.schema.columns[position].name)
        donor, values = _draw(donors, link, drawn, rows, rng)
        for _ in range(REDRAWS):
            broken = np.flatnonzero(rules.violated(position, values, drawn.values))
            if not len(broken):
                break
            there = drawn.take(broken)
            donor[broken], values[broken] = _draw(donors, link, there, len(broken), rng)
        else:
            values = rules.mended(position, values, drawn.values, donors.values, rng)
        drawn.add(position, values, donors.codings[position].encode(values), donor)


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
