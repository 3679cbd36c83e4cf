"""The way of artifacts to the customer."""

import asyncio
import base64
import contextlib
import dataclasses
import itertools
import logging
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from simulacra.engine import outputs
from simulacra.service import errors, storage, tenancy
from simulacra.service.audit import trail
from simulacra.service.audit.entry import Action, Detail
from simulacra.service.database import tables
from simulacra.service.generations import links, repository
from simulacra.service.http import etags, guards, openapi, ranges, serving
from simulacra.service.identity.principal import Principal
from simulacra.service.tenants import encryption
from simulacra.service.transfers import Direction

MEDIA_TYPES = {
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv",
    "arrow": "application/vnd.apache.arrow.file",
    "sav": "application/x-spss-sav",
    "zsav": "application/x-spss-sav",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "dta": "application/x-stata-dta",
    "triple-s": "application/zip",
    "csv-excel": "text/csv",
}

logger = logging.getLogger(__name__)

router = APIRouter(tags=["generations"])


OF_ALL = ("ETag", "Repr-Digest", "Accept-Ranges", "Content-Disposition", "Cache-Control")
HEAD: dict[int | str, dict[str, Any]] = {
    200: {"description": "There is a file.", **openapi.sends(*OF_ALL, "Content-Length")},
    304: {"description": "Your copy is current.", **openapi.sends(*OF_ALL)},
}
ANY_MEDIA_TYPE = "application/octet-stream"
"""For formats to come without a media type of their own: the file is bytes, whatever it is."""
ROWS = {
    "content": {
        media_type: {"schema": {"type": "string", "format": "binary"}}
        for media_type in dict.fromkeys((ANY_MEDIA_TYPE, *MEDIA_TYPES.values()))
    },
    "links": {"usage": openapi.link("getUsage", "See what is left of the subscription.")},
}
GET: dict[int | str, dict[str, Any]] = {
    200: {"description": "The whole file.", **ROWS, **openapi.sends(*OF_ALL, "Content-Length")},
    206: {
        "description": "The range that was asked for.",
        **ROWS,
        **openapi.sends(*OF_ALL, "Content-Length", "Content-Range"),
    },
    304: HEAD[304],
    **openapi.problems("simio_range_not_satisfiable"),
}
ABSENT = openapi.problems(
    "simio_artifact_link_invalid",
    "simio_generation_not_found",
    "simio_customer_key_unavailable",
    "simio_customer_storage_unavailable",
)


@dataclasses.dataclass(frozen=True)
class _Wanted:
    """Which bytes a request is after (RFC 9110, sections 13 and 14)."""

    range_header: str | None
    if_range: str | None
    if_none_match: str | None


async def _read_wanted(
    range_header: Annotated[
        str | None, Header(alias="Range", description="One range of bytes, such as `bytes=0-999`.")
    ] = None,
    if_range: Annotated[
        str | None,
        Header(alias="If-Range", description="An `ETag`: the range counts for this file only."),
    ] = None,
    if_none_match: Annotated[
        str | None,
        Header(alias="If-None-Match", description="The `ETag` of the copy that you have."),
    ] = None,
) -> _Wanted:
    return _Wanted(range_header, if_range, if_none_match)


Wanted = Annotated[_Wanted, Depends(_read_wanted)]


@router.head(
    "/v1/generations/{generation_id}/artifact",
    operation_id="headArtifact",
    summary="Ask for size and tag of the rows",
    response_class=Response,
    responses={**HEAD, **ABSENT},
)
@router.get(
    "/v1/generations/{generation_id}/artifact",
    operation_id="downloadArtifact",
    summary="Download the rows",
    response_class=Response,
    responses={**GET, **ABSENT},
)
async def download_artifact(
    generation_id: str,
    request: Request,
    caller: guards.ReadGenerations,
    runtime: serving.Runtime,
    token: Annotated[str, Query(description="From `artifact_url`; do not build it yourself.")],
    wanted: Wanted,
) -> Response:
    """Return the artifact, or one range of it; use the `artifact_url` of the generation."""
    async with runtime.database.transaction(caller.tenant_id) as session:
        generation = await repository.get(session, generation_id)  # a stranger's is not there
    links.check(runtime.keyring, caller, generation_id, token)
    return await answer(request, runtime, caller, generation, wanted)


@router.head(
    "/v1/generations/{generation_id}/delivery",
    operation_id="headDelivery",
    summary="Ask for size and tag of the rows in storage of your own",
    response_class=Response,
    responses={**HEAD, **ABSENT},
)
@router.get(
    "/v1/generations/{generation_id}/delivery",
    operation_id="deliverArtifact",
    summary="Download the rows from storage of your own",
    response_class=Response,
    responses={**GET, **ABSENT},
)
async def deliver_artifact(
    generation_id: str,
    request: Request,
    caller: guards.HolderOfLink,
    runtime: serving.Runtime,
    wanted: Wanted,
) -> Response:
    """Return the artifact, or one range of it, out of your own bucket and under your own key.

    The absolute `artifact_url` of a generation points here. The link is enough: a bearer token may
    come along and is not looked at.
    """
    async with runtime.database.transaction(caller.tenant_id) as session:
        generation = await repository.get(session, generation_id)
    return await answer(request, runtime, caller, generation, wanted)


async def answer(
    request: Request,
    runtime: serving.Runtime,
    caller: Principal,
    generation: tables.Generation,
    wanted: _Wanted,
) -> Response:
    """Return the file of a generation, or one range of it, and record the download.

    Raises:
        errors.GenerationNotFoundError: there are no rows, or none any more.
    """
    generation_id = generation.id
    if generation.sealed_key is None or generation.artifact_path is None:
        raise errors.GenerationNotFoundError(f"Generation {generation_id} has no artifact.")
    async with runtime.database.transaction(caller.tenant_id) as session:
        wrapped = await encryption.unseal(
            session, runtime.keyring, caller.tenant_id, generation_id, generation.sealed_key
        )
        store = await runtime.stores.of(session, generation.store_id)
        tenant = await session.get_one(tables.Tenant, caller.tenant_id)
    headers, size = _headers(generation), int(generation.size_bytes or 0)
    if etags.is_current(wanted.if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    is_ranged = request.method == "GET" and wanted.if_range in (None, headers["ETag"])
    part = ranges.parse(wanted.range_header, size) if is_ranged else None
    start, stop = part or (0, size)
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    headers["Content-Length"] = str(stop - start)
    status, media_type = (200 if part is None else 206), MEDIA_TYPES[generation.output_format]
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=media_type)
    most = runtime.policy.capacity.of(tenant).downloads
    with contextlib.ExitStack() as stack:
        stack.enter_context(runtime.transfers.one(Direction.DOWNLOADS, caller.tenant_id, most))
        key = await store.unwrap(wrapped, generation_id)
        chunks = await asyncio.to_thread(_begin, store.objects, generation, key, start, stop)
        await _record(runtime.database, caller, generation_id, stop - start)
        download = _Download(chunks, status_code=status, headers=headers, media_type=media_type)
        download.held = stack.pop_all()
    return download


class _Download(StreamingResponse):
    """An answer that counts as a download until its last byte is taken, or its client is gone."""

    held: contextlib.ExitStack

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self.held:
            await super().__call__(scope, receive, send)


def _begin(
    store: storage.Storage,
    generation: tables.Generation,
    key: storage.ObjectKey,
    start: int,
    stop: int,
) -> Iterator[bytes]:
    """Return the requested bytes; the first are read now, as no error can follow a 200."""
    chunks = store.chunks(str(generation.artifact_path), key, start, stop)
    try:
        return itertools.chain([next(chunks, b"")], chunks)
    except FileNotFoundError:
        logger.error("generation %s: its artifact is not in the store", generation.id)  # noqa: TRY400 - a trace says no more
        detail = f"The rows of generation {generation.id} are gone; generate them again."
        raise errors.GenerationNotFoundError(detail) from None


async def _record(
    database: tenancy.Database, caller: Principal, generation_id: str, size_bytes: int
) -> None:
    """Put a download on record before its first byte is sent; a part counts as one."""
    async with database.transaction(caller.tenant_id) as session:
        trail.record(
            session,
            caller.actor,
            Action.ARTIFACT_DOWNLOADED,
            generation_id,
            tenant_id=caller.tenant_id,
            details={Detail.BYTES: size_bytes},
        )


def _headers(generation: tables.Generation) -> dict[str, str]:
    sha256 = str(generation.sha256)
    name = f"{generation.id}.{outputs.suffix_of(generation.output_format)}"
    digest = base64.b64encode(bytes.fromhex(sha256)).decode()
    return {
        "ETag": f'"{sha256}"',
        "Repr-Digest": f"sha-256=:{digest}:",
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-store",
        "Content-Disposition": f'attachment; filename="{name}"',
    }
