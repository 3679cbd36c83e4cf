"""Correcting what cleaning made of a study, and training on the same file again."""

import dataclasses
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from pydantic import BaseModel

from simulacra.engine.columns.schema import Schema
from simulacra.service import errors
from simulacra.service.database import tables
from simulacra.service.database.statuses import DatasetStatus
from simulacra.service.endpoints.datasets import datasets_of
from simulacra.service.fields import Text
from simulacra.service.http import serving
from simulacra.service.studio import corrections, guard, rendering, study
from simulacra.service.studio.pages import uploading

MOST_BYTES = 2 * corrections.MOST_BYTES
MOST_NAMES = 3000
"""Names of columns that the page proposes while one is typed."""

router = APIRouter(prefix="/studies/{dataset_id}/corrections", route_class=rendering.Page)


class CorrectionsForm(BaseModel):
    """The form as it was sent; `do` and `remove` are the buttons."""

    carried: str = "{}"
    do: Text = ""
    remove: str = ""
    column: Text = ""
    type: Text = ""
    levels: str = ""
    use: Text = ""
    missing: str = ""
    has_no_missing: bool = False
    separator: str = ""
    date_order: Text = ""
    set_name: Text = ""
    set_columns: str = ""
    weight_column: Text = ""
    privacy: Text = ""
    missing_anywhere: str = ""
    display_name: Text = ""


@dataclasses.dataclass(frozen=True)
class _Page:
    """What every answer shows."""

    dataset: tables.Dataset
    schema: Schema | None
    form: CorrectionsForm
    fault: str | None = None


@router.get("")
async def show_corrections(
    dataset_id: str,
    request: Request,
    runtime: serving.Runtime,
    person: guard.SignedIn,
    column: Text = "",
    missing: Text = "",
    weight: Text = "",
) -> Response:
    """Show what was stated about the study, and a form for more.

    Other pages name a column to begin with, and codes in it, or one to weight the study by.
    """
    dataset, schema = await _study(runtime, person, dataset_id)
    stated = corrections.Corrections.of_options(dataset.options, schema)
    if weight:
        stated.set_whole("weight_column", weight)
    form = CorrectionsForm(column=column, missing=missing, display_name=_next_name(dataset))
    return _render(request, _Page(dataset, schema, form), stated)


@router.post("", max_body_size=MOST_BYTES)
async def correct(
    dataset_id: str,
    request: Request,
    runtime: serving.Runtime,
    person: guard.SignedIn,
    form: Annotated[CorrectionsForm, Form()],
) -> Response:
    """Add a correction, take one back, or train again with all of them."""
    dataset, schema = await _study(runtime, person, dataset_id)
    stated = corrections.Corrections.of_text(form.carried, schema)
    try:
        if form.do == "train" and dataset.sealed_key is None:  # the file went with the failure
            stated.checked()
            return uploading.form_page(request, runtime, stated, form.display_name)
        if form.do == "train":
            return await _train(request, runtime, person, dataset, stated, form)
        if form.remove:
            stated.remove(form.remove)
        else:
            _add(stated, form)
            stated.checked()
    except errors.InvalidFieldsError as error:
        told = " ".join(fault.detail for fault in error.faults)
        before = corrections.Corrections.of_text(form.carried, schema)
        return _render(request, _Page(dataset, schema, form, told), before, status=422)
    empty = CorrectionsForm(display_name=form.display_name)
    return _render(request, _Page(dataset, schema, empty), stated)


async def _train(
    request: Request,
    runtime: serving.Runtime,
    person: guard.SignedIn,
    dataset: tables.Dataset,
    stated: corrections.Corrections,
    form: CorrectionsForm,
) -> Response:
    datasets, fields = datasets_of(runtime), stated.checked(form.display_name)
    await datasets.admit(person.caller)
    with runtime.space.reserve(person.tenant_id, dataset.seed_bytes):
        made = await datasets.create_again(person.caller, dataset.id, fields)
    return rendering.go(request, f"/studio/studies/{made.id}")


def _add(stated: corrections.Corrections, form: CorrectionsForm) -> None:
    """Add what the part of the form says that was sent.

    Raises:
        errors.InvalidFieldsError: it says nothing, or what cannot be.
    """
    match form.do:
        case "column":
            _add_of_column(stated, form)
        case "set":
            stated.add_set(form.set_name, form.set_columns)
        case "study":
            stated.set_whole("weight_column", form.weight_column)
            stated.set_whole("privacy", form.privacy if form.privacy != "standard" else "")
            if form.missing_anywhere.strip():
                stated.add_missing_anywhere(form.missing_anywhere)


def _add_of_column(stated: corrections.Corrections, form: CorrectionsForm) -> None:
    before = stated.to_text()
    if form.type or form.levels.strip():
        stated.add_type(form.column, form.type, form.levels)
    if form.use:
        stated.add_use(form.column, form.use)
    if form.separator:
        stated.add_separator(form.column, form.separator)
    if form.date_order:
        stated.add_date_order(form.column, form.date_order)
    if form.missing.strip() or form.has_no_missing:
        stated.add_missing(form.column, form.missing, is_none=form.has_no_missing)
    if stated.to_text() == before:
        told = "Say what is different about the column."
        raise errors.InvalidFieldsError([errors.Fault("column", told)])


async def _study(
    runtime: serving.Runtime, person: guard.SignedIn, dataset_id: str
) -> tuple[tables.Dataset, Schema | None]:
    """Return a study that was trained, or whose training failed, which has no schema."""
    dataset = await study.read(runtime, person, dataset_id)
    if dataset.status == DatasetStatus.FAILED:
        return dataset, None
    return await study.schema_of(runtime, person, dataset_id)


def _next_name(dataset: tables.Dataset) -> str:
    name = study.name_of(dataset)
    return name if name.endswith(", corrected") else f"{name}, corrected"


def _render(
    request: Request, page: _Page, stated: corrections.Corrections, status: int = 200
) -> Response:
    columns = page.schema.columns[:MOST_NAMES] if page.schema is not None else ()
    chosen = None
    if page.schema is not None and page.form.column in page.schema:
        chosen = page.schema[page.form.column]
    return rendering.render(
        request,
        "corrections.html",
        status=status,
        study=page.dataset,
        is_kept=page.dataset.sealed_key is not None,
        columns=columns,
        chosen=chosen,
        form=page.form,
        fault=page.fault,
        stated=list(stated.listed()),
        carried=stated.to_text(),
        fields=stated.fields,
        types=corrections.TYPES,
        orders=corrections.ORDERS,
    )
