"""The chain: a row is generated column by column, each given the ones before it.

Each factor ``p(column | predecessors)`` is a *link*: a forest with the predecessors it looks at.
"""

import dataclasses
import hashlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # has no stubs

from simulacra.engine import encoding
from simulacra.engine.encoding import Floats
from simulacra.engine.forest import Forest
from simulacra.engine.schema import Schema
from simulacra.engine.screening import Screen

MAX_PREDECESSORS = 32
"""A link of a wide table looks at its strongest predecessors only, else cost grows with the square
of the columns."""

Drawn = dict[int, Floats]
"""Generated values by column position."""


@dataclasses.dataclass(frozen=True)
class Link:
    """One factor of the chain.

    Attributes:
        column: position of the column it generates.
        predecessors: positions of the columns it looks at.
        places: of the categorical predecessors, their levels' places (see `encoding.scale`).
        forest: the fitted trees.
    """

    column: int
    predecessors: tuple[int, ...]
    places: Mapping[int, Floats]
    forest: Forest

    def features(self, schema: Schema, drawn: Drawn, rows: int) -> npt.NDArray[np.float32]:
        """Return the predecessors' values as the forest sees them."""
        made = np.empty((rows, len(self.predecessors)), dtype=np.float32)
        for place, position in enumerate(self.predecessors):
            made[:, place] = encoding.feature(
                schema.columns[position], drawn[position], self.places.get(position)
            )
        return made


def fit(
    schema: Schema,
    values: Floats,
    column: int,
    candidates: Sequence[int],
    screen: Screen | None = None,
    seed: int = 0,
) -> Link:
    """Fit the link of one column.

    Args:
        schema: of the study.
        values: float64, rows x columns.
        column: position of the column to generate.
        candidates: positions of the columns that are there before it.
        screen: of the values; made here if it is needed and not given.
        seed: of the rows that trees are grown on.
    """
    target = encoding.indicators(schema.columns[column], values[:, column])
    chosen = list(candidates)
    if len(chosen) > MAX_PREDECESSORS:
        chosen = (screen or Screen.of(values)).strongest(target, chosen, MAX_PREDECESSORS)
    places = {
        position: encoding.scale(schema.columns[position], values[:, position], target)
        for position in chosen
        if schema.columns[position].type.is_categorical
    }
    features = np.empty((len(values), len(chosen)), dtype=np.float32)
    for place, position in enumerate(chosen):
        features[:, place] = encoding.feature(
            schema.columns[position], values[:, position], places.get(position)
        )
    names = [schema.columns[position].name for position in (column, *chosen)]
    forest = Forest.grow(features, target, generator(seed, "link", *names))
    return Link(column, tuple(chosen), places, forest)


def fit_all(
    schema: Schema,
    values: Floats,
    order: Sequence[int],
    known: Sequence[Link],
    progress: Callable[[float], None],
) -> list[Link]:
    """Return the links of all columns in an order, fitting only those not `known` already.

    A known link serves again if the columns before it are the same ones, in whatever order.
    """
    before = {
        link.column: frozenset(earlier.column for earlier in known[:index])
        for index, link in enumerate(known)
    }
    fitted = {link.column: link for link in known}
    screen = Screen.of(values) if len(order) > MAX_PREDECESSORS + 1 else None
    links = []
    with threadpool_limits(1, "blas"):  # the order of a sum must not hang on the number of cores
        for index, column in enumerate(order):
            candidates = sorted(order[:index])
            if before.get(column) == frozenset(candidates):
                links.append(fitted[column])
            else:
                links.append(fit(schema, values, column, candidates, screen))
            progress((index + 1) / len(order))
    return links


def generator(seed: int, *names: str) -> np.random.Generator:
    """Return the generator of one purpose: streams of different names are independent."""
    digest = hashlib.sha256("\0".join(names).encode()).digest()
    words = np.frombuffer(digest[:16], dtype=np.uint32)
    return np.random.default_rng([seed, *(int(word) for word in words)])
