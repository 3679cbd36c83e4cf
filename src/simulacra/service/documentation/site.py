"""The routes of the documents."""

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from simulacra.service import errors
from simulacra.service.documentation import agents, changes, facts, rendering
from simulacra.service.documentation.pages import BY_SLUG, PAGES, ROOT
from simulacra.service.http import guards, kept, negotiation, openapi, serving

if TYPE_CHECKING:
    from simulacra.service.contract import routes

SCRIPT, STYLE = "text/javascript; charset=utf-8", "text/css; charset=utf-8"
FILES: Mapping[str, str] = {
    "openapi-explorer.min.js": SCRIPT,
    "interactive.js": SCRIPT,
    "pages.css": STYLE,
    "icon.svg": "image/svg+xml",
}
MARKDOWN = "text/markdown; charset=utf-8"

router = APIRouter(dependencies=[guards.Open])


class Changes(BaseModel):
    """What changed."""

    version: str = Field(description="Of this installation.")
    releases: list[changes.Release] = Field(description="The newest first.")


@router.get("/", include_in_schema=False)
async def get_root(request: Request, runtime: serving.Runtime) -> Response:
    """Lead people to the interactive page, and give programs the addresses."""
    if negotiation.wants_html(request):
        return RedirectResponse(ROOT, status_code=307)
    base = runtime.policy.base_url
    return JSONResponse(
        {
            "name": "Simulacra",
            "documentation": f"{base}{ROOT}",
            "openapi": f"{base}/openapi.json",
            "arazzo": f"{base}/arazzo.json",
            "llms": f"{base}/llms.txt",
            "llms_full": f"{base}/llms-full.txt",
            "errors": f"{base}/errors",
            "whats_new": f"{base}/v1/whats-new",
            "health": f"{base}/healthz",
        },
        headers={"Vary": "Accept"},
    )


@router.get(
    "/v1/whats-new",
    operation_id="listChanges",
    summary="Read what has changed",
    tags=["service"],
    responses={
        200: {
            "description": "The changes.",
            "links": {"errors": openapi.link("listErrors", "Read about the error codes.")},
        }
    },
)
async def list_changes(runtime: serving.Runtime) -> Changes:
    """Return the changes that customers notice, the newest release first."""
    return Changes(version=facts.of(runtime).version, releases=_releases())


@router.get("/llms.txt", include_in_schema=False)
async def get_llms(request: Request, runtime: serving.Runtime) -> Response:
    """Return the short manual for coding agents."""
    return _kept(request, "llms.txt", lambda: agents.short(facts.of(runtime), _contract(request)))


@router.get("/llms-full.txt", include_in_schema=False)
async def get_llms_full(request: Request, runtime: serving.Runtime) -> Response:
    """Return the whole manual for coding agents."""
    return _kept(request, "llms-full", lambda: agents.full(facts.of(runtime), _contract(request)))


@router.get(ROOT[:-1], include_in_schema=False)
async def get_without_slash() -> Response:
    """Lead to the interactive page."""
    return RedirectResponse(ROOT, status_code=307)


@router.get(ROOT, include_in_schema=False)
async def get_interactive(runtime: serving.Runtime) -> Response:
    """Return the interactive page."""
    known = facts.of(runtime)
    overview = rendering.html(BY_SLUG["overview"].markdown(known))
    return rendering.page("interactive.html", known, here="reference", overview=overview)


@router.get(f"{ROOT}static/{{name}}", include_in_schema=False)
async def get_static(name: str, request: Request) -> Response:
    """Return a file of the pages."""
    if name not in FILES:
        raise errors.NotFoundError("There is no such file.")
    return _static(name).answer(request)


@router.get(f"{ROOT}whats-new", include_in_schema=False)
async def get_whats_new(runtime: serving.Runtime) -> Response:
    """Return what has changed, for people."""
    body = rendering.html(changes.markdown(_releases()))
    return rendering.page(
        "page.html", facts.of(runtime), here="whats-new", title="What's new", body=body
    )


@router.get(f"{ROOT}{{slug}}", include_in_schema=False)
async def get_page(slug: str, request: Request, runtime: serving.Runtime) -> Response:
    """Return a page; its address with .md is the text that it is made of."""
    found = BY_SLUG.get(slug.removesuffix(".md"))
    if found is None:
        names = ", ".join(page.slug for page in PAGES)
        raise errors.NotFoundError(f"There is no page {slug!r}; there are {names}.")
    known = facts.of(runtime)
    text = found.markdown(known)
    if slug.endswith(".md"):
        return _kept(request, slug, lambda: text)
    return rendering.page(
        "page.html", known, here=found.slug, title=found.title, body=rendering.html(text)
    )


def _contract(request: Request) -> dict[str, Any]:
    documents: routes.Documents = request.app.state.documents
    return documents.contract


def _kept(request: Request, name: str, make: Callable[[], str]) -> Response:
    """Answer with a text that is made once for each application."""
    texts: dict[str, kept.Document] = request.app.state.documents.texts
    if name not in texts:
        texts[name] = kept.Document(make().encode(), MARKDOWN)
    return texts[name].answer(request)


@functools.cache
def _static(name: str) -> kept.Document:
    return kept.Document(rendering.static(name), FILES[name])


@functools.cache
def _releases() -> list[changes.Release]:
    return changes.read()
