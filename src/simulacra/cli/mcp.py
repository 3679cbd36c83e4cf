"""`simulacra mcp`: tools for agents, by the Model Context Protocol."""

import argparse
import concurrent.futures
import contextlib
import logging
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from simulacra.cli import failures

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.applications import Starlette

    from simulacra.client import AsyncSimulacra
    from simulacra.client.configuration import Configuration
    from simulacra.mcp.backends.backend import Backend
    from simulacra.mcp.setup import Setup

TOKEN_VARIABLE = "SIMULACRA_MCP_TOKEN"  # noqa: S105 - its name
RETRY_SECONDS, VERIFYING_SECONDS = 120.0, 5.0
"""How long the service may be out of reach: for a tool, and where a token is verified before it."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")
HINT = "Install simulacra[mcp]."


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser(
        "mcp",
        help="tools for agents (Model Context Protocol), with the library or with a service",
        description="Serve the tools of the Model Context Protocol on standard input and output, "
        "as clients start it, or over HTTP. Without --service studies stay on this machine.",
    )
    parser.add_argument(
        "--service",
        action="store_true",
        help="work with the service that the SIMIO_* variables or a profile name, instead of the "
        "library",
    )
    parser.add_argument("--profile", metavar="NAME", help="profile of the service")
    parser.add_argument(
        "--root",
        metavar="DIR",
        action="append",
        default=[],
        type=Path,
        help="folder that study files are read from and rows are written to; may be repeated "
        "(default: the folders that the client has opened)",
    )
    parser.add_argument(
        "--models",
        metavar="DIR",
        type=Path,
        help="with the library: folder that models are kept in (default: until the server ends)",
    )
    parser.add_argument(
        "--confirm-rows",
        metavar="N",
        type=int,
        default=None,
        help="with a service: ask before more rows than this are billed (default: 10000)",
    )
    parser.add_argument("--http", action="store_true", help="serve streamable HTTP at /mcp")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8484, help="port to listen on (%(default)s)")
    parser.add_argument(
        "--public-url",
        metavar="URL",
        help="https address that clients call, of the proxy before it (default: this machine)",
    )
    parser.add_argument(
        "--allow-origin",
        metavar="ORIGIN",
        action="append",
        default=[],
        help="web page that may call, such as https://chat.example; may be repeated",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until the client goes, or until Ctrl-C."""
    _refuse_what_does_not_fit(arguments)
    try:
        import mcp  # noqa: F401 - looked for here, to say what it is part of
    except ModuleNotFoundError:
        raise failures.CommandError(f"The package mcp is missing. {HINT}") from None
    logging.getLogger("mcp").setLevel(logging.ERROR)  # it logs what callers do wrong
    with contextlib.ExitStack() as stack:
        setup, configuration = (
            _of_service(arguments) if arguments.service else (_of_library(arguments, stack), None)
        )
        if arguments.http:
            return _serve_http(arguments, setup, configuration)
        from simulacra.mcp import server

        if sys.stdin.isatty():
            print(
                "Waiting for a client on standard input. docs/mcp.md sets one up.", file=sys.stderr
            )
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # reading standard input would go on
        server.create(setup).run("stdio")
    return 0


def _refuse_what_does_not_fit(arguments: argparse.Namespace) -> None:
    of_service = {"--profile": arguments.profile, "--confirm-rows": arguments.confirm_rows}
    for option, value in of_service.items():
        if value is not None and not arguments.service:
            raise failures.CommandError(f"{option} is for --service.")
    if arguments.models is not None and arguments.service:
        raise failures.CommandError("--models is for the library: leave out --service.")
    if arguments.root and arguments.service and arguments.http:
        raise failures.CommandError(
            "--root: over HTTP with --service callers share no folder of this machine; they upload "
            "to the service."
        )
    if not arguments.http:
        if arguments.public_url or arguments.allow_origin:
            raise failures.CommandError("--public-url and --allow-origin are for --http.")
        return
    if arguments.host not in LOOPBACK and not arguments.service:
        raise failures.CommandError(
            f"--host {arguments.host}: with the library only this machine is listened on, since "
            "callers may use its folders. Give --service, or leave out --host."
        )
    if arguments.host not in LOOPBACK and not arguments.public_url:
        raise failures.CommandError(
            f"--host {arguments.host}: give --public-url too, the https address of the proxy that "
            "clients call. Tokens go over it."
        )


def _of_library(arguments: argparse.Namespace, stack: contextlib.ExitStack) -> "Setup":
    """Return a setup whose engine is loaded while the client is greeted, since it takes seconds."""
    import anyio.to_thread

    from simulacra.mcp.folders import Folders
    from simulacra.mcp.setup import Setup

    folders = Folders.of(arguments.root)

    def load() -> "Backend":
        from simulacra.mcp.backends.library import LibraryBackend

        return stack.enter_context(LibraryBackend.opened(arguments.models))

    loading = stack.enter_context(concurrent.futures.ThreadPoolExecutor(1)).submit(load)

    @contextlib.asynccontextmanager
    async def opened(_: str | None) -> "AsyncIterator[Backend]":
        yield await anyio.to_thread.run_sync(loading.result)

    return Setup(opened, folders)


def _of_service(arguments: argparse.Namespace) -> "tuple[Setup, Configuration]":
    from simulacra.client import AsyncSimulacra, configuration
    from simulacra.client.errors import ConfigurationError
    from simulacra.mcp.backends.service import ServiceBackend
    from simulacra.mcp.folders import Folders
    from simulacra.mcp.setup import CONFIRMED_ROWS, Setup

    try:
        found = configuration.find(arguments.profile)
    except ConfigurationError as error:
        raise failures.CommandError(str(error)) from None
    if not arguments.http and not (found.client_id and found.client_secret):
        raise failures.CommandError(
            "There are no credentials: set SIMIO_CLIENT_ID and SIMIO_CLIENT_SECRET, or name a "
            "profile that has them."
        )

    own = None if arguments.http else AsyncSimulacra(profile=arguments.profile, progress=False)

    @contextlib.asynccontextmanager
    async def opened(token: str | None) -> "AsyncIterator[Backend]":
        if own is not None:
            yield ServiceBackend(own)
        elif token is not None:
            async with _with_token(found, token) as api:
                yield ServiceBackend(api)

    confirmed = CONFIRMED_ROWS if arguments.confirm_rows is None else arguments.confirm_rows
    setup = Setup(
        opened,
        None if arguments.http else Folders.of(arguments.root),
        destination=found.base_url,
        passes_token=arguments.http,
        confirmed_rows=confirmed,
    )
    return setup, found


def _with_token(
    found: "Configuration", token: str, retry_seconds: float = RETRY_SECONDS
) -> "AsyncSimulacra":
    """Return a client that calls with the token of a caller, and never with credentials of ours."""
    from simulacra.client import AsyncSimulacra

    return AsyncSimulacra(
        found.base_url,
        access_token=token,
        ca_file=found.ca_file,
        progress=False,
        retry_seconds=retry_seconds,
    )


def _serve_http(
    arguments: argparse.Namespace, setup: "Setup", found: "Configuration | None"
) -> int:
    from simulacra.mcp import http

    own = f"http://{_shown(arguments.host)}:{arguments.port}"
    public_url = _public(arguments.public_url) if arguments.public_url else own
    app = _app(arguments, setup, found, public_url)

    def announce() -> None:
        print(f"Serving {public_url}{http.PATH} on {own}. Ctrl-C stops it.", file=sys.stderr)

    http.serve(app, arguments.host, arguments.port, announce)
    return 0


def _app(
    arguments: argparse.Namespace,
    setup: "Setup",
    found: "Configuration | None",
    public_url: str,
) -> "Starlette":
    from simulacra.mcp import http

    verifier: http.OwnToken | http.ServiceTokens
    if found is None:
        token = os.environ.pop(TOKEN_VARIABLE, "")
        if len(token) < http.MIN_TOKEN:
            raise failures.CommandError(
                f"Set {TOKEN_VARIABLE} to a secret of {http.MIN_TOKEN} characters or more, which "
                "clients send as bearer token: others of this machine could use the folders "
                "otherwise."
            )
        verifier, issuer = http.OwnToken(token), public_url
    else:
        address = urlsplit(found.token_url)
        verifier = http.ServiceTokens(lambda token: _with_token(found, token, VERIFYING_SECONDS))
        issuer = f"{address.scheme}://{address.netloc}/"
    return http.create_app(
        *(setup, verifier), public_url=public_url, issuer=issuer, origins=arguments.allow_origin
    )


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _public(url: str) -> str:
    parts = urlsplit(url)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not is_safe or not parts.netloc or parts.path.strip("/") or parts.query or parts.username:
        raise failures.CommandError(
            f"--public-url must be an https address without a path, such as https://mcp.example: "
            f"{url!r} is not."
        )
    return url.rstrip("/")
