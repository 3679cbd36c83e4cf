"""All rules of a study: learned from its rows, kept in every row that is generated."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from simulacra.engine.columns import encoding
from simulacra.engine.columns.encoding import Floats, Indices
from simulacra.engine.columns.schema import Column, Schema
from simulacra.engine.rules import (
    bands,
    coverings,
    exclusions,
    identities,
    orderings,
    solitary,
    states,
)
from simulacra.engine.rules.allowed import Interval
from simulacra.engine.rules.bands import Band
from simulacra.engine.rules.coverings import Covering
from simulacra.engine.rules.exclusions import Exclusions
from simulacra.engine.rules.identities import Identity
from simulacra.engine.rules.orderings import Ordering
from simulacra.engine.rules.states import Codes, States

CHUNK = 2_048  # rows mended at once
DONORS = 32  # seed rows that each of them is offered
RELATED = 16  # columns by which an offer is judged

Drawn = Mapping[int, Floats]
Flags = npt.NDArray[np.bool_]


def learn(schema: Schema, values: Floats) -> "Rules":
    """Learn the rules that a study's rows keep.

    Each kind says in its `learn` what evidence it asks for; in a study of independent columns each
    finds a false rule with a chance of at most `evidence.FALSE_ALARMS`.

    Args:
        schema: of the study.
        values: float64, rows x columns (see `cleaning.clean.Study`).
    """
    known = states.of_all(schema, values)
    codes = states.coded(known, values)
    banded = tuple(bands.learn(known, codes, values))
    return Rules(
        known,
        exclusions.learn(known, codes)
        .joined(bands.apart(banded))
        .joined(solitary.learn(schema, known, values)),
        banded,
        tuple(orderings.learn(schema, values)),
        tuple(identities.learn(schema, values)),
        tuple(coverings.learn(schema, values)),
    )


@dataclasses.dataclass(frozen=True)
class Rules:
    """The rules of a study.

    They hold whatever the order in which columns are drawn: where a rule needs columns that are
    still to come it asks that their bounds leave room for it.

    Attributes:
        states: of each column.
        exclusions: states that never meet.
        bands: numbers that decide another column.
        orderings: columns never above another.
        identities: numbers that add up.
        coverings: yes-no columns of which one is chosen.
    """

    states: tuple[States, ...]
    exclusions: Exclusions
    bands: tuple[Band, ...]
    orderings: tuple[Ordering, ...]
    identities: tuple[Identity, ...]
    coverings: tuple[Covering, ...]

    def __str__(self) -> str:
        """Return one line a rule, for people."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        told = {(band.number, band.other) for band in self.bands}
        yield from self.exclusions.lines(self.states, told)
        yield from (band.line(self.states) for band in self.bands)
        yield from (ordering.line(self.columns) for ordering in self.orderings)
        yield from (identity.line(self.columns) for identity in self.identities)
        yield from (covering.line(self.columns) for covering in self.coverings)

    @property
    def columns(self) -> list[Column]:
        """The columns of the study."""
        return [one.column for one in self.states]

    def to_json(self) -> dict[str, Any]:
        """Return the rules as plain JSON."""
        return {
            "points": {
                str(position): one.points.tolist()
                for position, one in enumerate(self.states)
                if len(one.points)
            },
            "exclusions": self.exclusions.to_json(),
            "bands": [band.to_json() for band in self.bands],
            "orderings": [ordering.to_json() for ordering in self.orderings],
            "identities": [identity.to_json() for identity in self.identities],
            "coverings": [covering.to_json() for covering in self.coverings],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any], schema: Schema) -> "Rules":
        """Return the rules that `to_json` wrote, of the same schema.

        Raises:
            LookupError, TypeError, ValueError: the document is damaged.
        """
        known = tuple(
            States(column, np.asarray(document["points"].get(str(position), ()), np.float64))
            for position, column in enumerate(schema.columns)
        )
        return cls(
            known,
            Exclusions.from_json(document["exclusions"], known),
            tuple(Band.from_json(band) for band in document["bands"]),
            tuple(Ordering(**ordering) for ordering in document["orderings"]),
            tuple(Identity.from_json(identity) for identity in document["identities"]),
            tuple(Covering.from_json(covering) for covering in document["coverings"]),
        )

    def violated(self, position: int, made: Floats, drawn: Drawn) -> Flags:
        """Return which rows' values break a rule together with the columns drawn so far.

        Args:
            position: of the column.
            made: float64, its new values, one a row.
            drawn: float64, one a row, by position of a column that is there already.
        """
        codes = self.states[position].codes(made)
        broken = np.zeros(len(made), dtype=np.bool_)
        for other, table in self.exclusions.beside(position).items():
            if other in drawn:
                at_risk = np.flatnonzero(table.any(axis=0).take(codes))
                beside = self.states[other].codes(drawn[other][at_risk])
                broken[at_risk] |= table[beside, codes[at_risk]]
        for forbidden in self._decided(position, drawn, len(made)):
            broken |= np.take_along_axis(forbidden, codes[:, None], axis=1)[:, 0]
        interval = self._interval(position, drawn, len(made))
        if interval is not None:
            broken |= interval.excludes(self.states[position].column, made)
        return broken

    def broken(self, drawn: Drawn) -> Flags:
        """Return which rows break a rule, of rows with all their columns drawn."""
        rows = [self.violated(position, values, drawn) for position, values in drawn.items()]
        return np.asarray(np.logical_or.reduce(rows))

    def _forbidden(self, position: int, drawn: Drawn, rows: int) -> Flags:
        """Return the states that a column must not be in, rows x states."""
        forbidden = np.zeros((rows, self.states[position].size), dtype=np.bool_)
        for other, table in self.exclusions.beside(position).items():
            if other in drawn:
                forbidden |= table[self.states[other].codes(drawn[other])]
        for decided in self._decided(position, drawn, rows):
            forbidden |= decided
        return forbidden

    def _decided(self, position: int, drawn: Drawn, rows: int) -> Iterator[Flags]:
        """Return what bands and coverings forbid of a column's states, rows x states."""
        for band in self.bands:
            if band.other == position and band.number in drawn:
                yield band.forbidden(drawn[band.number])
        for covering in self.coverings:
            if position in covering.positions:
                forbidden = covering.forbidden(position, drawn, rows)
                if forbidden is not None:
                    yield forbidden

    def _interval(self, position: int, drawn: Drawn, rows: int) -> Interval | None:
        """Return the bounds on a number's known values, None if no rule bounds them."""
        if self.states[position].column.type.is_categorical:
            return None
        interval = Interval.of(rows)
        for band in self.bands:
            if band.number == position and band.other in drawn:
                band.narrow(interval, self.states[band.other].codes(drawn[band.other]))
        for ordering in self.orderings:
            if ordering.more == position:
                ordering.narrow(interval, self.columns, drawn.get(ordering.less))
            elif ordering.less == position:
                ordering.narrow_less(interval, self.columns, drawn.get(ordering.more))
        for identity in self.identities:
            if position in identity.positions:
                identity.narrow(interval, self.columns, position, drawn)
        return interval

    def mended(
        self,
        position: int,
        made: Floats,
        drawn: Drawn,
        donors_values: Floats,
        rng: np.random.Generator,
    ) -> Floats:
        """Return values that break no rule: the last resort for rows that no redraw has helped.

        A row is offered, in this order: its own value, moved into the bounds that rules leave it
        (which is the value itself where a rule determines it); values of seed rows, first of those
        most like it in the columns that are related by rules; one value of every state. It takes
        the first offer that breaks no rule, and keeps its value if there is none.

        Args:
            position: of the column.
            made: float64, its new values, one a row.
            drawn: float64, one a row, by position of a column that is there already.
            donors_values: float64, the seed rows x columns.
            rng: of the draws.
        """
        broken = np.flatnonzero(self.violated(position, made, drawn))
        if not len(broken):
            return made
        made = made.copy()
        cells = self._cells(position, donors_values)
        for start in range(0, len(broken), CHUNK):
            rows = broken[start : start + CHUNK]
            there = {other: values[rows] for other, values in drawn.items()}
            made[rows] = self._mended(position, made[rows], there, donors_values, cells, rng)
        return made

    def _cells(self, position: int, seed: Floats) -> encoding.Cells | None:
        column = self.states[position].column
        if column.type.is_categorical:
            return None
        return encoding.cells(column, seed[:, position])

    def _mended(
        self,
        position: int,
        made: Floats,
        drawn: Drawn,
        seed: Floats,
        cells: encoding.Cells | None,
        rng: np.random.Generator,
    ) -> Floats:
        rows, state = len(made), self.states[position]
        donors = self._donors(position, drawn, rows, seed, rng)
        every = self._one_of_each(state, state.codes(seed[:, position]), rng)
        donors = np.column_stack([donors, np.broadcast_to(every, (rows, len(every)))])
        values = seed[donors, position]
        if cells is not None:
            low, high = cells.low[donors], cells.high[donors]
            smooth = encoding.rounded(state.column, low + rng.random(low.shape) * (high - low))
            values = np.where(low == high, low, smooth)
        points = np.broadcast_to(state.points, (rows, len(state.points)))
        offers = np.column_stack([made, values, points])
        width = offers.shape[1]
        interval = self._interval(position, drawn, rows)
        outside = np.zeros(offers.shape, dtype=np.bool_)
        if interval is not None:
            interval.narrow(*encoding.bounds(state.column))
            wide = Interval(np.repeat(interval.low, width), np.repeat(interval.high, width))
            offers = wide.clip(state.column, offers.ravel()).reshape(offers.shape)
            outside = wide.excludes(state.column, offers.ravel()).reshape(offers.shape)
        forbidden = self._forbidden(position, drawn, rows)
        codes = state.codes(offers.ravel()).reshape(offers.shape)
        is_good = ~outside & ~np.take_along_axis(forbidden, codes, axis=1)
        return np.asarray(offers[np.arange(rows), is_good.argmax(axis=1)])

    def _one_of_each(self, state: States, codes: Codes, rng: np.random.Generator) -> Indices:
        """Return a seed row of each state, and more of 'another number', which has many values."""
        every = np.unique(codes, return_index=True)[1]
        others = np.flatnonzero(codes == state.missing - 1)
        if state.column.type.is_categorical or not len(others):
            return every
        return np.concatenate([every, rng.choice(others, DONORS)])

    def _donors(
        self, position: int, drawn: Drawn, rows: int, seed: Floats, rng: np.random.Generator
    ) -> Indices:
        """Draw seed rows for each row, those most like it in the related columns first."""
        donors = rng.integers(len(seed), size=(rows, DONORS))
        related = [other for other in self.exclusions.beside(position) if other in drawn]
        alike = np.zeros(donors.shape, dtype=np.int64)
        for other in related[:RELATED]:
            codes = self.states[other].codes(drawn[other])
            alike += self.states[other].codes(seed[:, other])[donors] == codes[:, None]
        return np.take_along_axis(donors, np.argsort(-alike, axis=1, kind="stable"), axis=1)
