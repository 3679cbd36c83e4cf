"""The codes that levels have in a file of codes."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from simulacra.engine.codebook import Code
from simulacra.engine.columns import boolean
from simulacra.engine.columns.schema import Column, MultipleResponseSet
from simulacra.engine.writing.codebook import Codebook

CHOSEN, UNCHOSEN = 1.0, 0.0
DICHOTOMY = "dichotomy"
MAX_DIGITS = 15
"""Of a level that is a whole number and so its own code; any such number is exact."""


@dataclasses.dataclass(frozen=True)
class LevelCodes:
    """How the levels of a column are coded.

    Attributes:
        codes: of the levels; None for a level that a blank stands for.
        labels: code to label; a code without one is what it stands for.
        is_text: the codes are texts.
    """

    codes: tuple[Code | None, ...]
    labels: Mapping[Code, str]
    is_text: bool = False


def of(codebook: Codebook) -> dict[str, LevelCodes]:
    """Return the codes of all categorical columns by their names in the table.

    They are those of the study's file if it has codes. Otherwise they are numbers with labels: 0
    and 1 of options and booleans, the levels themselves where these are whole numbers, and 1, 2, 3
    and so on of others, the same in all columns of a multiple-response set.
    """
    found = {}
    free: dict[str, Column] = {}
    for name, entry in codebook.entries.items():
        column, coding = entry.column, entry.coding
        if not column.type.is_categorical:
            continue
        if coding is None or len(coding.codes) != len(column.levels):
            free[name] = column
            continue
        new = {
            code: level
            for code, level in zip(coding.codes, column.levels, strict=True)
            if code is not None and level != _shown(code) and code not in coding.labels
        }
        labels = dict(sorted({**coding.labels, **new}.items(), key=lambda pair: pair[0]))
        found[name] = LevelCodes(coding.codes, labels, coding.is_text)
    for one in sorted(codebook.sets, key=lambda one: one.kind != DICHOTOMY):
        members = {name: free.pop(name) for name in one.columns if name in free}
        found |= _of_set(one, members)
    return found | {name: _coded(column.levels, _numbers(column)) for name, column in free.items()}


def _shown(code: Code) -> str:
    """Return the level that a code is where the file has no label for it."""
    return code if isinstance(code, str) else f"{code:.15g}"


def chosen(one: MultipleResponseSet, levels: Sequence[str]) -> str:
    """Return the level of an option of a dichotomous set that means "chosen"."""
    return levels[-1] if one.counted is None or one.counted not in levels else one.counted


def _of_set(
    one: MultipleResponseSet, members: Mapping[str, Column]
) -> Iterator[tuple[str, LevelCodes]]:
    if one.kind == DICHOTOMY:
        for name, column in members.items():
            counted = chosen(one, column.levels)
            yield (
                name,
                _coded(
                    column.levels,
                    [CHOSEN if level == counted else UNCHOSEN for level in column.levels],
                ),
            )
        return
    levels = list(dict.fromkeys(level for it in members.values() for level in it.levels))
    shared = dict(zip(levels, _whole(levels) or _counted(levels), strict=True))
    for name, column in members.items():
        yield name, _coded(column.levels, [shared[level] for level in column.levels])


def _numbers(column: Column) -> Sequence[float]:
    is_choice = column.levels == boolean.LEVELS or (
        len(column.levels) == 2 and column.levels[0] == boolean.UNCHOSEN
    )
    if is_choice:
        return UNCHOSEN, CHOSEN
    return _whole(column.levels) or _counted(column.levels)


def are_whole(levels: Sequence[str]) -> bool:
    """Tell whether all levels are whole numbers, written as such are."""
    return all(_is_whole(level) for level in levels)


def _whole(levels: Sequence[str]) -> list[float]:
    """Return levels as the whole numbers that they are, none if one is something else."""
    if are_whole(levels):
        return [float(level) for level in levels]
    return []


def _is_whole(level: str) -> bool:
    digits = level.removeprefix("-")
    return (
        digits.isascii()
        and digits.isdigit()
        and len(digits) <= MAX_DIGITS
        and str(int(level)) == level
    )


def _counted(levels: Sequence[str]) -> list[float]:
    return [float(number) for number in range(1, len(levels) + 1)]


def _coded(levels: Sequence[str], codes: Sequence[float]) -> LevelCodes:
    return LevelCodes(tuple(codes), dict(zip(codes, levels, strict=True)))
