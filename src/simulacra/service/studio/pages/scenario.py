"""The builder of scenarios: questions with conditions, and a preview that follows along."""

import asyncio
import dataclasses
import json
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response
from markupsafe import Markup

from simulacra.engine import errors as engine_errors
from simulacra.engine.columns.schema import Column, Schema
from simulacra.engine.report.preview import Preview
from simulacra.service import errors, keys
from simulacra.service.database import tables
from simulacra.service.datasets import saved_scenarios
from simulacra.service.errors import study as study_errors
from simulacra.service.fields import Text
from simulacra.service.generations import schemas, service
from simulacra.service.http import serving
from simulacra.service.people.sessions import SignedIn
from simulacra.service.studio import answering, asking, calls, guard, rendering, study, wording
from simulacra.service.usage import windows

MOST_FOUND = 12
"""Questions that a search shows."""

FIRST_LINES = 10
"""Answers of a question that are seen at once."""

MOST_COMPARED = 3
"""Saved scenarios that are shown side by side."""

router = APIRouter(prefix="/studies/{dataset_id}/scenario", route_class=rendering.Page)


@router.get("")
async def show_scenario(
    dataset_id: str, request: Request, runtime: serving.Runtime, person: guard.SignedIn
) -> Response:
    """Show the scenario that the address says."""
    dataset, schema = await study.schema_of(runtime, person, dataset_id)
    given = request.query_params.multi_items()
    asked = asking.parse(schema, given)
    if any(name in ("drop", "unsee") for name, _ in given):
        return rendering.redirect(f"{address_of(dataset_id)}?{asked.query}")
    async with runtime.database.transaction(person.tenant_id) as session:
        saved = await saved_scenarios.listed(session, dataset_id)
    now = None  # a browser without scripts asks for the preview with the page
    if ("now", "1") in given:
        try:
            now = await _preview(request, runtime, person, dataset, schema, asked)
        except (engine_errors.EngineError, errors.ServiceError) as error:
            now = _faults(request, error)
    return rendering.render(
        request,
        "scenario.html",
        now=None if now is None else Markup(bytes(now.body).decode()),  # noqa: S704 - a template's
        study=dataset,
        schema=schema,
        asked=asked,
        parts=[_part(schema, block) for block in asked.blocks],
        seen=[(name, wording.label_of(schema, name)) for name in asked.see],
        formats=[(it.value, wording.FORMATS[it]) for it in schemas.OutputFormat],
        saved=saved,
        more=json.dumps(asked.more, indent=2, ensure_ascii=False) if asked.more else "",
    )


@router.get("/find")
async def find(
    dataset_id: str,
    request: Request,
    runtime: serving.Runtime,
    person: guard.SignedIn,
    q: Text = "",
) -> Response:
    """Show the questions that a text may mean, with what can be asked of each."""
    _, schema = await study.schema_of(runtime, person, dataset_id)
    found = _found(schema, q.strip())
    return rendering.render(
        request, "scenario_found.html", q=q.strip(), found=found[:MOST_FOUND], total=len(found)
    )


@router.post("/preview", max_body_size=rendering.MAX_STATE_BYTES)
async def show_preview(
    dataset_id: str, request: Request, runtime: serving.Runtime, person: guard.Reading
) -> Response:
    """Show what a scenario gives, as a part of the page.

    Who moves a slider on before it is there does not wait for it any more: its job is cancelled.
    """
    dataset, schema = await study.schema_of(runtime, person, dataset_id)
    form = await request.form()
    try:
        asked = asking.parse(schema, [(name, str(value)) for name, value in form.multi_items()])
        shown = await _preview(request, runtime, person, dataset, schema, asked)
    except (engine_errors.EngineError, errors.ServiceError) as error:
        return _faults(request, error)
    if shown.status_code == 200:
        shown.headers["HX-Replace-Url"] = f"{address_of(dataset_id)}?{asked.query}"
    return shown


async def _preview(
    request: Request,
    runtime: serving.Runtime,
    person: SignedIn,
    dataset: tables.Dataset,
    schema: Schema,
    asked: asking.Asked,
) -> Response:
    """Return a preview as a part of the page, once it is there.

    Raises:
        errors.ServiceError: the scenario is not complete, or nothing answers.
        engine_errors.EngineError: it does not fit the study.
        problems.Problem: the preview failed.
    """
    made = service.Previews(runtime.database, runtime.endings.admission)
    job = await made.create(person.caller, dataset.id, asked.preview(schema))
    answer = await answering.wait_for(request, runtime, person, job)
    if answer is None:
        return Response(status_code=204)
    preview = await asyncio.to_thread(Preview.from_json, answer)
    return rendering.render(
        request,
        "preview.html",
        study=dataset,
        asked=asked,
        preview=preview,
        support=wording.support_of(preview.support.effective_sample_size),
        label_of=lambda name: wording.label_of(schema, name),
        nearest=_nearest(schema, preview, asked),
        balance=await _balance(runtime, person),
        once=keys.random_id(),
        calls=calls.of(runtime.policy.base_url, dataset.id, asked.body(schema)),
    )


@router.post("/open", max_body_size=rendering.MAX_STATE_BYTES)
async def open_json(
    dataset_id: str,
    request: Request,
    runtime: serving.Runtime,
    person: guard.SignedIn,
    conditions_json: Annotated[str, Form()],
) -> Response:
    """Show a scenario that was given as JSON."""
    _, schema = await study.schema_of(runtime, person, dataset_id)
    asked = asking.of_json(schema, conditions_json)
    return rendering.go(request, f"{address_of(dataset_id)}?{asked.query}")


@router.post("/save", max_body_size=rendering.MAX_STATE_BYTES)
async def save(
    dataset_id: str,
    request: Request,
    runtime: serving.Runtime,
    person: guard.SignedIn,
    name: Annotated[Text, Form(max_length=saved_scenarios.MAX_NAME)],
    state: Annotated[str, Form()],
) -> Response:
    """Keep a scenario under a name; one of the same name is replaced."""
    _, schema = await study.schema_of(runtime, person, dataset_id)
    asked = asking.parse(schema, saved_scenarios.fields_of(state))
    await saved_scenarios.save(runtime.database, person.caller, dataset_id, name, asked.query)
    return rendering.go(request, f"{address_of(dataset_id)}?{asked.query}")


@router.get("/compare")
async def compare_scenarios(
    dataset_id: str,
    request: Request,
    runtime: serving.Runtime,
    person: guard.SignedIn,
    id: Annotated[list[str], Query(max_length=saved_scenarios.MOST)] = [],  # noqa: A002, B006 - as the form names it
) -> Response:
    """Show some saved scenarios side by side, with the same pictures."""
    dataset, schema = await study.schema_of(runtime, person, dataset_id)
    if not 2 <= len(id) <= MOST_COMPARED:
        detail = f"Choose two or {MOST_COMPARED} to compare."
        raise errors.InvalidFieldsError([errors.Fault("/id", detail)])
    async with runtime.database.transaction(person.tenant_id) as session:
        rows = [await saved_scenarios.get(session, dataset_id, one) for one in id]
    see = asking.parse(schema, saved_scenarios.fields_of(rows[0].state)).see
    sides = [await _side(request, runtime, person, schema, row, see) for row in rows]
    return rendering.render(request, "scenarios.html", study=dataset, sides=sides)


@router.post("/forget", max_body_size=rendering.MAX_FORM_BYTES)
async def forget(
    dataset_id: str,
    request: Request,
    runtime: serving.Runtime,
    person: guard.SignedIn,
    scenario_id: Annotated[Text, Form()],
) -> Response:
    """Remove a saved scenario."""
    await study.read(runtime, person, dataset_id)  # the answer leads to its address
    await saved_scenarios.forget(runtime.database, person.caller, dataset_id, scenario_id)
    return rendering.go(request, address_of(dataset_id))


@dataclasses.dataclass(frozen=True)
class Side:
    """One of several saved scenarios that are compared.

    Attributes:
        name: of the scenario.
        state: of the builder with it.
        words: its conditions.
        preview: of it; None if there is a fault.
        support: in words; None likewise.
        fault: why there is no preview.
    """

    name: str
    state: str
    words: list[str]
    preview: Preview | None = None
    support: wording.Support | None = None
    fault: str | None = None


async def _side(
    request: Request,
    runtime: serving.Runtime,
    person: SignedIn,
    schema: Schema,
    row: tables.SavedScenario,
    see: tuple[str, ...],
) -> Side:
    """Return a saved scenario with its preview, and with the pictures of `see`."""
    words: list[str] = []
    try:
        asked = asking.parse(schema, saved_scenarios.fields_of(row.state))
        wanted = dataclasses.replace(asked, see=see).preview(schema)  # which is checked
        words = wording.of_conditions(schema, asked.conditions(schema))
        made = service.Previews(runtime.database, runtime.endings.admission)
        job = await made.create(person.caller, row.dataset_id, wanted)
        answer = await answering.wait_for(request, runtime, person, job)
    except (engine_errors.EngineError, errors.ServiceError) as error:
        return Side(row.name, row.state, words, fault=str(error))
    if answer is None:
        return Side(row.name, row.state, words, fault="It was not waited for.")
    preview = await asyncio.to_thread(Preview.from_json, answer)
    support = wording.support_of(preview.support.effective_sample_size)
    return Side(row.name, row.state, words, preview, support)


@dataclasses.dataclass(frozen=True)
class Part:
    """A block as the page shows it.

    Attributes:
        block: what is filled in.
        label: of the question.
        column: that it is about; None of a multiple-response set.
        lines: of shares: the part of the field's name, its text, and its share in the study in
            percent, None if it is not known.
        low, high: where sliders end, of numbers.
        step: of sliders.
        input: type of the controls of a range or a mean: `number`, `date` or `text`.
    """

    block: asking.Block
    label: str
    column: Column | None
    lines: Sequence[tuple[str, str, float | None]] = ()
    low: float = 0
    high: float = 0
    step: float = 1
    input: str = "number"

    @property
    def first(self) -> list[tuple[str, str, float | None]]:
        """The lines that are seen at once: the first ones, and those that are filled in."""
        return [it for at, it in enumerate(self.lines) if at < FIRST_LINES or self._is_set(it)]

    @property
    def others(self) -> list[tuple[str, str, float | None]]:
        """The lines that are unfolded."""
        first = {name for name, _, _ in self.first}
        return [it for it in self.lines if it[0] not in first]

    def _is_set(self, line: tuple[str, str, float | None]) -> bool:
        return self.block.value(line[0]) != ""


def _part(schema: Schema, block: asking.Block) -> Part:
    label = wording.label_of(schema, block.name)
    one = asking.set_of(schema, block.name)
    if one is not None:
        lines = [
            (option, text, _chosen(schema, option, one.counted))
            for option, text in asking.options_of(schema, one)
        ]
        return Part(block, label, None, lines)
    column = schema[block.name]
    if block.kind == asking.SHARE:
        shares = dict(zip(column.levels, column.shares, strict=False))
        return Part(
            *(block, label, column),
            [(level, level, _percent(shares.get(level))) for level in column.levels],
        )
    if column.type.is_temporal:
        return Part(block, label, column, input="date" if str(column.type) == "date" else "text")
    low, high = column.bounds
    return Part(block, label, column, low=low, high=high, step=_step(column))


def _chosen(schema: Schema, option: str, counted: str | None) -> float | None:
    if option not in schema or not schema[option].levels:
        return None
    column = schema[option]
    level = column.levels[-1] if counted is None else counted
    return _percent(dict(zip(column.levels, column.shares, strict=False)).get(level))


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)


def _step(column: Column) -> float:
    """Return a step of a slider: the column's own, or a thousandth of its range if that is more."""
    low, high = column.bounds
    own = column.step
    while (high - low) / own > 1000:
        own *= 10
    return own


@dataclasses.dataclass(frozen=True)
class Found:
    """A question, or an item of one, that a search found.

    Attributes:
        name: of a column or a multiple-response set.
        label: its text for people.
        about: what it may be an answer of, in small.
        kinds: of conditions that it can have.
    """

    name: str
    label: str
    about: str
    kinds: Sequence[str]


def _found(schema: Schema, wanted: str) -> list[Found]:
    columns = schema.find(wanted) if wanted else schema.columns
    sets = {one.name: one for one in schema.sets if one.name not in schema}
    found: dict[str, Found] = {}
    for column in columns:
        whole = column.multiple_response
        if whole in sets and whole not in found:
            count = len(sets[whole].columns)
            found[whole] = Found(
                whole, wording.label_of(schema, whole), f"{count} options", (asking.OPTIONS,)
            )
        if whole not in sets or wanted:
            about = ", ".join(column.levels) if column.levels else column.values()
            found[column.name] = Found(
                column.name,
                column.label or column.name,
                about,
                asking.kinds_of(schema, column.name),
            )
    return [*found.values()]


def _faults(request: Request, error: Exception) -> Response:
    """Return what is wrong with a scenario, as a part of the page."""
    if isinstance(error, engine_errors.EngineError):
        error = study_errors.translate(error)
    faults = [fault.detail for fault in getattr(error, "faults", ())]
    detail = getattr(error, "detail", "")
    return rendering.render(request, "scenario_faults.html", detail=detail, faults=faults)


def _nearest(schema: Schema, preview: Preview, asked: asking.Asked) -> str | None:
    """Return the address of the nearest scenario that can be had in full."""
    if preview.nearest is None:
        return None
    conditions = {kind: given for kind, given in preview.nearest.items() if given}
    return asking.of_conditions(schema, conditions, asked).query


async def _balance(runtime: serving.Runtime, person: SignedIn) -> dict[str, Any]:
    """Return how many rows are left, and until when."""
    async with runtime.database.transaction(person.tenant_id) as session:
        tenant = await session.get_one(tables.Tenant, person.tenant_id)
        window = await windows.current(session, tenant)
        left = windows.remaining(tenant, window)
        return {"left": left, "until": window.ends_at, "most": tenant.max_rows_per_request}


def address_of(dataset_id: str) -> str:
    """Return the address of the builder."""
    return f"/studio/studies/{dataset_id}/scenario"
