"""The seed rows as links are fitted on them and values are taken from them."""

import dataclasses
from collections.abc import Mapping
from typing import Self

import numpy as np

from simulacra.engine.columns import encoding
from simulacra.engine.columns.schema import Schema
from simulacra.engine.model.coding import Coding
from simulacra.engine.model.kernels import Codes, Floats
from simulacra.engine.rules import Rules


@dataclasses.dataclass(frozen=True)
class Donors:
    """The seed rows.

    Attributes:
        schema: of the study.
        values: float64, rows x columns.
        codings: by column.
        codes: int32, columns x rows.
        cells: of the numeric columns, by position.
        rules: that every row keeps.
    """

    schema: Schema
    values: Floats
    codings: tuple[Coding, ...]
    codes: Codes
    cells: Mapping[int, encoding.Cells]
    rules: Rules

    @classmethod
    def of(cls, schema: Schema, values: Floats, rules: Rules) -> Self:
        """Prepare the rows of a study."""
        codings = tuple(
            Coding.of(column, values[:, place]) for place, column in enumerate(schema.columns)
        )
        codes = np.empty(values.T.shape, dtype=np.int32)
        for place, coding in enumerate(codings):
            codes[place] = coding.encode(values[:, place])
        cells = {
            place: encoding.cells(column, values[:, place])
            for place, column in enumerate(schema.columns)
            if not column.type.is_categorical
        }
        return cls(schema, values, codings, codes, cells, rules)


@dataclasses.dataclass(frozen=True)
class Drawn:
    """Generated columns by position; all of one length.

    Attributes:
        values: float64: what is emitted.
        codes: int32: the same as trees see it.
        donors: int32: the seed row that each value was taken from.
    """

    values: dict[int, Floats] = dataclasses.field(default_factory=dict)
    codes: dict[int, Codes] = dataclasses.field(default_factory=dict)
    donors: dict[int, Codes] = dataclasses.field(default_factory=dict)

    def add(self, position: int, values: Floats, codes: Codes, donors: Codes) -> None:
        """Add a column."""
        self.values[position], self.codes[position] = values, codes
        self.donors[position] = donors

    def copy(self) -> "Drawn":
        """Return what is there by now; columns that are added later do not show in it."""
        return Drawn(dict(self.values), dict(self.codes), dict(self.donors))

    def replace(self, rows: np.ndarray, by: "Drawn") -> None:
        """Put other rows in the place of some, in the columns that both have."""
        for columns, others in (
            (self.values, by.values),
            (self.codes, by.codes),
            (self.donors, by.donors),
        ):
            for position in others:
                columns[position][rows] = others[position]

    def take(self, rows: np.ndarray) -> "Drawn":
        """Return some of the rows, with repetition."""
        return Drawn(
            *(
                {position: column[rows] for position, column in columns.items()}
                for columns in (self.values, self.codes, self.donors)
            )
        )
