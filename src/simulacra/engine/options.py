"""Overrides: what a caller may state about a study against the cleaning rules."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Self

from simulacra.engine import errors, privacy_levels
from simulacra.engine.columns import registry
from simulacra.engine.columns.column_type import ColumnType
from simulacra.engine.columns.ordinal import ORDINAL
from simulacra.engine.words import LIBRARY, Words

TypeOverride = str | Sequence[str]
"""The name of a type, or the levels of an ordinal column in their order."""


@dataclasses.dataclass(frozen=True)
class Options:
    """The overrides of one study; a column goes by its name in the file or in the schema.

    Attributes:
        types: column to type.
        levels: column to its levels in their order, for columns whose type is given as a list.
        keep: columns that cleaning would drop and that are to be kept.
        drop: columns to leave out.
        sheet: of a workbook, the sheet to read.
        privacy: how closely the model may follow small groups; one of `privacy_levels.ALL`.
        weight: column that says how many people each respondent stands for.
        words: what the caller calls the overrides.
    """

    types: Mapping[str, ColumnType] = dataclasses.field(default_factory=dict)
    levels: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    keep: frozenset[str] = frozenset()
    drop: frozenset[str] = frozenset()
    sheet: str | None = None
    privacy: str = privacy_levels.STANDARD
    weight: str | None = None
    words: Words = LIBRARY

    @classmethod
    def of(
        cls,
        types: Mapping[str, TypeOverride] | None = None,
        keep: Iterable[str] = (),
        drop: Iterable[str] = (),
        sheet: str | None = None,
        privacy: str = privacy_levels.STANDARD,
        weight: str | None = None,
        *,
        words: Words = LIBRARY,
    ) -> Self:
        """Return the options from the arguments of `pipeline.fit`.

        Raises:
            errors.StudyError: an unknown type or privacy level, fewer than two levels, a text in
                place of a list of columns, a column that is both dropped and kept or typed, or a
                weight that is also named elsewhere.
        """
        if privacy not in privacy_levels.ALL:
            raise errors.StudyError(
                f"{privacy!r} is not a privacy level; use one of {', '.join(privacy_levels.ALL)}."
            )
        overridden = dict(types or {})
        to_keep = frozenset(_column_names(words.keep, keep))
        to_drop = frozenset(_column_names(words.drop, drop))
        for name in sorted(to_drop & (to_keep | overridden.keys())):
            raise errors.StudyError(
                f"Column {name!r} is named in {words.drop} and also in {words.keep} or "
                f"{words.types}; name it once."
            )
        if weight is not None and weight in to_drop | to_keep | overridden.keys():
            raise errors.StudyError(
                f"Column {weight!r} is named in {words.weight} and also in {words.types}, "
                f"{words.keep} or {words.drop}; a weight is not modelled, so name it in "
                f"{words.weight} alone."
            )
        levels = {
            name: tuple(override)
            for name, override in overridden.items()
            if not isinstance(override, str)
        }
        column_types = {name: _column_type(name, given) for name, given in overridden.items()}
        return cls(column_types, levels, to_keep, to_drop, sheet, privacy, weight, words)


def _column_names(option: str, names: Iterable[str]) -> Iterable[str]:
    if isinstance(names, str):
        raise errors.StudyError(f"{option} takes a list of column names, not one text.")
    return names


def _column_type(name: str, override: TypeOverride) -> ColumnType:
    if not isinstance(override, str):
        if len(set(override)) != len(override) or len(override) < 2:
            raise errors.StudyError(
                f"The levels given for column {name!r} must be two or more, each named once."
            )
        return ORDINAL
    if override not in registry.TYPES:
        raise errors.StudyError(
            f"{override!r} is not a type of columns, as given for {name!r}; use one of "
            f"{', '.join(registry.TYPES)}, or a list of levels in their order."
        )
    return registry.named(override)
