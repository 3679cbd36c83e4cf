"""Drawing columns along a chain: freely, inside a range, or with levels tilted to their targets."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from simulacra.engine import chain, encoding
from simulacra.engine.chain import Drawn, Link
from simulacra.engine.encoding import Floats
from simulacra.engine.schema import Column, Schema


@dataclasses.dataclass(frozen=True)
class Donors:
    """The seed rows as the sampler uses them.

    Attributes:
        schema: of the study.
        values: float64, rows x columns.
        cells: of the numeric columns, by position.
    """

    schema: Schema
    values: Floats
    cells: Mapping[int, encoding.Cells]

    @classmethod
    def of(cls, schema: Schema, values: Floats) -> "Donors":
        """Prepare the rows of a study."""
        numeric = [i for i, column in enumerate(schema.columns) if not column.type.is_categorical]
        return cls(
            schema, values, {i: encoding.cells(schema.columns[i], values[:, i]) for i in numeric}
        )


def extend(
    donors: Donors, links: Sequence[Link], drawn: Drawn, rows: int, rng_seed: tuple[int, str]
) -> None:
    """Draw the columns of `links`, in order, into `drawn`, given what is there already."""
    seed, purpose = rng_seed
    for link in links:
        column = donors.schema.columns[link.column]
        rng = chain.generator(seed, purpose, column.name)
        leaves = link.forest.leaves(link.features(donors.schema, drawn, rows), rng)
        donor = link.forest.draw(leaves, rng)
        drawn[link.column] = emit(donors, link.column, donor, rng)


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
