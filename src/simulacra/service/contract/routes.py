"""The documents of the contract, as the service gives them out."""

import functools
import json
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response

from simulacra.service.contract import document, workflow
from simulacra.service.http import guards, kept

router = APIRouter(dependencies=[guards.Open], include_in_schema=False)


class Documents:
    """The documents of one application, which are made when they are first asked for."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self.texts: dict[str, kept.Document] = {}
        """Other documents that are made of the contract, by name."""

    def prepare(self) -> None:
        """Make the contract now, so that no request waits for it."""
        _ = self.openapi

    @functools.cached_property
    def contract(self) -> dict[str, Any]:
        """The OpenAPI document as data."""
        return document.of(self._app)

    @functools.cached_property
    def openapi(self) -> kept.Document:
        """The OpenAPI document."""
        return _kept(self.contract)

    @functools.cached_property
    def arazzo(self) -> kept.Document:
        """The Arazzo document."""
        return _kept(workflow.of(self._app))


def _kept(content: dict[str, Any]) -> kept.Document:
    return kept.Document(json.dumps(content, ensure_ascii=False).encode(), "application/json")


@router.get("/openapi.json", operation_id="getOpenapi")
async def get_openapi(request: Request) -> Response:
    """Return the OpenAPI document."""
    documents: Documents = request.app.state.documents
    return documents.openapi.answer(request)


@router.get("/arazzo.json", operation_id="getArazzo")
async def get_arazzo(request: Request) -> Response:
    """Return the Arazzo document."""
    documents: Documents = request.app.state.documents
    return documents.arazzo.answer(request)
