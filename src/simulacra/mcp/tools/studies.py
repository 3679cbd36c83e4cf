"""Studies: those that there are, uploading one, and its columns."""

import itertools
import tempfile
from pathlib import Path
from typing import Annotated, Any

import anyio
from mcp.server.mcpserver.resolve import Elicit, ElicitationResult, Resolve
from mcp.types import CallToolResult
from pydantic import Field

from simulacra.engine.columns import searching
from simulacra.engine.columns.schema import Column, Schema
from simulacra.mcp import answers, setup, wording, work
from simulacra.mcp.answers import ColumnInAnswer, ListAnswer, SetInAnswer, StudyAnswer
from simulacra.mcp.arguments import DatasetId, Names
from simulacra.mcp.backends.backend import LISTED, Backend, Published
from simulacra.mcp.faults import Refusal
from simulacra.mcp.setup import Call, Consent, Roots

PAGE = 25
"""Columns of a page."""
FEW_LEVELS, MOST_LEVELS = 8, 200
"""Levels of a column that are shown: of one among many, and of all columns asked for by name."""
MOST_OPTIONS, MOST_WARNINGS, MOST_FILES = 50, 6, 20
MOST_HINTS = 5
"""Unknown names for which it is looked what may be meant."""
MAX_TEXT = 1_000_000
"""Characters of a study that is sent as text."""


async def list_studies(ctx: Call, roots: Roots) -> Annotated[CallToolResult, ListAnswer]:
    """List studies and synthetic rows with their ids, and files that can be uploaded."""
    files, more = None, 0
    if setup.of(ctx).folders is not None:
        found = setup.folders(ctx, roots).studies()
        files = [wording.plain(path, wording.NAME) for path in found[:MOST_FILES]]
        more = len(found) - len(files)
    async with setup.backend(ctx) as backend:
        studies, made = await backend.studies()
    answer = ListAnswer(
        studies=[
            answers.StudyInList(
                dataset_id=it.dataset_id,
                name=None if it.name is None else wording.plain(it.name, wording.LABEL),
                status=it.status,
                expires_at=it.expires_at,
                job_id=it.job_id,
            )
            for it in studies
        ],
        generations=[
            answers.RowsInList(
                generation_id=it.generation_id,
                dataset_id=it.dataset_id,
                status=it.status,
                row_count=it.row_count,
            )
            for it in made
        ],
        files=files,
    )
    lines = ["Studies:" if studies else "There are no studies yet."]
    for study in answer.studies:
        until = f", deleted at {study.expires_at}" if study.expires_at else ""
        job = f", see check_job {study.job_id}" if study.job_id else ""
        lines.append(f"  {study.dataset_id} {study.name or ''}: {study.status}{until}{job}")
    if len(studies) == LISTED:
        lines.append(f"  The newest {LISTED}; the id of an older one can be used all the same.")
    if made:
        lines.append("Synthetic rows:")
    lines += [
        f"  {it.generation_id} of {it.dataset_id}: {it.row_count:,} rows, {it.status}"
        for it in answer.generations
    ]
    if files is not None:
        lines.append("Files that upload_study can take:" if files else "No study file was found.")
        lines += [f"  {path}" for path in files]
        lines.append(f"  and {more:,} older ones" if more else "")
    return answer.told(*lines)


async def sending(path: str, ctx: Call, roots: Roots) -> Consent | Elicit[Consent]:
    """Ask before a file leaves the machine, where there is somebody to ask."""
    destination = setup.of(ctx).destination
    if destination is None or not setup.can_ask(ctx):
        return Consent()
    real = setup.folders(ctx, roots).study(path)
    size = real.stat().st_size
    return Elicit(f"Upload {real} ({size:,} bytes) to {destination}?", Consent)


StudyPath = Annotated[
    str,
    Field(max_length=4096, description="A file of list_studies, such as wave3.sav or study.csv."),
]
Name = Annotated[str | None, Field(max_length=200, description="A name for people.")]
Weight = Annotated[
    str | None,
    Field(
        max_length=500,
        description="Column that says how many people each respondent stands for, if there is one.",
    ),
]


async def upload_study(
    path: StudyPath,
    ctx: Call,
    roots: Roots,
    consent: Annotated[ElicitationResult[Consent], Resolve(sending)],
    name: Name = None,
    weight: Weight = None,
    drop: Annotated[Names, Field(description="Columns to leave out, such as ids.")] = [],  # noqa: B006 - never changed
) -> Annotated[CallToolResult, StudyAnswer]:
    """Learn a study (a survey, a tracker, a customer table): it is cleaned and a model is fitted.

    Takes a CSV, Excel, SPSS, Stata, SAS, triple-S or Parquet file, from seconds to minutes. Not
    needed for a study that list_studies shows.
    """
    real = setup.folders(ctx, roots).study(path)
    if not setup.agreed(consent):
        raise Refusal("The user does not want this file to be uploaded. Do not ask again.")
    return await _learn(ctx, real, name or real.name, {"weight": weight, "drop": drop})


async def upload_text(
    content: Annotated[
        str,
        Field(min_length=1, max_length=MAX_TEXT, description="The study as CSV, with its header."),
    ],
    ctx: Call,
    name: Name = None,
    weight: Weight = None,
    drop: Annotated[Names, Field(description="Columns to leave out, such as ids.")] = [],  # noqa: B006 - as above
) -> Annotated[CallToolResult, StudyAnswer]:
    """Learn a small study that the user has put into the conversation, given as CSV text.

    Larger ones, and files of SPSS or Excel, the user uploads: `simulacra remote upload FILE`, or
    by the API. They are in list_studies then.
    """
    with tempfile.TemporaryDirectory(prefix="simulacra-") as folder:
        path = Path(folder, "study.csv")
        await anyio.Path(path).write_text(content, "utf-8")
        return await _learn(ctx, path, name or "study", {"weight": weight, "drop": drop})


async def _learn(call: Call, path: Path, name: str, options: dict[str, Any]) -> CallToolResult:
    given = {key: value for key, value in options.items() if value}
    async with setup.backend(call) as backend:
        begun = await backend.upload(path, wording.plain(name, wording.LABEL), given)
        done = await work.finished(call, backend, begun)
        if not done.is_done:
            answer = StudyAnswer(
                status="processing", dataset_id=str(begun.dataset_id), job_id=begun.job_id
            )
            return answer.told(
                f"The model of {begun.dataset_id} is being fitted ({done.fraction:.0%}). Call "
                f"check_job with {begun.job_id}."
            )
        return await overview(backend, str(begun.dataset_id), is_new=True)


async def overview(backend: Backend, dataset_id: str, *, is_new: bool = False) -> CallToolResult:
    """Return a study and the first page of its columns."""
    published = await backend.published(dataset_id)
    return _page(dataset_id, published, [*published.schema.columns], 1, is_new=is_new)


async def describe_study(
    dataset_id: DatasetId,
    ctx: Call,
    search: Annotated[
        str | None,
        Field(
            max_length=200,
            description="Words to find columns by, in names, labels and levels: 'brand aware'.",
        ),
    ] = None,
    columns: Annotated[
        Names, Field(description="Names of columns whose levels are to be listed in full.")
    ] = [],  # noqa: B006 - as above
    page: Annotated[int, Field(ge=1, description="Page of the columns, 25 each.")] = 1,
) -> Annotated[CallToolResult, StudyAnswer]:
    """Look up the columns of a study: names, types, levels and ranges, which conditions must use.

    Search rather than page: a tracker has hundreds of columns. Shows no answers of respondents.
    """
    async with setup.backend(ctx) as backend:
        published = await backend.published(dataset_id)
    schema = published.schema
    if columns:
        return _page(dataset_id, published, _named(schema, columns), 1, is_full=True)
    found = [*schema.columns] if search is None else _search(schema, search)
    return _page(dataset_id, published, found, page, search=search)


def _named(schema: Schema, names: list[str]) -> list[Column]:
    if len(names) > PAGE:
        raise Refusal(f"columns: give {PAGE} names at most; there are {len(names)}.")
    unknown = [name for name in names if name not in schema]
    if unknown:
        near = [
            it.name for name in unknown[:MOST_HINTS] for it in searching.near_columns(schema, name)
        ]
        hint = f" Near to them: {wording.some(dict.fromkeys(near), 10)}." if near else ""
        raise Refusal(
            f"columns: there is no {wording.some((wording.plain(it, 60) for it in unknown), 5)}."
            f"{hint} Use search to find columns."
        )
    return [schema[name] for name in names]


def _search(schema: Schema, text: str) -> list[Column]:
    """Return the columns that have all words, or else those that have most of them.

    A word may be in the question that a column is an option of, too.
    """
    questions = {name: f"{it.name} {it.label}" for it in schema.sets for name in it.columns}
    words = text.casefold().split()
    hits = [
        sum(word in _texts(column, questions.get(column.name, "")) for word in words)
        for column in schema.columns
    ]
    most = max(hits, default=0)
    return [it for it, count in zip(schema.columns, hits, strict=True) if most and count == most]


def _texts(column: Column, question: str) -> str:
    parts = (column.name, column.source_name, column.label, question, *column.levels)
    return "\n".join(parts).casefold()


def _page(
    dataset_id: str,
    published: Published,
    found: list[Column],
    page: int,
    *,
    search: str | None = None,
    is_full: bool = False,
    is_new: bool = False,
) -> CallToolResult:
    schema = published.schema
    pages = max(1, -(-len(found) // PAGE))
    if page > pages:
        raise Refusal(f"page: there are {pages}.")
    shown = found[(page - 1) * PAGE : page * PAGE]
    most = max(FEW_LEVELS, MOST_LEVELS // max(1, len(shown))) if is_full else FEW_LEVELS
    names = {it.name for it in shown}
    sets = [it for it in schema.sets if (page == 1 and not search) or names & {*it.columns}]
    warnings = [] if published.quality is None else [*published.quality.warnings]
    answer = StudyAnswer(
        dataset_id=dataset_id,
        name=None if published.name is None else wording.plain(published.name, wording.LABEL),
        respondents=schema.row_count,
        column_count=len(schema.columns),
        matching=None if search is None else len(found),
        page=page,
        pages=pages,
        columns=[_column(it, most, is_full=is_full) for it in shown],
        multiple_response_sets=[
            SetInAnswer(
                name=wording.plain(it.name, wording.NAME),
                label=wording.plain(it.label, wording.LABEL),
                columns=[wording.plain(name, wording.NAME) for name in it.columns[:MOST_OPTIONS]],
            )
            for it in sets[:PAGE]
        ],
        warnings=[wording.plain(it.detail, wording.DETAIL) for it in warnings[:MOST_WARNINGS]],
    )
    lines = [
        f"{dataset_id} is ready." if is_new else "",
        f"{schema.row_count:,} respondents, {len(schema.columns):,} columns. {wording.OF_THE_FILE}",
    ]
    if schema.weight is not None:
        lines.append(
            f"Weighted by {wording.plain(schema.weight.column, wording.NAME)}: as "
            f"{schema.weight.effective_sample_size:,.0f} respondents of equal weight."
        )
    if search is not None:
        hint = "" if found else " Try other words."
        lines.append(f"Columns that match {wording.plain(search, 60)!r}: {len(found):,}.{hint}")
    if not is_full and pages > 1:
        lines.append(f"Page {page} of {pages}; search finds columns by words.")
    lines += [_told(it) for it in answer.columns]
    lines += [
        f"Multiple-response set {it.name} ({it.label}): {wording.some(found.columns, FEW_LEVELS)}"
        for it, found in zip(answer.multiple_response_sets, sets, strict=False)
    ]
    if is_new:
        lines += [f"Cleaning: {done}" for done in _cleaning(schema)]
    lines += [f"Warning: {it}" for it in answer.warnings]
    return answer.told(*lines)


def _column(column: Column, most: int, *, is_full: bool) -> ColumnInAnswer:
    length = wording.DETAIL if is_full else wording.LEVEL
    label = wording.plain(column.label, wording.LABEL)
    levels = [wording.plain(level, length) for level in column.levels]
    return ColumnInAnswer(
        name=wording.plain(column.name, wording.NAME),
        type=str(column.type),
        label=None if label == column.name else label,
        levels=levels[:most] or None,
        level_count=len(levels) or None,
        shares=[round(share, 3) for share in column.shares[:most]] or None,
        min=column.min,
        max=column.max,
        median=column.quantiles[2] if len(column.quantiles) == 5 else None,
        missing_share=round(column.missing_share, 3),
        option_of=None
        if column.multiple_response is None
        else wording.plain(column.multiple_response, wording.NAME),
    )


def _told(column: ColumnInAnswer) -> str:
    label = f' "{column.label}"' if column.label else ""
    if column.levels is not None:
        shares = column.shares or []
        shown = ", ".join(
            f"'{level}'{f' {share:.0%}' if share is not None else ''}"
            for level, share in itertools.zip_longest(column.levels, shares)
        )
        more = (column.level_count or 0) - len(column.levels)
        values = f"{shown}{f' and {more} more' if more else ''}"
    else:
        median = "" if column.median is None else f", median {column.median}"
        values = f"{column.min} to {column.max}{median}"
    missing = f"; {column.missing_share:.0%} missing" if column.missing_share >= 0.005 else ""
    option = f", option of {column.option_of}" if column.option_of else ""
    return f"- {column.name} ({column.type}{option}){label}: {values}{missing}"


def _cleaning(schema: Schema) -> list[str]:
    """Return what cleaning did that concerns the names and levels of conditions."""
    telling = [it for it in schema.cleaning if it.action not in ("read", "typed")]
    lines = [wording.plain(str(it), 200) for it in telling[:MOST_WARNINGS]]
    if len(telling) > MOST_WARNINGS:
        lines.append(f"and {len(telling) - MOST_WARNINGS} more")
    return lines
