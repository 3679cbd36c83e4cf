"""The overrides of a caller, matched to the columns of a table."""

import dataclasses
import difflib
from collections.abc import Sequence

from simulacra.engine import errors
from simulacra.engine.columns.column_type import ColumnType
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
    """

    type: ColumnType | None = None
    levels: tuple[str, ...] = ()
    is_kept: bool = False
    is_dropped: bool = False
    is_weight: bool = False


def match(options: Options, source_names: Sequence[str], names: Sequence[str]) -> list[Override]:
    """Return the override of each column.

    Args:
        options: of the caller, who may call a column by either of its names.
        source_names: the names of the columns in the file.
        names: the names of the same columns in the schema.

    Raises:
        errors.StudyError: no column has a name of the options; lists the most similar names.
    """
    positions = dict(zip(names, range(len(names)), strict=True))
    positions |= dict(zip(source_names, range(len(source_names)), strict=True))
    _refuse_unknown(options, positions, source_names)
    matched = [Override() for _ in names]
    for name, column_type in options.types.items():
        levels = options.levels.get(name, ())
        matched[positions[name]] = dataclasses.replace(
            matched[positions[name]], type=column_type, levels=levels
        )
    for name in options.keep:
        matched[positions[name]] = dataclasses.replace(matched[positions[name]], is_kept=True)
    for name in options.drop:
        matched[positions[name]] = dataclasses.replace(matched[positions[name]], is_dropped=True)
    if options.weight is not None:
        matched[positions[options.weight]] = Override(is_weight=True)
    return matched


def _refuse_unknown(
    options: Options, positions: dict[str, int], source_names: Sequence[str]
) -> None:
    faults = [
        f"{option} names a column {name!r}, which the file does not have"
        f"{_similar(name, positions)}."
        for option, columns in (
            (options.words.types, options.types),
            (options.words.keep, options.keep),
            (options.words.drop, options.drop),
            (options.words.weight, () if options.weight is None else (options.weight,)),
        )
        for name in sorted(columns)
        if name not in positions
    ]
    if faults:
        listed = ", ".join(repr(name) for name in source_names[:5])
        raise errors.StudyError(f"{' '.join(faults)} The first columns are {listed}.")


def _similar(name: str, positions: dict[str, int]) -> str:
    names = {known.casefold(): known for known in positions}
    near = difflib.get_close_matches(name.casefold(), names, n=3, cutoff=0.6)
    near += [known for known in names if name and name.casefold() in known and known not in near]
    listed = ", ".join(repr(names[known]) for known in near[:3])
    return f"; nearest: {listed}" if near else ""
