"""The questions of a study: what they ask, and how they were answered."""

import dataclasses
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from simulacra.engine.columns import questions
from simulacra.engine.columns.schema import Column, Schema
from simulacra.service.fields import Text
from simulacra.service.http import serving
from simulacra.service.studio import corrections, guard, rendering, study

PAGE = 20
"""Questions on one page."""
QUANTILES = ("5%", "25%", "Median", "75%", "95%")
"""What the quantiles of a column are called."""

router = APIRouter(prefix="/studies/{dataset_id}/questions", route_class=rendering.Page)


@dataclasses.dataclass(frozen=True)
class Shown:
    """A question as the page shows it.

    Attributes:
        question: which.
        form: `levels`, `numbers`, `options` or `grid`: which chart it gets.
        options: of a multiple-response set, each option and the share of those who chose it.
        spreads: of numbers and dates, a spread for each item.
    """

    question: questions.Question
    form: str
    options: Sequence[tuple[questions.Item, float]] = ()
    spreads: Sequence["Spread"] = ()


@dataclasses.dataclass(frozen=True)
class Spread:
    """How the values of a column are spread.

    Attributes:
        item: which column, and what its label says beyond the question's.
        points: what each is called, the value, and where it lies on the scale, 0 to 1.
    """

    item: questions.Item
    points: Sequence[tuple[str, Any, float]]


@router.get("")
async def show_questions(
    dataset_id: str,
    request: Request,
    runtime: serving.Runtime,
    person: guard.SignedIn,
    q: Text = "",
    page: int = 1,
) -> Response:
    """Show the questions that a text may mean, or all of them."""
    dataset, schema = await study.schema_of(runtime, person, dataset_id)
    wanted = q.strip()
    found = _found(schema, wanted)
    pages = max(1, -(-len(found) // PAGE))
    page = min(max(page, 1), pages)
    address = f"/studio/studies/{dataset_id}/questions?"

    def at(number: int) -> str:
        return address + urlencode({"q": wanted, "page": number} if wanted else {"page": number})

    return rendering.render(
        request,
        "questions.html",
        study=dataset,
        q=q,
        questions=[_shown(schema, it) for it in found[(page - 1) * PAGE : page * PAGE]],
        found=len(found),
        total=len(schema.questions),
        page=page,
        pages=pages,
        before=at(page - 1) if page > 1 else None,
        behind=at(page + 1) if page < pages else None,
        types=corrections.TYPES,
    )


def _found(schema: Schema, wanted: str) -> list[questions.Question]:
    """Return the questions with the columns that a text may mean, the best first."""
    if not wanted:
        return schema.questions
    ranks = {column.name: rank for rank, column in enumerate(schema.find(wanted))}
    best = [
        (min(ranks[it.name] for it in question.columns if it.name in ranks), question)
        for question in schema.questions
        if any(it.name in ranks for it in question.columns)
    ]
    return [question for _, question in sorted(best, key=lambda it: it[0])]


def _shown(schema: Schema, question: questions.Question) -> Shown:
    first = question.columns[0]
    chosen = {one.name: one for one in schema.sets}.get(question.name)
    if chosen is not None and chosen.kind == "dichotomy":
        shares = [(it, _share_of(it.column, chosen.counted)) for it in question.items]
        known = [(it, share) for it, share in shares if share is not None]
        return Shown(question, "options", sorted(known, key=lambda it: -it[1]))
    if not first.type.is_categorical:
        return Shown(question, "numbers", spreads=_spreads(question.items))
    return Shown(question, "levels" if len(question.items) == 1 else "grid")


def _spreads(items: Sequence[questions.Item]) -> list[Spread]:
    """Return the spreads of columns on one scale.

    That of several reaches from their 5 % to their 95 % quantiles, beyond which nothing is drawn:
    one respondent who says 900 would else leave a dot of all others.
    """
    points = [_points(item.column, ends=len(items) == 1) for item in items]
    numbers = [
        [item.column.type.to_number(value) for _, value in named]
        for item, named in zip(items, points, strict=True)
    ]
    low, high = min(map(min, numbers)), max(map(max, numbers))
    length = (high - low) or 1.0
    return [
        Spread(
            item,
            [
                (name, value, (number - low) / length)
                for (name, value), number in zip(named, of_item, strict=True)
            ],
        )
        for item, named, of_item in zip(items, points, numbers, strict=True)
    ]


def _points(column: Column, *, ends: bool) -> list[tuple[str, Any]]:
    """Return what is told of a column of numbers; its ends too, or if there is nothing else."""
    named = list(zip(QUANTILES, column.quantiles, strict=False))
    if ends or not named:
        return [("Lowest", column.min), *named, ("Highest", column.max)]
    return named


def _share_of(column: Column, counted: str | None) -> float | None:
    """Return the share of those who chose an option."""
    level = counted if counted is not None else column.levels[1] if column.levels[1:] else None
    shares = dict(zip(column.levels, column.shares, strict=False))
    return shares.get(level or "", 0.0) if shares else None
