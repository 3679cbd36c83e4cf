"""The protocol of a rule: something that no respondent breaks, and so no synthetic row."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from simulacra.engine.columns.arrays import Flags, Int32s
from simulacra.engine.rules.interval import Interval
from simulacra.engine.rules.states import PartialRows, RuleStudy, States


class Rule(ABC):
    """What ties some columns to each other.

    A rule holds whatever the order in which columns are drawn. Asked about a column, it says which
    states or values are open to it, given the columns that have been drawn already.

    Attributes:
        kind: under which saved models keep such rules.
        explains_exclusions: its sentence says what exclusions between its columns would say.
        is_equation: all columns but one settle the last, whichever that is.
    """

    kind: ClassVar[str]
    explains_exclusions: ClassVar[bool] = False
    is_equation: ClassVar[bool] = False

    @property
    @abstractmethod
    def positions(self) -> tuple[int, ...]:
        """The positions of its columns."""

    def total(self, states: Sequence[States]) -> int | None:  # noqa: ARG002 - most rules have none
        """Return the column that the others decide, which is drawn after them; None if none is."""
        return None

    def forbid(self, position: int, rows: PartialRows) -> Flags | None:  # noqa: ARG002 - some rules only narrow
        """Return the states that a column must not be in.

        Returns:
            bool, shape (rows, states of the column); None if the rule has nothing to say yet.
        """
        return None

    def narrow(self, position: int, rows: PartialRows, interval: Interval) -> None:  # noqa: B027 - many rules only forbid states
        """Narrow the known values of a numeric column, in place."""

    def mark_broken(self, position: int, states: Int32s, rows: PartialRows, broken: Flags) -> None:
        """Mark the rows in which a column is in a forbidden state, in place.

        Args:
            position: of the column.
            states: int32, shape (rows,): its states.
            rows: the other columns that have been drawn.
            broken: bool, shape (rows,): changed in place.
        """
        forbidden = self.forbid(position, rows)
        if forbidden is not None:
            broken |= np.take_along_axis(forbidden, states[:, None], axis=1)[:, 0]

    @abstractmethod
    def sentences(self, states: Sequence[States]) -> Iterator[str]:
        """Yield the rule in plain words, without a value of any respondent."""

    @abstractmethod
    def to_json(self) -> Any:  # noqa: ANN401 - each kind has a form of its own
        """Return plain JSON."""

    @classmethod
    @abstractmethod
    def from_json(cls, document: Any, states: Sequence[States]) -> Self:  # noqa: ANN401 - as above
        """Return the rule that `to_json` wrote.

        Raises:
            LookupError, TypeError, ValueError: the document is damaged.
        """


class RuleKind(NamedTuple):
    """One way to learn rules.

    Attributes:
        learn: returns the rules that a study gives evidence for; in a study of independent columns
            it finds a false one with a chance of at most `evidence.FALSE_ALARMS`.
        rule: the class of these rules. A kind may also return exclusions that follow from them.
    """

    learn: Callable[[RuleStudy], Iterable[Rule]]
    rule: type[Rule]
