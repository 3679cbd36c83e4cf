"""What a caller may say about a study that its file does not."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Self

from simulacra.engine import errors
from simulacra.engine.columns import registry
from simulacra.engine.columns.column_type import ColumnType
from simulacra.engine.columns.ordinal import ORDINAL

Wanted = str | Sequence[str]
"""The name of a type, or the levels of an ordinal column in their order."""


@dataclasses.dataclass(frozen=True)
class Options:
    """Overrides of what reading and cleaning would decide.

    Columns are given by their names in the file or in the schema.

    Attributes:
        types: column to type.
        levels: column to the order of its levels, for columns whose type was given so.
        keep: columns to keep where a rule would drop them.
        drop: columns to leave out.
        sheet: of a workbook, the sheet to read.
    """

    types: Mapping[str, ColumnType] = dataclasses.field(default_factory=dict)
    levels: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    keep: frozenset[str] = frozenset()
    drop: frozenset[str] = frozenset()
    sheet: str | None = None

    @classmethod
    def of(
        cls,
        types: Mapping[str, Wanted] | None = None,
        keep: Iterable[str] = (),
        drop: Iterable[str] = (),
        sheet: str | None = None,
    ) -> Self:
        """Return the options in words.

        Raises:
            errors.StudyError: a type that there is not, or a column both dropped and wanted.
        """
        given = dict(types or {})
        kept, dropped = frozenset(_listed("keep", keep)), frozenset(_listed("drop", drop))
        for name in sorted(dropped & (kept | given.keys())):
            raise errors.StudyError(
                f"Column {name!r} is to be dropped, and to be kept or typed; name it once."
            )
        levels = {name: tuple(order) for name, order in given.items() if not _is_word(order)}
        kinds = {name: _kind(name, wanted) for name, wanted in given.items()}
        return cls(kinds, levels, kept, dropped, sheet)


def _is_word(wanted: Wanted) -> bool:
    return isinstance(wanted, str)


def _listed(option: str, names: Iterable[str]) -> Iterable[str]:
    if isinstance(names, str):
        raise errors.StudyError(f"{option} takes a list of column names, not one text.")
    return names


def _kind(name: str, wanted: Wanted) -> ColumnType:
    if not isinstance(wanted, str):
        if len(set(wanted)) != len(wanted) or len(wanted) < 2:
            raise errors.StudyError(
                f"The levels given for column {name!r} must be two or more, each named once."
            )
        return ORDINAL
    if wanted not in registry.TYPES:
        raise errors.StudyError(
            f"{wanted!r} is not a type of columns, as given for {name!r}; use one of "
            f"{', '.join(registry.TYPES)}, or a list of levels in their order."
        )
    return registry.named(wanted)
