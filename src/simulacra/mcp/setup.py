"""What a server was started with, and what each call of a tool finds out from it."""

import contextlib
import dataclasses
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import ElicitationResult, ListRoots, Resolve
from mcp.types import ListRootsResult
from pydantic import BaseModel, Field
from starlette.requests import Request

from simulacra.mcp.backends.backend import Backend
from simulacra.mcp.faults import Refusal
from simulacra.mcp.folders import Folders

WAIT_SECONDS = 45.0
"""How long a call waits for a job: many clients give up after a minute."""
CONFIRMED_ROWS = 10_000

OpenBackend = Callable[[str | None], AbstractAsyncContextManager[Backend]]
"""Takes the bearer token of a call, None if there is none."""


@dataclasses.dataclass(frozen=True)
class Setup:
    """What a server was started with.

    Attributes:
        open_backend: gives what does the work of one call.
        folders: that files may be in; None if files of this machine are no concern of the callers.
        destination: address of the service that studies go to; None if they stay here.
        passes_token: whether each call brings the bearer token that the service is called with.
        confirmed_rows: rows of a generation above which a person is asked, where rows are billed.
        wait_seconds: how long a call waits for a job.
    """

    open_backend: OpenBackend
    folders: Folders | None = None
    destination: str | None = None
    passes_token: bool = False
    confirmed_rows: int = CONFIRMED_ROWS
    wait_seconds: float = WAIT_SECONDS

    @property
    def is_billed(self) -> bool:
        """Whether rows are billed."""
        return self.destination is not None


Call = Context[Setup, Any]
"""One call of a tool."""


def of(call: Call) -> Setup:
    """Return the setup of the server that was called."""
    return call.request_context.lifespan_context


@contextlib.asynccontextmanager
async def backend(call: Call) -> Any:  # noqa: ANN401 - an iterator over one back end
    """Yield what does the work of this call, on behalf of whoever calls."""
    setup = of(call)
    async with setup.open_backend(_bearer(call) if setup.passes_token else None) as it:
        yield it


def _bearer(call: Call) -> str:
    """Return the token of the very request of this call; it is kept nowhere.

    Raises:
        Refusal: there is none.
    """
    request = call.request_context.request
    header = request.headers.get("authorization", "") if isinstance(request, Request) else ""
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refusal("The call has no bearer token of the service.")
    return token.strip()


async def client_roots(ctx: Call) -> ListRootsResult | ListRoots:
    """Ask for the folders that the client has opened, if it can say them."""
    capabilities = ctx.client_capabilities
    if capabilities is not None and capabilities.roots is not None:
        return ListRoots()
    return ListRootsResult(roots=[])


Roots = Annotated[ListRootsResult, Resolve(client_roots)]
"""A parameter that is not the model's: the folders that the client has opened."""


def folders(call: Call, roots: ListRootsResult) -> Folders:
    """Return the folders that files of this call may be in."""
    known = of(call).folders or Folders(())
    return known.within([str(root.uri) for root in roots.roots])


def can_ask(call: Call) -> bool:
    """Tell whether the client can put a question to the person before it."""
    capabilities = call.client_capabilities
    asked = None if capabilities is None else capabilities.elicitation
    return asked is not None and (asked.form is not None or asked.url is None)


class Consent(BaseModel):
    """What a person is asked."""

    proceed: bool = Field(default=True, title="Go ahead")


def agreed(outcome: ElicitationResult[Consent]) -> bool:
    """Tell whether a person has agreed, or was not asked."""
    return outcome.action == "accept" and outcome.data.proceed
