"""A connection of a client: what comes before there is a request that could be answered.

uvicorn reads a head of any length, waits for a request without limit, keeps every trailer, and
refuses in plain text. Here a head is bounded in bytes and time, a body in its pace and in what
frames its data, trailers are dropped, and all refusals are problems. A client that does not take
what it asked for is let go.
"""

import asyncio
import enum
from typing import Any

import httptools
from uvicorn.protocols.http import httptools_impl

from simulacra.service import keys
from simulacra.service.fields import MOST_OF_A_NAME
from simulacra.service.http import envelope, problems


class Phase(enum.Enum):
    """What the client owes us."""

    HEAD = enum.auto()
    BODY = enum.auto()
    NOTHING = enum.auto()


class Pace:
    """How long a transfer may take that has come so far: every byte buys it a little time."""

    def __init__(self, pause_seconds: float, bytes_per_second: float, now: float) -> None:
        self._pause_seconds, self._bytes_per_second = pause_seconds, bytes_per_second
        self._until = now + pause_seconds

    def progress(self, count: int, now: float) -> None:
        """Note that `count` bytes have moved; time that is saved up never exceeds one pause."""
        earned = self._until + max(count, 0) / self._bytes_per_second
        self._until = min(earned, now + self._pause_seconds)

    def is_over(self, now: float) -> bool:
        """Tell whether its time is over."""
        return now > self._until


class Connection(httptools_impl.HttpToolsProtocol):
    """uvicorn's protocol with bounds; `of` makes the class that a server is given."""

    base_url = ""
    head_bytes = 64 * 1024
    head_seconds = 30.0
    framing_bytes = 64 * 1024  # chunk extensions and trailers, beside what the head left
    chunk_line_bytes = 12  # up to eight digits of size, and two line ends, which every chunk has
    pause_seconds = 60.0  # without anything of a body, or of an answer that the client takes
    bytes_per_second = 1024.0  # and at least so many on average, either way
    body_seconds = 3600.0  # for a whole body
    look_seconds = 5.0
    max_pipelined = 16  # requests that wait for the answer to an earlier one
    _taking: Pace | None = None  # while the client owes us the reading of an answer
    _waiting = 0  # bytes of the answer that it had not taken at the last look
    _overhead = 0  # bytes of a request that are not data
    _fault: tuple[str, str] | None = None  # code and text, if the head is whole and refused

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._expect_head()
        self._looking = self.loop.call_later(self.look_seconds, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._looking.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless what is not data has become too long."""
        if self._phase is Phase.NOTHING:  # whatever comes, be it an empty line, begins a head
            self._expect_head()
        elif self._phase is Phase.BODY:
            self._sending.progress(len(data), self.loop.time())
        self._overhead += len(data)  # what turns out to be data is taken off again
        super().data_received(data)
        self._overhead = max(self._overhead, 0)  # a request may begin within a piece
        if self._phase is Phase.HEAD and self._overhead > self.head_bytes:
            limit = f"{self.head_bytes:,} bytes"
            detail = f"The request's head, its address and headers together, is over {limit}."
            self._refuse("simio_head_too_large", detail)
        elif self._overhead > self.head_bytes + self.framing_bytes:
            limit = f"{self.framing_bytes:,} bytes"
            detail = f"Chunk extensions and trailers of the body are over {limit}."
            self._refuse("simio_head_too_large", detail)

    def on_message_begin(self) -> None:
        """Count the head of a further request on the same connection."""
        super().on_message_begin()
        if self._phase is not Phase.HEAD:
            self._expect_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; a trailer would change the headers of a request that is being served."""
        if self._phase is Phase.HEAD:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Wait for the body.

        Raises:
            httptools.HttpParserError: the head is too large, since one read may bring more than
                that; or too many requests wait, of which one read may bring thousands.
        """
        excess = self._excess_of_head()
        if excess:
            self._fault = ("simio_head_too_large", excess)
            raise httptools.HttpParserError
        self._phase, self._since = Phase.BODY, self.loop.time()
        self._sending = self._pace()
        super().on_headers_complete()
        if len(self.pipeline) > self.max_pipelined:
            raise httptools.HttpParserError

    def on_chunk_header(self) -> None:
        """Allow a chunk its line. Every chunk but the last holds data, so this is bounded too."""
        self._overhead -= self.chunk_line_bytes

    def on_body(self, body: bytes) -> None:
        """Take data off what is counted."""
        self._overhead -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait for nothing: keeping the connection alive is bounded by uvicorn."""
        self._phase = Phase.NOTHING
        super().on_message_complete()

    def shutdown(self) -> None:
        """Let an idle client go at once: to close would be to wait until it closes as well (TLS).

        A server that stops would otherwise wait for every browser that keeps a connection.
        """
        cycle: httptools_impl.RequestResponseCycle | None = self.cycle
        is_idle = cycle is None or cycle.response_complete
        if is_idle and not self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            super().shutdown()

    def resume_writing(self) -> None:
        """Go on, since the client has taken most of what had piled up."""
        self._taking = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, or a head for its own reason, in our form."""
        self._refuse(*(self._fault or ("simio_malformed_request", msg)))

    def _excess_of_head(self) -> str:
        """Return what is to be said if a head that has come whole is too large."""
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        size += len(self.parser.get_method()) + len("  HTTP/1.1\r\n\r\n")
        if size <= self.head_bytes:
            return ""
        parts = [(len(self.url), "the address")]
        parts += [
            (len(value), f"the header {name[:MOST_OF_A_NAME].decode('latin-1')!r}")
            for name, value in self.headers
        ]
        length, longest = max(parts)
        return (
            f"The request's head has {size:,} bytes, and may have {self.head_bytes:,}; the longest "
            f"part is {longest} with {length:,} bytes."
        )

    def _expect_head(self) -> None:
        self._phase, self._since, self._overhead = Phase.HEAD, self.loop.time(), 0

    def _pace(self) -> "Pace":
        return Pace(self.pause_seconds, self.bytes_per_second, self.loop.time())

    def _look(self) -> None:
        self._looking = self.loop.call_later(self.look_seconds, self._look)
        self._look_at_reading()
        if not self.transport.is_closing():
            self._look_at_writing()

    def _look_at_reading(self) -> None:
        """Let a client go that takes nothing of an answer, or too little."""
        now, waiting = self.loop.time(), self.transport.get_write_buffer_size()
        if not waiting:
            self._taking = None
        elif self._taking is None:
            self._taking = self._pace()
        else:
            self._taking.progress(self._waiting - waiting, now)
            if self._taking.is_over(now):
                self.transport.abort()  # to close would be to wait for the client again
        self._waiting = waiting

    def _look_at_writing(self) -> None:
        """Refuse a head or body that does not come."""
        now = self.loop.time()
        if self._phase is Phase.HEAD and now - self._since > self.head_seconds:
            detail = f"No whole request head arrived within {self.head_seconds:.0f} seconds."
            self._refuse("simio_request_timeout", detail)
        elif self._phase is Phase.BODY and now - self._since > self.body_seconds:
            detail = f"The body did not arrive within {self.body_seconds:,.0f} seconds."
            self._refuse("simio_request_timeout", detail)
        elif self._phase is Phase.BODY and self.flow.read_paused:  # the server itself does not read
            self._sending = self._pace()
        elif self._phase is Phase.BODY and self._sending.is_over(now):
            detail = (
                f"Nothing of the body arrived for {self.pause_seconds:.0f} seconds, or less than "
                f"{self.bytes_per_second:,.0f} bytes a second."
            )
            self._refuse("simio_request_timeout", detail)

    def _refuse(self, code: str, detail: str) -> None:
        """Answer and close; where an answer is under way, only close."""
        if self.transport.is_closing():
            return
        cycle: httptools_impl.RequestResponseCycle | None = self.cycle
        is_idle = cycle is None or cycle.response_complete or not cycle.response_started
        if is_idle and not self.pipeline:
            self.transport.write(_response(problems.Problem(code, detail), self.base_url))
        self.transport.close()


def of(base_url: str, **bounds: float) -> type[Connection]:
    """Return the class for a server whose error pages are below `base_url`."""
    return type("Connection", (Connection,), {"base_url": base_url, **bounds})


def _response(problem: problems.Problem, base_url: str) -> bytes:
    request_id = keys.random_id("req_")
    document: dict[str, Any] = problem.document(base_url) | {"request_id": request_id}
    body = problems.render(document)
    headers = {
        "content-type": problems.MEDIA_TYPE,
        "content-length": str(len(body)),
        "connection": "close",
        "x-request-id": request_id,
        **envelope.SECURITY_HEADERS,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    status = httptools_impl.STATUS_LINE[problem.status]
    return status + lines.encode() + b"\r\n" + body
