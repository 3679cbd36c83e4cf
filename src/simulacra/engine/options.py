"""Overrides: what a caller may state about a study against the rules of reading and cleaning."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self, TypedDict, Unpack

from simulacra.engine import errors, privacy_levels
from simulacra.engine.columns import registry
from simulacra.engine.columns.column_type import ColumnType
from simulacra.engine.columns.ordinal import ORDINAL
from simulacra.engine.columns.texts.conventions import DATE_ORDERS, DECIMAL_MARKS
from simulacra.engine.limits import MAX_HEADER_ROWS
from simulacra.engine.words import LIBRARY, Words

TypeOverride = str | Sequence[str]
"""The name of a type, or the levels of an ordinal column in their order."""

MissingValues = Sequence[str | float] | Mapping[str, Sequence[str | float]]
"""What stands for no answer: besides what is found, in every column; or all of it, by column."""

MIN_IN_SET = 2


class StudyArguments(TypedDict, total=False):
    """The overrides as callers of `pipeline.fit` name them."""

    types: Mapping[str, TypeOverride] | None
    keep: Iterable[str]
    drop: Iterable[str]
    missing: MissingValues | None
    sets: Mapping[str, Sequence[str]] | None
    separators: Mapping[str, str] | None
    dates: Mapping[str, str] | None
    decimal: str | None
    delimiter: str | None
    header_rows: int | None
    sheet: str | None
    privacy: str
    weight: str | None


@dataclasses.dataclass(frozen=True)
class FileOptions:
    """How a file is to be read; what is absent or None the file itself decides.

    Attributes:
        sheet: of a workbook, the sheet to read.
        delimiter: of a CSV file, the character between two fields; a second one is the quotation
            mark, unless it is the usual one.
        header_rows: of a CSV file or a sheet, how many rows hold the names of the columns.
        missing: of a file that declares missing values, column to all that stand for no answer.
    """

    sheet: str | None = None
    delimiter: str | None = None
    header_rows: int | None = None
    missing: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)


AS_FOUND = FileOptions()


@dataclasses.dataclass(frozen=True)
class Options:
    """The overrides of one study; a column goes by its name in the file or in the schema.

    Attributes:
        types: column to type.
        levels: column to its levels in their order, for columns whose type is given as a list.
        keep: columns that cleaning would drop and that are to be kept.
        drop: columns to leave out.
        missing: column to all texts that stand for no answer in it.
        missing_anywhere: texts that stand for no answer in every column, besides what is found.
        sets: name of a multiple-response set to its columns.
        separators: column of which a cell holds several answers, to what stands between them; to
            an empty text if a cell holds one answer.
        dates: column of dates to the order of their parts; one of `conventions.DATE_ORDERS`.
        decimal: the mark before the decimals of numbers; one of `conventions.DECIMAL_MARKS`.
        file: how the file is to be read.
        privacy: how closely the model may follow small groups; one of `privacy_levels.ALL`.
        weight: column that says how many people each respondent stands for.
        words: what the caller calls the overrides.
    """

    types: Mapping[str, ColumnType] = dataclasses.field(default_factory=dict)
    levels: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    keep: frozenset[str] = frozenset()
    drop: frozenset[str] = frozenset()
    missing: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    missing_anywhere: tuple[str, ...] = ()
    sets: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    separators: Mapping[str, str] = dataclasses.field(default_factory=dict)
    dates: Mapping[str, str] = dataclasses.field(default_factory=dict)
    decimal: str | None = None
    file: FileOptions = AS_FOUND
    privacy: str = privacy_levels.STANDARD
    weight: str | None = None
    words: Words = LIBRARY

    @classmethod
    def of(cls, *, words: Words = LIBRARY, **given: Unpack[StudyArguments]) -> Self:
        """Return the options from the arguments of `pipeline.fit`.

        Raises:
            errors.OptionError: an option has no such value, or a column is named in two options
                that exclude each other.
        """
        types, keep, drop = given.get("types") or {}, given.get("keep", ()), given.get("drop", ())
        privacy = given.get("privacy", privacy_levels.STANDARD)
        _require_one_of("privacy", "a privacy level", privacy, privacy_levels.ALL)
        to_keep = frozenset(_texts(words.keep, "column names", keep))
        to_drop = frozenset(_texts(words.drop, "column names", drop))
        column_types = {name: _column_type(words, name, it) for name, it in types.items()}
        missing, anywhere = _missing(words, given.get("missing"))
        separators = dict(given.get("separators") or {})
        dates = dict(given.get("dates") or {})
        for name, order in dates.items():
            what = f"an order of dates, as given for {name!r}"
            _require_one_of(words.dates, what, order, DATE_ORDERS, name)
        decimal = given.get("decimal")
        if decimal is not None:
            _require_one_of("decimal", "a decimal mark", decimal, DECIMAL_MARKS)
        made = cls(
            types=column_types,
            levels={name: tuple(it) for name, it in types.items() if not isinstance(it, str)},
            keep=to_keep,
            drop=to_drop,
            missing=missing,
            missing_anywhere=anywhere,
            sets=_sets(given.get("sets") or {}),
            separators=separators,
            dates=dates,
            decimal=decimal,
            file=FileOptions(
                sheet=given.get("sheet"),
                delimiter=_delimiter(given.get("delimiter")),
                header_rows=_header_rows(given.get("header_rows")),
                missing=missing,
            ),
            privacy=privacy,
            weight=given.get("weight"),
            words=words,
        )
        made.refuse_contradictions()
        return made

    @property
    def named(self) -> dict[str, list[str]]:
        """The columns that each option names, by the caller's word for the option."""
        words = self.words
        in_sets = dict.fromkeys(name for columns in self.sets.values() for name in columns)
        return {
            words.types: [*self.types],
            words.keep: sorted(self.keep),
            words.drop: sorted(self.drop),
            words.missing: [*self.missing],
            "sets": [*in_sets],
            "separators": [*self.separators],
            words.dates: [*self.dates],
            words.weight: [] if self.weight is None else [self.weight],
        }

    def refuse_contradictions(self) -> None:
        """Refuse a column that is left out or the weight, and named in another option as well.

        Raises:
            errors.OptionError: there is one.
        """
        words, named = self.words, self.named
        for option in (words.weight, words.drop):
            for name in named[option]:
                others = [other for other, columns in named.items()
                          if other != option and name in columns]  # fmt: skip
                if others:
                    why = (
                        f"; a weight is not modelled, so name it in {words.weight} alone"
                        if option == words.weight
                        else "; name it in one of them"
                    )
                    listed = " and in ".join([option, *others])
                    raise errors.OptionError(option, f"Column {name!r} is named in {listed}{why}.")


def _require_one_of(
    option: str, what: str, given: object, known: Sequence[str], *within: str
) -> None:
    if given not in known:
        detail = f"{given!r} is not {what}; use one of {', '.join(map(repr, known))}."
        raise errors.OptionError(option, detail, *within)


def _texts(option: str, what: str, given: Iterable[str]) -> tuple[str, ...]:
    if isinstance(given, str):
        raise errors.OptionError(option, f"{option} takes a list of {what}, not one text.")
    return tuple(given)


def _column_type(words: Words, name: str, override: TypeOverride) -> ColumnType:
    if not isinstance(override, str):
        if len(set(override)) != len(override) or len(override) < 2:
            raise errors.OptionError(
                words.types,
                f"The levels given for column {name!r} must be two or more, each named once.",
                name,
            )
        return ORDINAL
    if override not in registry.names():
        raise errors.OptionError(
            words.types,
            f"{override!r} is not a type of columns, as given for {name!r}; use one of "
            f"{', '.join(registry.names())}, or a list of levels in their order.",
            name,
        )
    return registry.named(override)


def _missing(
    words: Words, given: MissingValues | None
) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """Return the texts that stand for no answer, by column and in every column."""
    if given is None:
        return {}, ()
    if isinstance(given, Mapping):
        return {name: _values(words, values) for name, values in given.items()}, ()
    return {}, _values(words, given)


def _values(words: Words, given: Iterable[Any]) -> tuple[str, ...]:
    if isinstance(given, str):
        raise errors.OptionError(words.missing, f"{words.missing} takes lists, not one text.")
    return tuple(_text(value) for value in given)


def _text(value: str | float) -> str:
    """Return a value as a file has it: a whole number without decimals."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


def _sets(given: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    sets = {name: _texts("sets", "column names", columns) for name, columns in given.items()}
    for name, columns in sets.items():
        if len(set(columns)) != len(columns) or len(columns) < MIN_IN_SET:
            raise errors.OptionError(
                "sets", f"Set {name!r} needs two or more columns, each named once.", name
            )
    return sets


def _delimiter(given: str | None) -> str | None:
    """Return the character between fields, and the quotation mark after it if one is given."""
    if given is None or (
        len(given) in (1, 2)
        and given.isascii()
        and given[0] != '"'
        and len({*given}) == len(given)
        and not {*given} & {"\n", "\r"}
    ):
        return given
    raise errors.OptionError(
        "delimiter",
        f"{given!r} cannot part fields; give one ASCII character, such as ';' or '|', or two if "
        'texts stand in other quotation marks than usual, such as ";\'".',
    )


def _header_rows(given: int | None) -> int | None:
    if given is None or 0 <= given <= MAX_HEADER_ROWS:
        return given
    raise errors.OptionError(
        "header_rows",
        f"A table has 0 to {MAX_HEADER_ROWS} rows of names, not {given}.",
    )
