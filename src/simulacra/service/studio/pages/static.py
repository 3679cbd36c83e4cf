"""Style sheets, scripts and the icon."""

import importlib.resources

from fastapi import APIRouter
from fastapi.responses import Response

from simulacra.engine.display import templating
from simulacra.service import errors
from simulacra.service.studio import guard, rendering

CSS, SCRIPT = "text/css; charset=utf-8", "text/javascript; charset=utf-8"
FILES = {
    "studio.css": CSS,
    "scenario.css": CSS,
    "scenario.js": SCRIPT,
    "studio.js": SCRIPT,
    "htmx.min.js": SCRIPT,
    "icon.svg": "image/svg+xml",
}
_FOLDER = importlib.resources.files("simulacra.service.studio") / "static"
CHARTS = "charts.css"
"""The style sheet of charts, which the engine has, since its reports look alike."""
_CONTENT = {name: (_FOLDER / name).read_bytes() for name in FILES}
_CONTENT[CHARTS] = templating.stylesheet().encode()

router = APIRouter(route_class=rendering.Page, dependencies=[guard.Open])


@router.get("/static/{name}")
async def get_static(name: str) -> Response:
    """Return a file that all pages use."""
    if name not in _CONTENT:
        raise errors.NotFoundError("There is no such file.")
    headers = {"cache-control": "max-age=300", "cross-origin-resource-policy": "same-origin"}
    return Response(_CONTENT[name], media_type=FILES.get(name, CSS), headers=headers)
