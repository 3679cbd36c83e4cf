"""The codebook of a study, and the raw study that reading returns and cleaning takes."""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from simulacra.engine.columns.schema import AnswerList, CleaningAction, MultipleResponseSet

if TYPE_CHECKING:
    import pyarrow as pa


Code = float | str
"""What a file holds in a cell in place of its meaning."""

MEASURES = ("nominal", "ordinal", "scale")


@dataclasses.dataclass(frozen=True)
class Coding:
    """How a file of codes holds a column, so that other rows can be written likewise.

    Attributes:
        codes: the code behind each level of a categorical column; None if a blank cell stands for
            the level. Empty if the column has no levels.
        labels: code to label, of all codes that the file labels.
        missing: the codes that stand for no answer, as ranges whose ends belong to them.
        measure: the level of measurement that the file states, one of `MEASURES`; empty if none.
        display_format: how the file's program shows the values, such as ``F8.2``; empty if unknown.
        is_text: cells are texts, not numbers.
    """

    codes: tuple[Code | None, ...] = ()
    labels: Mapping[Any, str] = dataclasses.field(default_factory=dict, hash=False)
    missing: tuple[tuple[Code, Code], ...] = ()
    measure: str = ""
    display_format: str = ""
    is_text: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return it as a saved model holds it: members that say nothing are left out."""
        document = {
            "codes": [*self.codes],
            "labels": [[code, label] for code, label in self.labels.items()],
            "missing": [[*ends] for ends in self.missing],
            "measure": self.measure,
            "display_format": self.display_format,
            "is_text": self.is_text,
        }
        return {key: value for key, value in document.items() if value}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return what `to_json` wrote."""
        return cls(
            codes=tuple(document.get("codes", ())),
            labels={code: str(label) for code, label in document.get("labels", ())},
            missing=tuple((low, high) for low, high in document.get("missing", ())),
            measure=str(document.get("measure", "")),
            display_format=str(document.get("display_format", "")),
            is_text=bool(document.get("is_text", False)),
        )


@dataclasses.dataclass(frozen=True)
class Variable:
    """A column's entry in the codebook.

    Attributes:
        label: a text for people, such as the wording of the question; empty if there is none.
        is_labelled: the column is a dictionary whose order is the order of the value labels.
        counted: in a dichotomous multiple-response set, the value that means "chosen".
        coding: how the file holds it; None if its cells are what they mean.
    """

    label: str = ""
    is_labelled: bool = False
    counted: float | None = None
    coding: Coding | None = None

    @property
    def label_values(self) -> tuple[float, ...]:
        """Of a labelled column the number behind each level; empty if codes are no numbers."""
        if not self.is_labelled or self.coding is None or self.coding.is_text:
            return ()
        return tuple(float(code) for code in self.coding.codes if code is not None)


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
