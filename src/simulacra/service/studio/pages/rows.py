"""Synthetic rows: asked for, followed, looked at, compared and downloaded."""

import asyncio
import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from simulacra.engine import errors as engine_errors
from simulacra.engine.columns.schema import Schema
from simulacra.engine.full_report.full_report import Figures
from simulacra.engine.report.distributions import Distribution
from simulacra.engine.report.report import Report
from simulacra.engine.tabulating.comparison import ComparedFigure, Comparison
from simulacra.service import errors
from simulacra.service.database import tables
from simulacra.service.database.statuses import GenerationStatus
from simulacra.service.datasets import saved_scenarios
from simulacra.service.endpoints import artifacts
from simulacra.service.endpoints.generations import generations_of
from simulacra.service.errors import study as study_errors
from simulacra.service.generations import reports, repository, schemas, service
from simulacra.service.generations.tabulation_schemas import ComparisonRequest
from simulacra.service.http import paging, serving
from simulacra.service.idempotency import bindings
from simulacra.service.jobs import service as jobs
from simulacra.service.people.sessions import SignedIn
from simulacra.service.studio import answering, asking, guard, rendering, study, wording

STAGES = {
    "queued": "Waits for its turn",
    "starting": "Starts",
    "reading": "Reads the model",
    "fitting": "Fits the model to the conditions",
    "sampling": "Draws the rows",
    "writing": "Writes the file",
    "completed": "Done",
}
MOST_CHANGES = 15
"""Figures that a page shows of a comparison."""
MOST_PICTURES = 6
"""Questions that a page shows before and after, those that changed most."""
OF_OTHER_VIEWS = ("A figure marked", "Surprise ")
"""How notes of a comparison begin that are about what this page does not show."""
MARGINS_NAMES = {None: "none", "quick": "quick", "full": "full"}

router = APIRouter(route_class=rendering.Page)


@router.get("/studies/{dataset_id}/rows")
async def list_rows(
    dataset_id: str,
    request: Request,
    runtime: serving.Runtime,
    person: guard.SignedIn,
    after: paging.After = None,
) -> Response:
    """Show what was generated of a study, the newest first."""
    dataset, schema = await study.schema_of(runtime, person, dataset_id)
    async with runtime.database.transaction(person.tenant_id) as session:
        rows, next_after = await repository.page(session, dataset_id, after, paging.DEFAULT_LIMIT)
    made = [(it, wording.of_conditions(schema, it.conditions)) for it in rows]
    return rendering.render(
        request,
        "rows.html",
        study=dataset,
        made=made,
        next_after=next_after,
        is_first=after is None,
    )


@router.post("/studies/{dataset_id}/rows", max_body_size=rendering.MAX_STATE_BYTES)
async def generate(
    dataset_id: str,
    request: Request,
    runtime: serving.Runtime,
    person: guard.SignedIn,
    state: Annotated[str, Form()],
    once: Annotated[str, Form(pattern=r"[A-Za-z0-9_-]{8,64}")],
) -> Response:
    """Ask for the rows of a scenario; the same form that is sent twice makes them once."""
    _, schema = await study.schema_of(runtime, person, dataset_id)
    asked = asking.parse(schema, saved_scenarios.fields_of(state))
    key = bindings.of(person.caller, "studio.generate", once)
    try:
        wanted = asked.generation(schema)
        made, _ = await generations_of(runtime).create(person.caller, dataset_id, wanted, key)
    except engine_errors.EngineError as error:
        raise study_errors.translate(error) from None
    return rendering.go(request, address_of(made.id))


@router.get("/rows/{generation_id}")
async def show_rows(
    generation_id: str, request: Request, runtime: serving.Runtime, person: guard.SignedIn
) -> Response:
    """Show one generation: how far it is, or its report."""
    made = await generations_of(runtime).read(person.caller, generation_id)
    dataset, schema = await _study_of(runtime, person, made.dataset_id)
    job = await jobs.read(runtime.database, person.caller, made.job_id)
    report = None if made.report is None else await asyncio.to_thread(Report.from_json, made.report)
    figures = None if report is None else await _figures_of(runtime, person, generation_id)
    state = None if schema is None else _state(schema, made)
    return rendering.render(
        request,
        "made.html",
        made=made,
        study=dataset,
        progress=job,
        stages=STAGES,
        report=report,
        **_pictures(schema, figures),
        support=None
        if report is None
        else wording.support_of(report.support.effective_sample_size),
        asked=wording.of_conditions(schema, made.conditions),
        formats=[(it, wording.FORMATS[it]) for it in schemas.OutputFormat],
        conditions=json.dumps(made.conditions, indent=2, ensure_ascii=False),
        margins=MARGINS_NAMES.get(made.margins_asked, made.margins_asked),
        state=state,
        label_of=lambda name: wording.label_of(schema, name),
    )


@router.get("/rows/{generation_id}/progress")
async def show_progress(
    generation_id: str, request: Request, runtime: serving.Runtime, person: guard.SignedIn
) -> Response:
    """Show how far a generation is, as a part of its page; once it has ended, load that again."""
    made = await generations_of(runtime).read(person.caller, generation_id)
    if made.status != GenerationStatus.PROCESSING:
        return rendering.go(request, address_of(generation_id))
    job = await jobs.read(runtime.database, person.caller, made.job_id)
    return rendering.render(request, "made_progress.html", made=made, progress=job, stages=STAGES)


@router.post("/rows/{generation_id}/cancel", max_body_size=rendering.MAX_FORM_BYTES)
async def cancel(
    generation_id: str, request: Request, runtime: serving.Runtime, person: guard.SignedIn
) -> Response:
    """End a generation; rows that are not there yet are not billed."""
    made = await generations_of(runtime).read(person.caller, generation_id)
    await jobs.cancel(runtime.database, runtime.endings, person.caller, made.job_id)
    return rendering.go(request, address_of(generation_id))


@router.get("/rows/{generation_id}/file")
async def download(
    generation_id: str,
    request: Request,
    runtime: serving.Runtime,
    person: guard.SignedIn,
    wanted: artifacts.Wanted,
) -> Response:
    """Return the file of the rows, or one range of it."""
    made = await generations_of(runtime).read(person.caller, generation_id)
    return await artifacts.answer(request, runtime, person.caller, made, wanted)


@router.post("/rows/{generation_id}/copies", max_body_size=rendering.MAX_FORM_BYTES)
async def copy(
    generation_id: str,
    request: Request,
    runtime: serving.Runtime,
    person: guard.SignedIn,
    output_format: Annotated[schemas.OutputFormat, Form()],
) -> Response:
    """Have rows in another format, which costs none; a file that there is is fetched at once."""
    wanted = schemas.CopyRequest(output_format=output_format, wait_seconds=0)
    made, _ = await generations_of(runtime).copy(person.caller, generation_id, wanted)
    if made.status == GenerationStatus.PROCESSING:
        return rendering.go(request, address_of(made.id))
    return rendering.go(request, f"{address_of(made.id)}/file")


@router.get("/rows/{generation_id}/report")
async def show_report(
    generation_id: str,
    runtime: serving.Runtime,
    person: guard.SignedIn,
    save: bool = False,  # noqa: FBT001, FBT002 - of the address
) -> Response:
    """Show the full report, or have the browser save it: one page that loads and runs nothing."""
    kept = await generations_of(runtime).full_report(person.caller, generation_id)
    headers = rendering.HEADERS | {"content-security-policy": reports.policy()}
    if save:
        headers["content-disposition"] = f'attachment; filename="{generation_id}.html"'
    return HTMLResponse(await asyncio.to_thread(kept.html), headers=headers)


@router.get("/rows/{generation_id}/changes")
async def show_changes(
    generation_id: str, request: Request, runtime: serving.Runtime, person: guard.SignedIn
) -> Response:
    """Show what the scenario has changed from the study, as a part of the page."""
    made = await generations_of(runtime).read(person.caller, generation_id)
    _, schema = await _study_of(runtime, person, made.dataset_id)
    found = await _compared(request, runtime, person, generation_id, None)
    if found is None:
        return Response(status_code=204)
    return rendering.render(request, "changes.html", **_shown(schema, found))


@router.get("/studies/{dataset_id}/compare")
async def compare(
    dataset_id: str,
    request: Request,
    runtime: serving.Runtime,
    person: guard.SignedIn,
    id: Annotated[list[str], Query(max_length=50)] = [],  # noqa: A002, B006 - as the form names it
) -> Response:
    """Show two generations side by side, and what is different between them."""
    dataset, schema = await study.schema_of(runtime, person, dataset_id)
    if len(id) != 2:
        raise errors.InvalidFieldsError([errors.Fault("/id", "Choose two to compare.")])
    both = [await generations_of(runtime).read(person.caller, one) for one in reversed(id)]
    found = await _compared(request, runtime, person, both[1].id, both[0].id)
    if found is None:
        return Response(status_code=204)
    reports = [None if it.report is None else Report.from_json(it.report) for it in both]
    sides = [
        (it, report, wording.of_conditions(schema, it.conditions))
        for it, report in zip(both, reports, strict=True)
    ]
    return rendering.render(
        request, "compare.html", study=dataset, sides=sides, **_shown(schema, found)
    )


async def _figures_of(
    runtime: serving.Runtime, person: SignedIn, generation_id: str
) -> Figures | None:
    """Return what was kept with the rows for their report; None of those of an earlier version."""
    kept = await generations_of(runtime).full_report(person.caller, generation_id)
    if kept.figures is None:
        return None
    return await asyncio.to_thread(Figures.from_json, kept.figures)


def _pictures(schema: Schema | None, figures: Figures | None) -> dict[str, Any]:
    """Return what templates show of these: changes, and the questions that changed most."""
    compared = None if figures is None else figures.comparison
    shown = () if figures is None else figures.distributions or ()
    pictures = {
        "pictures": _most_changed(shown, compared),
        "question_count": figures.question_count if figures else 0,
    }
    changes = {"found": None} if compared is None else _shown(schema, compared)
    return {**pictures, **changes}


def _most_changed(shown: Sequence[Distribution], compared: Comparison | None) -> list[Distribution]:
    """Return the questions that changed most and were not asked for, beyond chance if any did.

    A question that few were asked changes by many points, but by chance.
    """
    free = sorted((it for it in shown if not it.is_conditioned), key=lambda it: -it.largest_change)
    changed = dict.fromkeys(it.column for it in compared.changes) if compared else {}
    beyond = {column: at for at, column in enumerate(changed)}
    surprising = sorted(
        (it for it in free if it.column in beyond), key=lambda it: beyond[it.column]
    )
    return (surprising or free)[:MOST_PICTURES]


async def _compared(
    request: Request,
    runtime: serving.Runtime,
    person: SignedIn,
    generation_id: str,
    other_id: str | None,
) -> Comparison | None:
    """Return a comparison once it is there; None if nobody waits for it any more."""
    made = service.Tabulations(runtime.database, runtime.endings.admission)
    wanted = ComparisonRequest.model_validate({"with": other_id})
    try:
        job = await made.comparison(person.caller, generation_id, wanted)
    except engine_errors.EngineError as error:
        raise study_errors.translate(error) from None
    answer = await answering.wait_for(request, runtime, person, job)
    return None if answer is None else await asyncio.to_thread(Comparison.from_json, answer)


def _shown(schema: Schema | None, found: Comparison) -> dict[str, Any]:
    """Return what templates show of a comparison: the largest changes nobody asked for."""
    changed = found.changes or [it for it in found.figures if not it.is_conditioned]
    shares = [it for it in changed if it.figure == "share"][:MOST_CHANGES]
    means = [it for it in changed if it.figure == "mean"][:MOST_CHANGES]
    return {
        "found": found,
        "shares": [_figure(schema, it) for it in shares],
        "means": [_figure(schema, it) for it in means],
        "reach": _reach(shares),
        "notes": [note for note in found.notes if not note.startswith(OF_OTHER_VIEWS)],
    }


@dataclasses.dataclass(frozen=True)
class Figure:
    """A figure of a comparison, and what people call its question."""

    label: str
    it: ComparedFigure


def _figure(schema: Schema | None, it: ComparedFigure) -> Figure:
    return Figure(wording.label_of(schema, it.column), it)


def _reach(figures: Sequence[ComparedFigure]) -> float:
    """Return how far the intervals of some changes reach from 0, 0.01 at least."""
    ends = [abs(end) for it in figures for end in it.change.numbers if end is not None]
    return max([0.01, *ends])


async def _study_of(
    runtime: serving.Runtime, person: SignedIn, dataset_id: str
) -> tuple[tables.Dataset | None, Schema | None]:
    """Return the study and its schema; None where rows have outlived them."""
    try:
        return await study.schema_of(runtime, person, dataset_id)
    except (errors.DatasetNotFoundError, errors.DatasetNotReadyError, errors.DatasetFailedError):
        return None, None


def _state(schema: Schema, made: tables.Generation) -> str:
    """Return the scenario of a generation as the address of the builder says it."""
    given: Mapping[str, Any] = {kind: it for kind, it in made.conditions.items() if it}
    asked = asking.Asked(
        see=tuple(asking.first_seen(schema)),
        rows=str(made.row_count),
        seed=str(made.seed),
        format=made.output_format,
        margins=made.margins_asked or "",
        support_weight=made.support_weight,
    )
    return asking.of_conditions(schema, given, asked).query


def address_of(generation_id: str) -> str:
    """Return the address of a generation's page."""
    return f"/studio/rows/{generation_id}"
