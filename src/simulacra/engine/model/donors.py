"""The respondents as donors, and the values that synthetic rows take from them.

That a record takes values from a donor in the same class is hot-deck imputation (Andridge & Little
2010); here the class is the leaf of a tree.
"""

import dataclasses
import functools
from collections.abc import Collection, Mapping
from typing import Any, Self

import numpy as np

from simulacra.engine import privacy_levels
from simulacra.engine.columns.arrays import Float32s, Floats, Int32s
from simulacra.engine.columns.cells import Cells
from simulacra.engine.columns.schema import Schema
from simulacra.engine.columns.tree_codes import TreeCoding
from simulacra.engine.model import screening
from simulacra.engine.model.smoothing import Ranking
from simulacra.engine.rules.ruleset import Rules


@dataclasses.dataclass(frozen=True)
class DonorPool:
    """The respondents of a study, as conditional models are fitted on them and take their values.

    Attributes:
        schema: of the study.
        values: float64, shape (respondents, columns).
        codings: how the values of each column become tree codes.
        codes: int32, shape (columns, respondents): the tree codes.
        cells: of the numeric columns, by position: what each value may be emitted as.
        rules: that no respondent breaks.
        strengths: float32, shape (columns, columns): how much each column explains of each other
            one (see `screening`); of no columns in a narrow study, in which none is left out.
        privacy: how closely models may follow them; one of `privacy_levels.ALL`.
        survey_weights: float64, shape (respondents,): how many people each stands for, positive,
            with mean 1; None if all stand for as many.
    """

    schema: Schema
    values: Floats
    codings: tuple[TreeCoding, ...]
    codes: Int32s
    cells: Mapping[int, Cells]
    rules: Rules
    strengths: Float32s
    privacy: str = privacy_levels.STANDARD
    survey_weights: Floats | None = None

    @classmethod
    def of(
        cls,
        schema: Schema,
        values: Floats,
        rules: Rules,
        strengths: Float32s | None = None,
        privacy: str = privacy_levels.STANDARD,
        survey_weights: Floats | None = None,
    ) -> Self:
        """Prepare the respondents of a study; strengths that are known are not found again."""
        codings = tuple(
            column.tree_coding(values[:, position])
            for position, column in enumerate(schema.columns)
        )
        codes = np.empty(values.T.shape, dtype=np.int32)
        for position, coding in enumerate(codings):
            codes[position] = coding.codes(values[:, position])
        by_position = {
            position: column.cells(values[:, position])
            for position, column in enumerate(schema.columns)
        }
        cells = {position: known for position, known in by_position.items() if known is not None}
        if strengths is None:
            is_wide = len(codings) > screening.MAX_PREDECESSORS + 1
            strengths = (
                screening.strengths(codings, codes, survey_weights)
                if is_wide
                else np.zeros((0, 0), np.float32)
            )
        return cls(
            *(schema, values, codings, codes, cells, rules, strengths, privacy), survey_weights
        )

    @functools.cached_property
    def weights(self) -> Floats:
        """How many people each respondent stands for, float64, shape (respondents,); mean 1."""
        if self.survey_weights is None:
            return np.ones(len(self.values))
        return self.survey_weights

    def ranking(self, position: int) -> Ranking:
        """Return the respondents in the order of a number; found once."""
        if position not in self._rankings:
            self._rankings[position] = Ranking.of(self.values[:, position])
        return self._rankings[position]

    @functools.cached_property
    def _rankings(self) -> dict[int, Ranking]:
        return {}

    def emit(self, position: int, donors: Int32s, rng: np.random.Generator) -> Floats:
        """Return the values that donors give: a level, a shared number, or a draw from a cell.

        Args:
            position: of the column.
            donors: int32, shape (rows,): row numbers of respondents.
            rng: of the draws from cells.

        Returns:
            float64, shape (rows,).
        """
        cells = self.cells.get(position)
        if cells is None:
            return np.asarray(self.values[donors, position])
        return cells.draw(self.schema.columns[position], donors, rng)


@dataclasses.dataclass(frozen=True)
class Draws:
    """The columns of synthetic rows that have been drawn, by position; all of one length.

    Attributes:
        values: float64, shape (rows,): what is emitted.
        codes: int32, shape (rows,): the same as trees see it.
        donors: int32, shape (rows,): the respondent that each value was taken from.
        states: int32, shape (rows,): the states that rules are about, of some of the columns.
        is_scenario: whether the rows are to follow another distribution than the study.
        ranges: by position of a column with a range: the smallest and the largest value in it.
    """

    values: dict[int, Floats] = dataclasses.field(default_factory=dict)
    codes: dict[int, Int32s] = dataclasses.field(default_factory=dict)
    donors: dict[int, Int32s] = dataclasses.field(default_factory=dict)
    states: dict[int, Int32s] = dataclasses.field(default_factory=dict)
    is_scenario: bool = False
    ranges: Mapping[int, tuple[float, float]] = dataclasses.field(default_factory=dict)

    def add(self, position: int, values: Floats, codes: Int32s, donors: Int32s) -> None:
        """Add a column."""
        self.values[position], self.codes[position] = values, codes
        self.donors[position] = donors

    def take(self, rows: np.ndarray, positions: Collection[int] | None = None) -> "Draws":
        """Return some of the rows, with repetition; of all columns or of some."""
        values, codes, donors, states = (
            {
                position: column[rows]
                for position, column in columns.items()
                if positions is None or position in positions
            }
            for columns in self.parts
        )
        return Draws(values, codes, donors, states, self.is_scenario, self.ranges)

    @property
    def parts(self) -> "tuple[dict[int, Any], ...]":
        """Its dictionaries."""
        return self.values, self.codes, self.donors, self.states
