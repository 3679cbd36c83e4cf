"""What every column type can do: the verbs by which the engine speaks to a column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from simulacra.engine import errors
from simulacra.engine.columns.texts.conventions import UNKNOWN, Conventions

if TYPE_CHECKING:
    from simulacra.engine.columns.arrays import Flags, Floats, Int64s
    from simulacra.engine.columns.cells import Cells, Window
    from simulacra.engine.columns.drafts import Draft
    from simulacra.engine.columns.facts import Bound, ColumnFacts
    from simulacra.engine.columns.lazy import pa
    from simulacra.engine.columns.tree_codes import TreeCoding


class ColumnType(str):
    """A column type; as a text it is its published name.

    A type is a class in a file of its own and an entry in `registry`. It says how a column of it is
    analysed (what cells and overrides mean), described (what is published), encoded and decoded
    (Arrow to numbers and back), coded for trees, and, for a numeric type, cut to a range.

    Attributes:
        name: as published, and as a caller asks for the type.
        is_categorical: values are levels and conditions are shares; otherwise values are points on
            a scale and conditions are ranges.
        is_ordered: the order of the values means something.
        is_temporal: bounds are ISO 8601 texts: of dates, moments and times of day.
        unit: what one step of the numbers stands for; columns of one unit can be compared.
        can_add: values may be parts of a sum.
    """

    name: ClassVar[str]
    is_categorical: ClassVar[bool]
    is_ordered: ClassVar[bool] = True
    is_temporal: ClassVar[bool] = False
    unit: ClassVar[str] = ""
    can_add: ClassVar[bool] = False

    __slots__ = ()

    _instance: ClassVar[ColumnType]

    def __new__(cls, *_: str) -> Self:
        """Return the only instance; copying and unpickling pass the text again."""
        if "_instance" not in cls.__dict__:
            cls._instance = super().__new__(cls, cls.name)
        return cast("Self", cls._instance)

    # From a file to a draft.

    def analyse(self, array: pa.ChunkedArray) -> Draft | None:
        """Return the draft of an Arrow column that holds this type, None if it holds another."""
        raise NotImplementedError

    def recognise(
        self, texts: pa.StringArray, counts: Int64s, conventions: Conventions = UNKNOWN
    ) -> Draft | None:
        """Return a draft with one value for each text, None if the texts are something else.

        Args:
            texts: the different texts of a column, shape (texts,), without missing ones.
            counts: int64, shape (texts,): the rows that have each.
            conventions: how they are written.
        """
        return None

    def convert(self, name: str, draft: Draft, conventions: Conventions = UNKNOWN) -> Draft:
        """Return a column of another type as this type, because a caller asks for it.

        Args:
            name: of the column, for errors.
            draft: the column.
            conventions: how its levels are written, if they are texts.

        Raises:
            errors.StudyError: too few of its values can be read so; names the column.
        """
        raise NotImplementedError

    def describe(self, draft: Draft) -> dict[str, Any]:
        """Return the members of `schema.Column` that are particular to this type."""
        raise NotImplementedError

    # Bounds and conditions.

    def to_number(self, bound: object) -> float:
        """Return a bound as the schema writes it as a number.

        Raises:
            ValueError, TypeError: it is no bound of this type.
        """
        raise self._without_scale()

    def to_bound(self, number: float) -> Bound:
        """Return a number as the schema writes it; the inverse of `to_number`."""
        raise self._without_scale()

    def can_lie_between(self, low: float, high: float) -> bool:
        """Tell whether any value lies in a range whose ends are in order."""
        return True

    def expected_bound(self, column: ColumnFacts) -> str:
        """Return what an end of a range must be, in words."""
        raise self._without_scale()

    # Values as arrays, all float64 of shape (rows,) unless stated otherwise.

    def encode_values(self, column: ColumnFacts, array: pa.ChunkedArray) -> Floats:
        """Return the values of an Arrow column, which `decode_values` has written.

        Raises:
            ValueError: a text that is no level of the column.
        """
        raise NotImplementedError

    def decode_values(self, column: ColumnFacts, values: Floats) -> pa.Array:
        """Return values as an Arrow array of the type that a user expects."""
        raise NotImplementedError

    def tree_coding(self, column: ColumnFacts, values: Floats) -> TreeCoding:
        """Return how values become tree codes, given those of the study."""
        raise NotImplementedError

    def step(self, decimals: int | None) -> float:
        """Return the distance of two neighbours on the grid of values."""
        raise self._without_scale()

    def round(self, column: ColumnFacts, values: Floats) -> Floats:
        """Return the nearest values on the grid of a column."""
        raise self._without_scale()

    def contains(self, column: ColumnFacts, values: Floats) -> Flags:
        """Return which values a column may take: on its grid and within its bounds."""
        raise self._without_scale()

    def cells(self, column: ColumnFacts, values: Floats) -> Cells | None:
        """Return what each respondent's value may be emitted as; None if it is the value itself."""
        raise NotImplementedError

    def window(
        self, column: ColumnFacts, values: Floats, cells: Cells, low: Bound, high: Bound
    ) -> Window:
        """Cut the cells of a column to a range."""
        raise self._without_scale()

    def _without_scale(self) -> TypeError:
        return TypeError(f"a column of type {self} has levels, not a scale")

    def _refusal(self, name: str, reason: str) -> errors.StudyError:
        return errors.StudyError(f"Column {name!r} cannot be read as {self}: {reason}.")
