"""Drawing columns along a chain: freely, or inside a range."""

from collections.abc import Sequence

import numpy as np

from simulacra.engine import chain, encoding
from simulacra.engine.chain import Link
from simulacra.engine.donors import Donors, Drawn
from simulacra.engine.encoding import Floats
from simulacra.engine.kernels import Codes
from simulacra.engine.schema import Column


def extend(
    donors: Donors, links: Sequence[Link], drawn: Drawn, rows: int, rng_seed: tuple[int, str]
) -> None:
    """Draw the columns of `links`, in order, into `drawn`, given what is there already."""
    seed, purpose = rng_seed
    for link in links:
        rng = chain.generator(seed, purpose, donors.schema.columns[link.column].name)
        leaves = link.forest.leaves(link.features(drawn, rows), rows, rng)
        donor = link.forest.draw(leaves, _taken(link, drawn, rows), rng)
        values = emit(donors, link.column, donor, rng)
        drawn.add(link.column, values, donors.codings[link.column].encode(values), donor)


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
