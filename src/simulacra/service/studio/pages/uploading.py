"""Uploading a study."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from simulacra.service import errors
from simulacra.service.endpoints import upload
from simulacra.service.endpoints.datasets import datasets_of
from simulacra.service.http import pages, serving
from simulacra.service.studio import corrections, guard, rendering
from simulacra.service.transfers import Direction

MAX_NAME = 200
CARRIED = "carried"
"""The field of what is stated besides that which the form asks for."""
ASKED = ("weight_column", "privacy")

router = APIRouter(prefix="/upload", route_class=rendering.Page)


@router.get("")
async def show_form(request: Request, runtime: serving.Runtime, _: guard.SignedIn) -> Response:
    """Show the form."""
    return form_page(request, runtime, corrections.Corrections({}, None), "")


@router.post("")
async def receive(request: Request, runtime: serving.Runtime, person: guard.Uploading) -> Response:
    """Store a file and start its training."""
    caller, datasets = person.caller, datasets_of(runtime)
    most = (await datasets.admit(caller)).uploads
    size = upload.disk_bytes(request, runtime.policy.max_upload_bytes)
    with (
        runtime.transfers.one(Direction.UPLOADS, caller.tenant_id, most),
        runtime.space.reserve(caller.tenant_id, size),
    ):
        async with upload.received(request) as form:
            guard.check_form(person, str(form.get(pages.FORMS_FIELD, "")))
            file = upload.file_of(form)
            if not file.filename:
                told = "No file was chosen."
                raise errors.InvalidFieldsError([errors.Fault("seed_file", told)])
            carried = corrections.Corrections.of_text(str(form.get(CARRIED, "{}")), None)
            without = {*upload.FILE_FIELDS, pages.FORMS_FIELD, CARRIED}
            given = carried.as_form()
            given |= {name: it for name, it in form.multi_items() if it and name not in without}
            given.setdefault("display_name", file.filename.rpartition(".")[0][:MAX_NAME])
            dataset, _ = await datasets.create(caller, file.file, upload.fields_of(given), None)
    return rendering.go(request, f"/studio/studies/{dataset.id}")


def form_page(
    request: Request, runtime: serving.Runtime, stated: corrections.Corrections, name: str
) -> Response:
    """Return the form, with what was stated about a file whose training failed.

    What the form asks for itself is filled in; the rest is carried along.
    """
    fields = stated.fields
    rest = {field: it for field, it in fields.items() if field not in ASKED}
    carried = corrections.Corrections(rest, None)
    return rendering.render(
        request,
        "upload.html",
        most_bytes=runtime.policy.max_upload_bytes,
        name=name,
        fields=fields,
        stated=list(carried.listed()),
        carried=carried.to_text(),
    )
