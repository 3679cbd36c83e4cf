"""The codebook of a study, and the raw study that reading returns and cleaning takes."""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulacra.engine.columns.schema import AnswerList, CleaningAction, MultipleResponseSet

if TYPE_CHECKING:
    import pyarrow as pa


@dataclasses.dataclass(frozen=True)
class Variable:
    """A column's entry in the codebook.

    Attributes:
        label: a text for people, such as the wording of the question; empty if there is none.
        is_labelled: the column is a dictionary whose order is the order of the value labels.
        label_values: of a labelled column, the number behind each level; empty if the codes are
            not numbers.
        counted: in a dichotomous multiple-response set, the value that means "chosen".
    """

    label: str = ""
    is_labelled: bool = False
    label_values: tuple[float, ...] = ()
    counted: float | None = None


@dataclasses.dataclass(frozen=True)
class RawStudy:
    """A study as it was read.

    Attributes:
        table: one column for each variable; a text column may hold anything.
        variables: the entries of the codebook by the name of the column; a column without an
            entry is absent.
        sets: multiple-response sets, whose columns go by the names of the table.
        actions: what reading assumed or left out.
        is_typed: the file has a form of its own for cells without a value, so that a text such as
            ``NA`` is a text.
        overrides: the arguments of `pipeline.fit` that state what reading found out.
        origin: for an error about what the table holds, where in the file it was found; empty if
            the file holds nothing else.
        answer_lists: columns of the file that were split, since their cells hold several answers;
            their options go by the names of the table.
    """

    table: "pa.Table"
    variables: Mapping[str, Variable] = dataclasses.field(default_factory=dict)
    sets: tuple[MultipleResponseSet, ...] = ()
    actions: tuple[CleaningAction, ...] = ()
    is_typed: bool = False
    overrides: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    origin: str = ""
    answer_lists: tuple[AnswerList, ...] = ()
