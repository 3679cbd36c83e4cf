"""An agent that knows nothing but the tools: the package's own client, with what it needs."""

import contextlib
import dataclasses
import json
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import anyio
from mcp import Client, StdioServerParameters
from mcp.client.context import ClientRequestContext
from mcp.client.stdio import stdio_client
from mcp.server.mcpserver import MCPServer
from mcp.types import (
    CallToolResult,
    ElicitRequestParams,
    ElicitResult,
    ListRootsResult,
    Root,
    TextContent,
)
from pydantic import FileUrl

MODES = ("legacy", "auto")
"""Clients that shake hands first, and those of the protocol of 2026."""


@dataclasses.dataclass
class Agent:
    """A client that is connected, and what it has seen.

    Attributes:
        client: of the package.
        seen: every text that the server has answered.
        progress: what it has told meanwhile.
        has_begun: set once it has told any.
    """

    client: Client
    seen: list[str] = dataclasses.field(default_factory=list)
    progress: list[float] = dataclasses.field(default_factory=list)
    has_begun: anyio.Event = dataclasses.field(default_factory=anyio.Event)

    async def call(self, tool: str, /, **arguments: Any) -> CallToolResult:  # noqa: ANN401 - JSON
        """Call a tool."""

        async def note(progress: float, total: float | None, message: str | None) -> None:
            assert total == 1.0
            assert message
            self.progress.append(progress)
            self.has_begun.set()

        result = await self.client.call_tool(tool, arguments, progress_callback=note)
        assert isinstance(result, CallToolResult)
        self.seen.append(result.model_dump_json())
        return result

    async def ask(self, tool: str, /, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
        """Return the document that a tool answers."""
        result = await self.call(tool, **arguments)
        assert not result.is_error, text(result)
        document: dict[str, Any] = result.structured_content or {}
        assert document
        return document

    async def refused(self, tool: str, /, **arguments: Any) -> str:  # noqa: ANN401 - as above
        """Return what a tool says that refuses."""
        result = await self.call(tool, **arguments)
        assert result.is_error, text(result)
        assert "Traceback" not in text(result)
        assert "https://errors.pydantic.dev" not in text(result)
        return text(result)


def text(result: CallToolResult) -> str:
    return "\n".join(it.text for it in result.content if isinstance(it, TextContent))


@dataclasses.dataclass
class Person:
    """Who sits before the client.

    Attributes:
        action: what they do when they are asked.
        proceed: whether they leave the box ticked.
        questions: that they were asked.
    """

    action: str = "accept"
    proceed: bool = True
    questions: list[str] = dataclasses.field(default_factory=list)

    async def answer(
        self,
        context: ClientRequestContext,  # noqa: ARG002 - it is given
        params: ElicitRequestParams,
    ) -> ElicitResult:
        """Answer a question."""
        self.questions.append(params.message)
        content = {"proceed": self.proceed} if self.action == "accept" else None
        return ElicitResult.model_validate({"action": self.action, "content": content})


@contextlib.asynccontextmanager
async def connected(
    server: Any,  # noqa: ANN401 - whatever the client takes
    *,
    person: Person | None = None,
    roots: Sequence[Path] | None = None,
    mode: str = "auto",
) -> AsyncIterator[Agent]:
    """Yield an agent; without a person or roots its client does not say that it has them."""

    async def opened(context: ClientRequestContext) -> ListRootsResult:  # noqa: ARG001 - it is given
        return ListRootsResult(roots=[Root(uri=FileUrl(it.as_uri())) for it in roots or ()])

    client = Client(
        server,
        mode=mode,
        elicitation_callback=None if person is None else person.answer,
        list_roots_callback=None if roots is None else opened,
    )
    async with client:
        yield Agent(client)


def process(*words: str, log: Path, environment: dict[str, str] | None = None) -> Any:  # noqa: ANN401 - a transport
    """Return the transport of `simulacra mcp` as a process, which writes its log to a file."""
    parameters = StdioServerParameters(
        command=sys.executable,
        args=["-m", "simulacra.cli.main", "mcp", *words],
        env=environment,
    )
    return _logged(parameters, log)


@contextlib.asynccontextmanager
async def _logged(parameters: StdioServerParameters, log: Path) -> AsyncIterator[Any]:
    with log.open("a") as file:
        async with stdio_client(parameters, errlog=file) as streams:
            yield streams


async def size_of_tools(server: MCPServer[Any]) -> tuple[int, int]:
    """Return the characters of what a model reads of the tools, and of all that is listed."""
    tools = await server.list_tools()
    read = [[it.name, it.description, it.input_schema] for it in tools]
    listed = [it.model_dump(mode="json", by_alias=True, exclude_none=True) for it in tools]
    return len(json.dumps(read)), len(json.dumps(listed))
