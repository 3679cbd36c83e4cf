"""The errors of the engine, as one tree.

    EngineError
    ├── StudyError         the file or table cannot be read, or nothing in it can be modelled
    ├── ConditionError     a scenario does not fit the schema; lists every invalid field
    ├── TableError         a table or comparison does not fit the schema; likewise
    ├── InfeasibleError    the scenario is valid, but the model cannot produce a single row of it
    └── SavedModelError    a saved model is damaged, or was written by another version

Every error has a stable ``code`` (the service publishes it with the prefix ``simio_``) and a text
for people. Texts name files, columns, levels and counts; they never contain the value of a cell.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class FieldError:
    """One invalid field of what a caller asked for.

    Attributes:
        pointer: RFC 6901 JSON pointer: of a scenario below ``conditions``, such as
            ``/numeric/age/min``; of a validation below ``segment``; of a study below the overrides,
            by the names that the caller knows them by, such as ``/types/zip``; of a table such as
            ``/rows/0``.
        detail: what is wrong and what would be valid.
        code: stable code of the fault.
    """

    pointer: str
    detail: str
    code: str


def pointer(*parts: object) -> str:
    """Return the JSON pointer (RFC 6901) along `parts`."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


class EngineError(Exception):
    """The root of the tree; ``str(error)`` is the text for people."""

    code: ClassVar[str] = "internal"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class StudyError(EngineError):
    """The file or table cannot be read, or too little is left to model after cleaning.

    Attributes:
        fields: the overrides that do not fit the study; none if the study itself is at fault.
    """

    code = "study_invalid"

    def __init__(self, detail: str, fields: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.fields = tuple(fields)


class OptionError(StudyError):
    """An option of a study has no such value, or does not fit the file.

    Attributes:
        option: what the caller calls it.
    """

    def __init__(
        self, option: str, detail: str, *within: str, fields: Sequence[FieldError] = ()
    ) -> None:
        """Blame an option.

        Args:
            option: what the caller calls it.
            detail: what was seen, and what would be right.
            within: the way to what is wrong in its value, such as the name of a column.
            fields: all that is wrong, if that is more than one thing.
        """
        one = FieldError(pointer(option, *within), detail, "invalid_field")
        super().__init__(detail, fields or [one])
        self.option = option


class ConditionError(EngineError):
    """A scenario does not fit the schema."""

    code = "invalid_field"

    def __init__(self, fields: list[FieldError]) -> None:
        super().__init__(" ".join(field.detail for field in fields))
        self.fields = fields


class TableError(EngineError, ValueError):
    """A table or comparison names what the schema does not have, or what does not fit there."""

    code = "invalid_field"

    def __init__(self, fields: list[FieldError]) -> None:
        super().__init__(" ".join(field.detail for field in fields))
        self.fields = fields


class InfeasibleError(EngineError):
    """The model cannot produce a single row of the scenario."""

    code = "scenario_infeasible"


class SavedModelError(EngineError):
    """A saved model cannot be loaded."""

    code = "saved_model_invalid"
