"""What a file says about a table beside its cells; the form in which reading hands on a study."""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

from simulacra.engine.columns.schema import CleaningAction, MultipleResponseSet

if TYPE_CHECKING:
    import pyarrow as pa


@dataclasses.dataclass(frozen=True)
class Variable:
    """A column's entry in the codebook.

    Attributes:
        label: a text for people, such as the wording of the question; empty if there is none.
        is_labelled: the column is a dictionary whose order is the order of the value labels.
        label_values: of a labelled column, the number behind each level; empty if they are no
            numbers.
        counted: in a dichotomous multiple-response set, the value that means "chosen".
    """

    label: str = ""
    is_labelled: bool = False
    label_values: tuple[float, ...] = ()
    counted: float | None = None


@dataclasses.dataclass(frozen=True)
class RawStudy:
    """A table as it was read.

    Attributes:
        table: one column a variable; text columns may hold anything.
        variables: entries of the codebook, by the names of the table's columns; those without an
            entry are absent.
        sets: multiple-response sets, in the names of the table's columns.
        actions: what reading assumed or left out.
    """

    table: "pa.Table"
    variables: Mapping[str, Variable] = dataclasses.field(default_factory=dict)
    sets: tuple[MultipleResponseSet, ...] = ()
    actions: tuple[CleaningAction, ...] = ()
