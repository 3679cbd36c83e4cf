"""Pages as HTML, within one frame, and the headers that bound what they may do."""

import functools
import importlib.resources
import re
from typing import Any

import jinja2
import markupsafe
from fastapi.responses import HTMLResponse, Response
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from simulacra.service.documentation.facts import Facts
from simulacra.service.documentation.pages import PAGES, ROOT

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' "
    "data: blob:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""Nothing leaves the origin. The interactive page's component writes its colours into style
elements of its own; a style can neither run nor, under this policy, fetch anything."""
HEADERS = {
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}
STATIC = importlib.resources.files("simulacra.service.documentation") / "static"


def page(
    template: str,
    facts: Facts,
    *,
    status: int = 200,
    here: str = "",
    **values: Any,  # noqa: ANN401 - whatever the template shows
) -> Response:
    """Return a page; `here` is the slug of the one that the navigation marks."""
    shown = _TEMPLATES.get_template(template).render(
        facts=facts, pages=PAGES, root=ROOT, here=here, **values
    )
    return HTMLResponse(shown, status_code=status, headers=HEADERS)


def html(markdown: str) -> markupsafe.Markup:
    """Return Markdown as HTML; HTML within it is shown as it is written."""
    return markupsafe.Markup(_MARKDOWN.render(markdown))  # noqa: S704 - it escapes what is no Markdown


def inline(markdown: str) -> markupsafe.Markup:
    """Return a line of Markdown as HTML, without a paragraph around it."""
    return markupsafe.Markup(_MARKDOWN.renderInline(markdown))  # noqa: S704 - as above


def _highlighted(code: str, language: str, _attributes: str) -> str:
    try:
        lexer = get_lexer_by_name(language)
    except ClassNotFound:
        return ""
    return str(highlight(code, lexer, HtmlFormatter(nowrap=True)))


def _heading(self: RendererHTML, tokens: Any, index: int, options: Any, env: Any) -> str:  # noqa: ANN401 - as the library's
    """Give a heading the id that links within the page use."""
    words = re.sub(r"[^\w\s-]", "", tokens[index + 1].content.lower())
    tokens[index].attrSet("id", re.sub(r"\s+", "-", words.strip()))
    return str(self.renderToken(tokens, index, options, env))


def _code(_self: RendererHTML, tokens: Any, index: int, _options: Any, _env: Any) -> str:  # noqa: ANN401 - likewise
    """Let a path break behind its slashes on a narrow page, and not within a word."""
    return f"<code>{escapeHtml(tokens[index].content).replace('/', '/<wbr>')}</code>"


def _table(self: RendererHTML, tokens: Any, index: int, options: Any, env: Any) -> str:  # noqa: ANN401 - likewise
    """Let a wide table scroll by itself; the keyboard can reach it."""
    opening = self.renderToken(tokens, index, options, env)
    return f'<div class="wide" tabindex="0" role="region" aria-label="Table">{opening}'


def _table_end(self: RendererHTML, tokens: Any, index: int, options: Any, env: Any) -> str:  # noqa: ANN401 - likewise
    return f"{self.renderToken(tokens, index, options, env)}</div>"


def _make_markdown() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "highlight": _highlighted}).enable("table")
    made.add_render_rule("heading_open", _heading)
    made.add_render_rule("code_inline", _code)
    made.add_render_rule("table_open", _table)
    made.add_render_rule("table_close", _table_end)
    return made


@functools.cache
def static(name: str) -> bytes:
    """Return a file of the pages."""
    return (STATIC / name).read_bytes()


_MARKDOWN = _make_markdown()
_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("simulacra.service.documentation"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["inline"] = inline
