"""Coverings: sets of yes-no columns of which at least one is chosen.

"None of these" is chosen where no other option is: what pairs of columns cannot say.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

import numpy as np

from simulacra.engine.columns.arrays import Flags
from simulacra.engine.rules import evidence, questions
from simulacra.engine.rules.rule import Rule
from simulacra.engine.rules.states import PartialRows, RuleStudy, States


@dataclasses.dataclass(frozen=True)
class Covering(Rule):
    """Where all of its columns are known, at least one is chosen.

    Attributes:
        columns: positions of the columns.
        chosen: the level that means so, one a column.
    """

    columns: tuple[int, ...]
    chosen: tuple[int, ...]
    kind = "coverings"

    @property
    def positions(self) -> tuple[int, ...]:
        """The options."""
        return self.columns

    def forbid(self, position: int, rows: PartialRows) -> Flags | None:
        """Forbid not to choose the last option that is left, where no other one is chosen."""
        forbidden = np.ones((rows.count, 3), dtype=np.bool_)
        forbidden[:, 2] = False  # missing
        for other, level in zip(self.columns, self.chosen, strict=True):
            if other == position:
                forbidden[:, level] = False
            elif other not in rows:
                return None
            else:
                forbidden &= (rows.values[other] == 1 - level)[:, None]
        return forbidden

    def sentences(self, states: Sequence[States]) -> Iterator[str]:
        """Yield the options of which one is chosen."""
        options = [
            f"{states[position].column.name} {states[position].column.levels[level]!r}"
            for position, level in zip(self.columns, self.chosen, strict=True)
        ]
        yield f"there is always one of {', '.join(options)}"

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {"positions": list(self.columns), "chosen": list(self.chosen)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any], states: Sequence[States]) -> Self:  # noqa: ARG003 - it says all itself
        """Return what `to_json` wrote."""
        return cls(tuple(document["positions"]), tuple(document["chosen"]))


def learn(study: RuleStudy) -> Iterator[Covering]:
    """Learn of which questions an option is always chosen.

    If the columns had nothing to do with each other, a share p of n rows would have none of them:
    ``(1 - p) ** n`` must be no accident (see `evidence`). Columns that are not needed to cover the
    rows are left out.
    """
    all_questions = questions.of_study(study.schema)
    for question in all_questions:
        columns = study.values[:, question.positions]
        chosen = columns[~np.isnan(columns).any(axis=1)] == question.chosen
        if not len(chosen) or not chosen.any(axis=1).all():
            continue
        needed = _needed(chosen)
        none = float(np.prod(1 - chosen[:, needed].mean(axis=0)))
        chance = len(chosen) * np.log1p(-none)
        if len(needed) > 2 and chance <= evidence.limit(len(all_questions)):
            positions = tuple(question.positions[option] for option in needed)
            yield Covering(positions, tuple(question.chosen[option] for option in needed))


def _needed(chosen: Flags) -> list[int]:
    """Return the options without which some row would have chosen none.

    Args:
        chosen: bool, shape (rows, options); in each row at least one is true.
    """
    needed = list(range(chosen.shape[1]))
    for option in range(chosen.shape[1]):
        others = [other for other in needed if other != option]
        needed = others if chosen[:, others].any(axis=1).all() else needed
    return needed
