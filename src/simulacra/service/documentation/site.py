"""The routes of the documents."""

import datetime as dt
import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from simulacra.service import errors
from simulacra.service.documentation import agents, changes, facts, rendering, security_contact
from simulacra.service.documentation.pages import BY_SLUG, ROOT
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
WHATS_NEW = "whats-new"
"""The page that is made of the changelog, beside those that are texts."""

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
    response_model=Changes,
    responses={
        200: {
            "description": "The changes.",
            "content": {"text/html": {"schema": {"type": "string"}}},
            "links": {"errors": openapi.link("listErrors", "Read about the error codes.")},
        }
    },
)
async def list_changes(request: Request, runtime: serving.Runtime) -> Response:
    """Return the changes that customers notice, the newest release first; as a page, if asked."""
    known = facts.of(runtime)
    if negotiation.wants_html(request):
        answer = _page(WHATS_NEW, known)
    else:
        listed = Changes(version=known.version, releases=_releases())
        answer = JSONResponse(listed.model_dump(mode="json"))
    answer.headers["Vary"] = "Accept"
    return answer


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


@router.get("/favicon.ico", include_in_schema=False)
async def get_icon(request: Request) -> Response:
    """Return the icon, where browsers look for it that show JSON and so read no page of ours."""
    return _static("icon.svg").answer(request)


@router.get("/.well-known/security.txt", include_in_schema=False)
async def get_security_contact(runtime: serving.Runtime) -> Response:
    """Say whom to tell of a weakness (RFC 9116)."""
    contact = runtime.policy.support_contact
    if contact is None or contact.startswith("http://"):  # which the RFC does not allow
        raise errors.NotFoundError(
            "This installation names nobody to report weaknesses to: its operator can set "
            "support_contact to a mail address or the address of a page (https://...)."
        )
    text = security_contact.text(contact, runtime.policy.base_url, dt.datetime.now(dt.UTC))
    return PlainTextResponse(text)


@router.get(f"{ROOT}{{slug}}", include_in_schema=False)
async def get_page(slug: str, request: Request, runtime: serving.Runtime) -> Response:
    """Return a page; its address with .md is the text that it is made of."""
    known, name = facts.of(runtime), slug.removesuffix(".md")
    if name not in (*BY_SLUG, WHATS_NEW):
        names = ", ".join([*BY_SLUG, WHATS_NEW])
        raise errors.NotFoundError(f"There is no page {slug!r}; there are {names}.")
    if slug.endswith(".md"):
        return _kept(request, slug, lambda: _text(name, known)[1])
    return _page(name, known)


def _page(slug: str, known: facts.Facts) -> Response:
    title, text = _text(slug, known)
    return rendering.page("page.html", known, here=slug, title=title, body=rendering.html(text))


def _text(slug: str, known: facts.Facts) -> tuple[str, str]:
    """Return the title of a page, and its text as Markdown."""
    if slug == WHATS_NEW:
        return "What's new", changes.markdown(_releases())
    return BY_SLUG[slug].title, BY_SLUG[slug].markdown(known)


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
