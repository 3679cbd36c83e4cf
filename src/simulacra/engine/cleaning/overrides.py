"""The caller's options, matched to the columns of a table."""

import dataclasses
import difflib
from collections.abc import Sequence

from simulacra.engine import errors
from simulacra.engine.columns.column_type import ColumnType
from simulacra.engine.options import Options


@dataclasses.dataclass(frozen=True)
class Override:
    """What is asked for of one column.

    Attributes:
        type: the type to give it, if any.
        levels: the order of its levels, if given.
        is_kept: rules that drop columns do not apply.
        is_dropped: it is left out.
    """

    type: ColumnType | None = None
    levels: tuple[str, ...] = ()
    is_kept: bool = False
    is_dropped: bool = False


def match(options: Options, source_names: Sequence[str], names: Sequence[str]) -> list[Override]:
    """Return an override for each column; a column goes by its name in the file or the schema.

    Raises:
        errors.StudyError: a name that no column has, with those that are near.
    """
    place = dict(zip(names, range(len(names)), strict=True))
    place |= dict(zip(source_names, range(len(source_names)), strict=True))
    _refuse_unknown(options, place, source_names)
    made = [Override() for _ in names]
    for name, kind in options.types.items():
        levels = options.levels.get(name, ())
        made[place[name]] = dataclasses.replace(made[place[name]], type=kind, levels=levels)
    for name in options.keep:
        made[place[name]] = dataclasses.replace(made[place[name]], is_kept=True)
    for name in options.drop:
        made[place[name]] = dataclasses.replace(made[place[name]], is_dropped=True)
    return made


def _refuse_unknown(options: Options, place: dict[str, int], source_names: Sequence[str]) -> None:
    faults = [
        f"{option} names a column {name!r}, which the file does not have{_near(name, place)}."
        for option, given in (
            ("types", options.types),
            ("keep", options.keep),
            ("drop", options.drop),
        )
        for name in sorted(given)
        if name not in place
    ]
    if faults:
        listed = ", ".join(repr(name) for name in source_names[:5])
        raise errors.StudyError(f"{' '.join(faults)} Its columns begin with {listed}.")


def _near(name: str, place: dict[str, int]) -> str:
    folded = {one.casefold(): one for one in place}
    near = difflib.get_close_matches(name.casefold(), folded, n=3, cutoff=0.6)
    near += [one for one in folded if name and name.casefold() in one and one not in near]
    listed = ", ".join(repr(folded[one]) for one in near[:3])
    return f"; nearest: {listed}" if near else ""
