"""Figures: cross tables and comparisons."""

from typing import Annotated

from mcp.types import CallToolResult
from pydantic import Field

from simulacra.engine.tabulating.comparison import ComparedFigure
from simulacra.engine.tabulating.crosstab import Column
from simulacra.mcp import setup, wording
from simulacra.mcp.answers import CellRow, ComparisonAnswer, FigureInAnswer, TableAnswer
from simulacra.mcp.arguments import GenerationId, Names, SourceId
from simulacra.mcp.faults import Refusal
from simulacra.mcp.setup import Call

MOST_CELLS, MOST_HEADS = 400, 100
"""Cells and columns that an answer has room for."""
MOST_NOTES = 6


async def tabulate(
    source_id: SourceId,
    rows: Annotated[
        Names,
        Field(min_length=1, description="Columns or sets to show: shares of levels, or the mean."),
    ],
    ctx: Call,
    banner: Annotated[
        Names, Field(description="Categorical columns whose levels are the table's columns.")
    ] = [],  # noqa: B006 - never changed
    weight: Annotated[
        str | None, Field(max_length=500, description="Numeric column that rows count by.")
    ] = None,
) -> Annotated[CallToolResult, TableAnswer]:
    """Cross-tabulate a study or synthetic rows, at no cost: shares and means by group.

    Letters mark significant differences, tested on the respondents behind the rows. Ask for a few
    columns at a time."""  # noqa: D209 - a model reads it
    async with setup.backend(ctx) as backend:
        table = await backend.crosstab(source_id, rows, banner, weight)
    heads = [_head(it) for it in table.columns]
    if len(heads) > MOST_HEADS:
        raise Refusal(
            f"banner: the table would have {len(heads):,} columns, and {MOST_HEADS} fit into an "
            "answer. Give fewer columns, or some with fewer levels."
        )
    shown: list[CellRow] = []
    bases: dict[str, list[float]] = {}
    left_out: list[str] = []
    for block in table.blocks:
        name = wording.plain(block.row, wording.NAME)
        lines = block.lines
        if (len(shown) + len(lines)) * len(heads) > MOST_CELLS and shown:
            left_out.append(name)
            continue
        bases[name] = [*block.effective_bases]
        shown += [
            CellRow(
                row=name,
                level=None if it.level is None else wording.plain(it.level, wording.LEVEL),
                figure=block.figure,
                values=[cell.value for cell in it.cells],
                letters=[cell.letters for cell in it.cells],
            )
            for it in lines[: max(1, MOST_CELLS // len(heads))]
        ]
    answer = TableAnswer(
        columns=heads,
        rows=shown,
        effective_bases=bases,
        unit=table.unit,
        notes=[wording.plain(it, wording.DETAIL) for it in table.notes[:MOST_NOTES]],
        left_out=left_out,
    )
    body = [
        [_name(it), *map(_cell, it.values, it.letters, [it.figure] * len(heads))] for it in shown
    ]
    body += [
        [f"effective base of {row}", *(f"{size:,.0f}" for size in sizes)]
        for row, sizes in bases.items()
    ]
    return answer.told(
        *wording.table(["", *heads], body),
        *answer.notes,
        f"Left out, since the table would be too long: {', '.join(left_out)}. Ask for them alone."
        if left_out
        else "",
    )


async def compare(
    generation_id: GenerationId,
    ctx: Call,
    against: Annotated[
        str | None,
        Field(
            pattern=r"^gen_[A-Za-z0-9]{1,64}$",
            description="Other rows of the same study to compare with; by default the study.",
        ),
    ] = None,
    columns: Annotated[
        Names, Field(description="Columns to compare; by default all, the most changed first.")
    ] = [],  # noqa: B006 - as above
    limit: Annotated[int, Field(ge=1, le=50, description="Figures to show.")] = 15,
) -> Annotated[CallToolResult, ComparisonAnswer]:
    """See what a scenario changes, at no cost: figures of synthetic rows beside those of their
    study or of other rows, the most surprising change first, each with its interval."""  # noqa: D205, D209 - as above
    async with setup.backend(ctx) as backend:
        found = await backend.compare(generation_id, against, columns or None)
    names = [*found.names]
    figures = [_figure(it) for it in found.figures[:limit]]
    answer = ComparisonAnswer(
        first=names[0],
        second=names[1],
        figures=figures,
        figure_count=found.figure_count,
        notes=[wording.plain(it, wording.DETAIL) for it in found.notes[:MOST_NOTES]],
    )
    rows = [
        [
            f"{it.column}{'' if it.level is None else f' = {it.level}'} ({it.figure})",
            _value(it.first, it.figure),
            _value(it.second, it.figure),
            _change(it),
            "asked for" if it.is_conditioned else "changed" if it.is_changed else "",
        ]
        for it in figures
    ]
    return answer.told(
        *wording.table(["figure", *names, "change (95% interval)", ""], rows),
        f"{len(figures)} of {answer.figure_count:,} figures.",
        *answer.notes,
    )


def _head(column: Column) -> str:
    level = wording.plain(column.level, wording.LEVEL)
    if column.banner is None:
        return level
    letter = f" ({column.letter})" if column.letter else ""
    return f"{wording.plain(column.banner, wording.NAME)} = {level}{letter}"


def _name(line: CellRow) -> str:
    return f"{line.row} (mean)" if line.level is None else f"{line.row} = {line.level}"


def _value(value: float | str | None, figure: str) -> str:
    is_share = figure == "share" and isinstance(value, int | float)
    return f"{value:.1%}" if is_share else wording.figure(value)


def _cell(value: float | str | None, letters: str, figure: str) -> str:
    return f"{_value(value, figure)} {letters}".strip()


def _figure(it: ComparedFigure) -> FigureInAnswer:
    return FigureInAnswer(
        column=wording.plain(it.column, wording.NAME),
        level=None if it.level is None else wording.plain(it.level, wording.LEVEL),
        figure=it.figure,
        first=it.first.figure,
        second=it.second.figure,
        change=it.change.figure,
        low=it.change.low,
        high=it.change.high,
        is_changed=it.is_changed,
        is_conditioned=it.is_conditioned,
        surprise=it.surprise,
    )


def _change(it: FigureInAnswer) -> str:
    if not isinstance(it.change, int | float):
        return "-"
    scale, unit = (100, " points") if it.figure == "share" else (1, "")
    told = f"{scale * it.change:+,.4g}{unit}"
    if isinstance(it.low, int | float) and isinstance(it.high, int | float):
        told += f" ({scale * it.low:+,.4g} to {scale * it.high:+,.4g})"
    return told
