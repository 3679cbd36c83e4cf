"""How a cross table is made of a sample."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from simulacra.engine.columns.facts import Bound
from simulacra.engine.tabulating import estimates, naming, significance, variables, withholding
from simulacra.engine.tabulating.crosstab import (
    LEAST_BASE,
    TOTAL,
    Block,
    Cell,
    Column,
    Crosstab,
    Line,
)
from simulacra.engine.tabulating.estimates import Base, Estimate
from simulacra.engine.tabulating.naming import Names
from simulacra.engine.tabulating.sample import Group, Overlap, Sample, Weighting
from simulacra.engine.tabulating.variables import BannerVariable, RowVariable

DIGITS = 6


def tabulate(
    sample: Sample,
    rows: Names,
    banner: Names | None = None,
    weight: str | None = None,
    *,
    is_published: bool = False,
) -> Crosstab:
    """Return a cross table of a sample.

    Args:
        sample: the rows.
        rows: columns or multiple-response sets: shares of levels or options, means of all others.
        banner: categorical columns or multiple-response sets, whose levels or options are columns
            of the table, side by side.
        weight: a column of numbers that rows count by, besides their survey weights.
        is_published: whether somebody is to see it who may not see respondents: figures that few of
            them stand behind are then left out. Of made rows nothing is.

    Raises:
        errors.TableError: a name that the schema does not have, or of a column that does not fit.
    """
    naming.check(sample.schema, rows, banner, weight)
    shown = variables.rows_of(sample.schema, rows)
    across = variables.banner_of(sample.schema, banner)
    counting = Weighting(sample, weight)
    columns, groups = _columns(across)
    is_bare = is_published and sample.behind is None
    made = [
        _block(sample, counting, variable, groups, across, hides_few=is_bare) for variable in shown
    ]
    blocks, compared = tuple(block for block, _ in made), sum(number for _, number in made)
    unit = "respondents" if sample.behind is None else "rows"
    notes = _notes(sample, blocks, compared, shown, across)
    if is_bare:
        notes.append(withholding.NOTE)
    labels = sample.schema.labels([*naming.each(rows), *naming.each(banner)])
    return Crosstab(
        tuple(columns), blocks, significance.LEVEL, compared, unit, tuple(notes), labels
    )


def _columns(across: Sequence[BannerVariable]) -> tuple[list[Column], list[Group]]:
    columns = [Column(None, TOTAL, "")]
    groups: list[Group] = [variables.everyone]
    for variable in across:
        for level, group in variable.levels:
            columns.append(Column(variable.name, level, significance.name(len(columns) - 1)))
            groups.append(group)
    return columns, groups


def _block(
    sample: Sample,
    counting: Weighting,
    variable: RowVariable,
    groups: Sequence[Group],
    across: Sequence[BannerVariable],
    *,
    hides_few: bool,
) -> tuple[Block, int]:
    """Return the rows of one variable, and how many pairs of cells were compared."""
    among = [variables.together(variable.asked, group) for group in groups]
    bases = [Base.of(sample, counting, group) for group in among]
    tests, start = [], 1  # the total holds all the others and is compared with none
    for one in across:
        own_groups = among[start : start + len(one.levels)]
        overlap = counting.overlap(own_groups) if one.overlaps else None
        is_itself = not {*one.columns}.isdisjoint(variable.columns)
        where = slice(start, start + len(own_groups))
        tests.append(_Test(where, overlap, is_meaningful=not is_itself))
        start = where.stop
    if hides_few:
        few = withholding.withheld(
            [base.count for base in bases],
            [base.effective for base in bases],
            [(test.where, test.overlap is not None) for test in tests],
        )
        bases = [base.emptied() if at in few else base for at, base in enumerate(bases)]
    lines, compared = [], 0
    for level, own in estimates.of(sample, bases, variable):
        found, number = _letters(own, tests)
        compared += number
        cells = (Cell(_figure(variable, it.value), of) for it, of in zip(own, found, strict=True))
        lines.append(Line(level, tuple(cells)))
    block = Block(
        variable.name,
        variable.kind,
        tuple(lines),
        tuple(base.count for base in bases),
        tuple(round(base.effective, 1) for base in bases),
    )
    return block, compared


@dataclasses.dataclass(frozen=True)
class _Test:
    """The columns of one banner variable, compared pairwise.

    Attributes:
        where: in the table they are.
        overlap: what they have in common; None if they exclude each other.
        is_meaningful: whether they may differ by chance; in itself a variable differs always.
    """

    where: slice
    overlap: Overlap | None
    is_meaningful: bool


def _letters(all_columns: Sequence[Estimate], tests: Sequence[_Test]) -> tuple[list[str], int]:
    """Return the letters of one row of a table, and how many pairs of cells were compared."""
    found, compared = ["" for _ in all_columns], 0
    for test in tests:
        if not test.is_meaningful:
            continue
        where = test.where
        names = [significance.name(index - 1) for index in range(where.start, where.stop)]
        found[where], number = significance.letters(all_columns[where], names, test.overlap)
        compared += number
    return found, compared


def _figure(variable: RowVariable, value: float) -> Bound | None:
    if np.isnan(value):
        return None
    if variable.number is not None and variable.number.type.is_temporal:
        return variable.number.type.to_bound(round(value))
    return round(value, DIGITS)


def _notes(
    sample: Sample,
    blocks: Sequence[Block],
    compared: int,
    shown: Sequence[RowVariable],
    across: Sequence[BannerVariable],
) -> list[str]:
    notes, least = [], LEAST_BASE
    if compared:
        notes.append(
            "A letter stands at the larger of two figures and names the column of the smaller one. "
            "Columns of one variable are compared pairwise on their effective bases: two-sided "
            f"z test of proportions, t test of means, at {significance.LEVEL:.0%}. Of {compared} "
            f"pairs chance alone would mark up to {compared * (1 - significance.LEVEL):.0f}."
        )
    if any(size < least for block in blocks for size in block.effective_bases):
        notes.append(f"Columns with an effective base under {least:.0f} (*) are not compared.")
    if overlapping := [one.name for one in across if one.overlaps]:
        notes.append(
            f"Columns of {', '.join(map(repr, overlapping))} overlap. Their tests allow for that, "
            f"and need {least:.0f} effective respondents who are in one of two columns only."
        )
    if sample.behind is not None:
        notes.append(
            "The effective base of made rows is bounded by the respondents behind them, however "
            "many rows there are."
        )
    set_by = [one.name for one in shown if one.name in sample.conditioned]
    if set_by:
        notes.append(
            f"The scenario is about {', '.join(map(repr, set_by))}: these figures follow what was "
            "asked for, so letters on them are no findings."
        )
    return notes
