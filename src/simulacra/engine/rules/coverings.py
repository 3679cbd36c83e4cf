"""Coverings: sets of yes-no columns of which at least one is chosen.

"None of these" is chosen where no other option is: what pairs of columns cannot say.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from simulacra.engine.columns.encoding import Floats
from simulacra.engine.columns.schema import Column, Schema
from simulacra.engine.rules import evidence, questions

Flags = npt.NDArray[np.bool_]


@dataclasses.dataclass(frozen=True)
class Covering:
    """Where all of its columns are known, at least one is chosen.

    Attributes:
        positions: of the columns.
        chosen: the level that means so, one a column.
    """

    positions: tuple[int, ...]
    chosen: tuple[int, ...]

    def forbidden(self, position: int, drawn: Mapping[int, Floats], rows: int) -> Flags | None:
        """Return the states that a column must not be in, rows x 3; None as long as others come."""
        forbidden = np.ones((rows, 3), dtype=np.bool_)
        forbidden[:, 2] = False  # missing
        for other, level in zip(self.positions, self.chosen, strict=True):
            if other == position:
                forbidden[:, level] = False
            elif other not in drawn:
                return None
            else:
                forbidden &= (drawn[other] == 1 - level)[:, None]
        return forbidden

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {"positions": list(self.positions), "chosen": list(self.chosen)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Covering":
        """Return what `to_json` wrote."""
        return cls(tuple(document["positions"]), tuple(document["chosen"]))

    def line(self, schema: Sequence[Column]) -> str:
        """Return the rule in words."""
        named = [
            f"{schema[position].name} {schema[position].levels[level]!r}"
            for position, level in zip(self.positions, self.chosen, strict=True)
        ]
        return f"there is always one of {', '.join(named)}"


def learn(schema: Schema, values: Floats) -> list[Covering]:
    """Learn of which questions an option is always chosen.

    If the columns had nothing to do with each other, a share p of n rows would have none of them:
    ``(1 - p) ** n`` must be no accident (see `evidence`). Columns that are not needed to cover the
    rows are left out.
    """
    found = []
    asked = questions.of(schema)
    for question in asked:
        positions, chosen = question.positions, question.chosen
        columns = values[:, positions]
        complete = columns[~np.isnan(columns).any(axis=1)] == chosen
        if not len(complete) or not complete.any(axis=1).all():
            continue
        kept = list(range(len(positions)))
        for place in range(len(positions)):
            fewer = [other for other in kept if other != place]
            kept = fewer if complete[:, fewer].any(axis=1).all() else kept
        none = float(np.prod(1 - complete[:, kept].mean(axis=0)))
        chance = len(complete) * np.log1p(-none)
        if len(kept) > 2 and chance <= evidence.limit(len(asked)):
            kept_positions = tuple(positions[place] for place in kept)
            found.append(Covering(kept_positions, tuple(chosen[place] for place in kept)))
    return found
