"""The chain: a row is generated column by column, each given the ones before it.

Each factor ``p(column | predecessors)`` is a *link*: a forest with the predecessors it looks at.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from simulacra.engine import processors, randomness, stages
from simulacra.engine.model import coding, forest, repetition, ridge
from simulacra.engine.model.donors import Donors, Drawn
from simulacra.engine.model.forest import Features, Forest
from simulacra.engine.model.kernels import Codes
from simulacra.engine.model.repetition import Echo
from simulacra.engine.model.ridge import Index
from simulacra.engine.model.screening import Screen

MAX_PREDECESSORS = 32
"""A link of a wide table looks at its strongest predecessors only, else cost grows with the square
of the columns."""
PLACING_ROWS = 20_000
"""Rows by which the levels of categorical predecessors are ordered."""


@dataclasses.dataclass(frozen=True)
class Link:
    """One factor of the chain.

    Attributes:
        column: position of the column it generates.
        predecessors: positions of the columns it looks at.
        places: of the categorical predecessors, their levels' places (see `coding.places`).
        forest: the fitted trees; they look at the predecessors and, behind them, the indices.
        indices: sums of the predecessors.
        echo: of a number that often repeats a predecessor; its other values are the forest's.
    """

    column: int
    predecessors: tuple[int, ...]
    places: Mapping[int, Codes]
    forest: Forest
    indices: tuple[Index, ...] = ()
    echo: Echo | None = None

    def features(self, drawn: Drawn, rows: int) -> Features:
        """Return the predecessors as the forest looks at them."""
        seen = _features(self.predecessors, self.places, drawn.codes, rows)
        return seen.joined([index.codes(seen) for index in self.indices])


def fit(
    donors: Donors,
    column: int,
    candidates: Sequence[int],
    screen: Screen | None = None,
    *,
    with_echo: bool = True,
    seed: int = 0,
) -> Link:
    """Fit the link of one column.

    Args:
        donors: the seed rows.
        column: position of the column to generate.
        candidates: positions of the columns that are there before it.
        screen: of the seed rows; made here if it is needed and not given.
        with_echo: whether to look for a predecessor that is often repeated.
        seed: of the rows that trees are grown on.
    """
    schema, codes, own = donors.schema, donors.codes, donors.codings[column]
    chosen = list(candidates)
    if len(chosen) > MAX_PREDECESSORS:
        screen = screen or Screen.of(codes)
        target = coding.indicators(own, codes[column, screen.rows])
        chosen = screen.strongest(target, chosen, MAX_PREDECESSORS)
    some = coding.sample(codes.shape[1], PLACING_ROWS)
    target = coding.indicators(own, codes[column, some])
    places = {
        position: coding.places(donors.codings[position], codes[position, some], target)
        for position in chosen
        if schema.columns[position].type.is_categorical
    }
    names = [schema.columns[position].name for position in (column, *chosen)]
    seen = _features(chosen, places, codes, codes.shape[1])
    indices: list[Index] = []
    if len(chosen) > 1:
        indices = ridge.fit(seen, some, target, 1 if own.is_scale or own.size <= 3 else 2)
    features = seen.joined([one.codes(seen) for one in indices])
    rng = randomness.stream(seed, "link", *names)
    whole = forest.Target(codes[column], own.size, own.is_scale, own.is_fine)
    source = repetition.source_of(donors, column, chosen) if with_echo else None
    if source is None:
        grown = Forest.grow(features, whole, rng)
        return Link(column, tuple(chosen), places, grown, tuple(indices))
    same = repetition.repeats(donors, column, source)
    halves = forest.Target(same.astype(np.int32), 2, is_scale=False, is_fine=False)
    habit = Echo(source, same, Forest.grow(features, halves, rng))
    others = np.flatnonzero(~same).astype(np.int32)
    grown = Forest.grow(features, whole, rng, among=others)
    return Link(column, tuple(chosen), places, grown, tuple(indices), habit)


def _features(
    predecessors: Sequence[int],
    places: Mapping[int, Codes],
    codes: Mapping[int, Codes] | Codes,
    rows: int,
) -> Features:
    stacked = np.empty((len(predecessors), rows), dtype=np.int32)
    for place, position in enumerate(predecessors):
        stacked[place] = codes[position]
    return Features.of(stacked, [places.get(position) for position in predecessors])


def fit_all(
    donors: Donors,
    order: Sequence[int],
    known: Mapping[int, Link],
    count: stages.Count,
    conditioned: int = 0,
) -> list[Link]:
    """Return the links of all columns in an order, fitting only those not `known` already.

    Links are fitted side by side; each has randomness of its own, so that the number of cores
    changes nothing.

    Args:
        donors: the seed rows.
        order: positions of all columns.
        known: by place in the order, links that are fitted already (see `reusable`).
        count: told how many of the others are fitted.
        conditioned: how many columns at the front a scenario conditions on. Their donors are drawn
            by weight, which leaves no room for an echo.
    """
    unknown = [place for place in range(len(order)) if place not in known]
    links = dict(known)
    screen = Screen.of(donors.codes) if len(order) > MAX_PREDECESSORS + 1 else None

    def fitted(place: int) -> Link:
        is_free = place >= conditioned
        return fit(donors, order[place], sorted(order[:place]), screen, with_echo=is_free)

    done = processors.share(fitted, unknown, uses_blas=True)
    for step, (place, link) in enumerate(zip(unknown, done, strict=True), 1):
        links[place] = link
        count(step, len(unknown))
    return [links[place] for place in range(len(order))]


def reusable(order: Sequence[int], links: Sequence[Link], conditioned: int) -> dict[int, Link]:
    """Return, by place in an order, the links of another order that serve there too.

    They do where the columns before them are the same ones, in whatever order; a conditioned column
    takes no link with an echo.
    """
    before = {
        link.column: (frozenset(earlier.column for earlier in links[:place]), link)
        for place, link in enumerate(links)
    }
    found = {}
    for place, column in enumerate(order):
        columns, link = before[column]
        if columns == frozenset(order[:place]) and (place >= conditioned or not link.echo):
            found[place] = link
    return found
