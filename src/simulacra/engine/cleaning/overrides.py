"""The overrides of a caller, matched to the columns of a table."""

import contextlib
import dataclasses
import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from simulacra.engine import errors
from simulacra.engine.cleaning.texts import MISSING
from simulacra.engine.columns import searching
from simulacra.engine.columns.column_type import ColumnType
from simulacra.engine.columns.texts.conventions import UNKNOWN, Conventions
from simulacra.engine.options import Options


@dataclasses.dataclass(frozen=True)
class Override:
    """The overrides of one column.

    Attributes:
        type: the type to read it as; None if cleaning decides.
        levels: its levels in their order; empty if cleaning decides.
        is_kept: it stays even where cleaning would drop it.
        is_dropped: it is left out.
        is_weight: it says how many people each respondent stands for, and is not modelled.
        conventions: how its texts are written, as far as that is stated.
        separator: what stands between several answers in one cell; empty if a cell holds one, and
            None if cleaning decides.
        stated_by: the option that states its type, or that it is the weight, and the way within.
    """

    type: ColumnType | None = None
    levels: tuple[str, ...] = ()
    is_kept: bool = False
    is_dropped: bool = False
    is_weight: bool = False
    conventions: Conventions = UNKNOWN
    separator: str | None = None
    stated_by: tuple[str, ...] = ()

    @contextlib.contextmanager
    def blamed(self) -> Iterator[None]:
        """Have the error of a study that does not fit this override name it.

        Raises:
            errors.OptionError: the body raised the error of a study.
        """
        try:
            yield
        except errors.StudyError as error:
            option, *within = self.stated_by
            raise errors.OptionError(option, error.detail, *within) from None


def match(
    options: Options,
    source_names: Sequence[str],
    names: Sequence[str],
    origins: Mapping[str, Sequence[str]] | None = None,
    labels: Mapping[str, str] | None = None,
    *,
    is_whole: bool = True,
) -> list[Override]:
    """Return the override of each column.

    Args:
        options: of the caller, who may call a column by either of its names.
        source_names: the names of the columns in the file.
        names: the names of the same columns in the schema.
        origins: names of columns that were split, to the names in the file of what they became: an
            override of the one is one of all of these.
        labels: texts of columns by their names in the file, for what an unknown name may mean.
        is_whole: these are all columns that an option may name.

    Raises:
        errors.OptionError: no column has a name of the options; lists the most similar names.
    """
    positions = {name: [position] for position, name in enumerate(names)}
    positions |= {name: [position] for position, name in enumerate(source_names)}
    for name, options_of_it in (origins or {}).items():
        positions.setdefault(name, [positions[option][0] for option in options_of_it])
    if is_whole:
        _refuse_unknown(options, positions, source_names, labels or {})
    anywhere = Conventions(decimal=options.decimal, also_missing=options.missing_anywhere)
    matched = [Override(conventions=anywhere) for _ in names]
    for name, known, of_texts in _stated(options):
        for position in positions.get(name, ()):
            one = matched[position]
            conventions = dataclasses.replace(one.conventions, **of_texts)
            matched[position] = dataclasses.replace(one, conventions=conventions, **known)
    return matched


def _stated(options: Options) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield names of columns, each with members of its override and of its conventions."""
    for name, column_type in options.types.items():
        levels = options.levels.get(name, ())
        known = {"type": column_type, "levels": levels, "stated_by": (options.words.types, name)}
        # A text that is named as a level is one.
        others = tuple(text for text in MISSING if text not in levels)
        yield name, known, {"missing": others} if levels else {}
    yield from ((name, {"is_kept": True}, {}) for name in options.keep)
    yield from ((name, {"is_dropped": True}, {}) for name in options.drop)
    yield from ((name, {"separator": mark}, {}) for name, mark in options.separators.items())
    yield from ((name, {}, {"missing": texts}) for name, texts in options.missing.items())
    yield from ((name, {}, {"date_order": order}) for name, order in options.dates.items())
    if options.weight is not None:
        yield options.weight, {"is_weight": True, "stated_by": (options.words.weight,)}, {}


def _refuse_unknown(
    options: Options,
    positions: Mapping[str, object],
    source_names: Sequence[str],
    labels: Mapping[str, str],
) -> None:
    by_column = {options.words.types, options.words.missing, options.words.dates, "separators"}
    faults = {
        (option, name): f"{option} names a column {name!r}, which the file does not have"
        f"{_similar(name, positions, labels)}."
        for option, columns in options.named.items()
        for name in sorted(columns)
        if name not in positions
    }
    if faults:
        listed = ", ".join(repr(name) for name in source_names[:5])
        told = f"{' '.join(faults.values())} The first columns are {listed}."
        fields = [
            errors.FieldError(
                errors.pointer(option, *([name] if option in by_column else [])),
                detail,
                "invalid_field",
            )
            for (option, name), detail in faults.items()
        ]
        option, _ = next(iter(faults))
        raise errors.OptionError(option, told, fields=fields)


def _similar(name: str, positions: Iterable[str], labels: Mapping[str, str]) -> str:
    names = {known.casefold(): known for known in positions}
    near = difflib.get_close_matches(name.casefold(), names, n=3, cutoff=0.6)
    near += [known for known in names if name and name.casefold() in known and known not in near]
    listed = [repr(names[known]) for known in near[:3]]
    listed = listed or [str(it) for it in searching.near_described(labels, name)]
    return f"; nearest: {', '.join(listed)}" if listed else ""
