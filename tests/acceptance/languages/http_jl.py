"""Sends requests as HTTP.jl sends them, over a socket of our own.

The bytes are those of HTTP.jl 1.10, after its `src/multipart.jl` (Form, writemultipartheader),
`src/clientlayers/HeadersRequest.jl` (which headers it adds, and in which order) and
`src/Messages.jl` (writeheaders): the caller's headers come first, then Host, Accept, User-Agent,
Content-Length, the Content-Type of a form, and Accept-Encoding.
"""

import dataclasses
import gzip
import json
import os
import secrets
import socket
import ssl
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

USER_AGENT = "HTTP.jl/1.10.8"
CRLF = b"\r\n"


@dataclasses.dataclass(frozen=True)
class Part:
    """A part of a form; with a file name it is an HTTP.Multipart, or what open() returns."""

    name: str
    value: str
    filename: str | None = None
    type: str = ""


def form(parts: Sequence[Part]) -> tuple[str, bytes]:
    """Return boundary and body of an HTTP.Form."""
    boundary = f"{secrets.randbits(128):x}"  # string(rand(UInt128), base=16): no leading zeros
    body = b""
    for number, part in enumerate(parts):
        body += CRLF if number else b""
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{part.name}"'.encode()
        if part.filename is not None:
            body += f'; filename="{part.filename}"\r\nContent-Type: {part.type}'.encode()
        body += CRLF + CRLF + part.value.encode()
    return boundary, body + f"\r\n--{boundary}--\r\n".encode()


def message(
    method: str,
    url: str,
    headers: Sequence[tuple[str, str]],
    content: Sequence[Part] | str | None,
) -> bytes:
    """Return the bytes of a request; a sequence of parts is a form."""
    address = urlsplit(url)
    added = [("Host", address.netloc), ("Accept", "*/*"), ("User-Agent", USER_AGENT)]
    if content is None or isinstance(content, str):
        body = (content or "").encode()
        added += [("Content-Length", str(len(body)))]
    else:
        boundary, body = form(content)
        kind = f"multipart/form-data; boundary={boundary}"
        added += [("Content-Length", str(len(body))), ("Content-Type", kind)]
    added += [("Accept-Encoding", "gzip")]
    target = address.path + (f"?{address.query}" if address.query else "")
    lines = [f"{method} {target} HTTP/1.1", *(f"{k}: {v}" for k, v in [*headers, *added])]
    return "\r\n".join(lines).encode() + CRLF + CRLF + body


def send(url: str, sent: bytes, tls: ssl.SSLContext) -> tuple[int, bytes]:
    """Return status and body of the answer."""
    address = urlsplit(url)
    assert address.hostname is not None
    assert address.port is not None
    with (
        socket.create_connection((address.hostname, address.port), timeout=120) as plain,
        tls.wrap_socket(plain, server_hostname=address.hostname) as connection,
        connection.makefile("rb") as answer,
    ):
        connection.sendall(sent)
        status = int(answer.readline().split()[1])
        headers = {}
        while (line := answer.readline()) not in (CRLF, b""):
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(answer.readline(), 16):
                body += answer.read(size)
                answer.readline()
        else:
            body = answer.read(int(headers.get("content-length", "0")))
    return status, gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body


def main() -> None:
    """Send the request that standard input describes; for the stand-in of HTTP.jl."""
    asked: dict[str, Any] = json.load(sys.stdin)
    form = asked["form"]
    content = asked["body"] if form is None else [Part(**it) for it in form]
    headers = [(name, value) for name, value in asked["headers"]]
    sent = message(asked["method"], asked["url"], headers, content)
    tls = ssl.create_default_context(cafile=os.environ["CURL_CA_BUNDLE"])
    status, body = send(asked["url"], sent, tls)
    Path(sys.argv[1]).write_bytes(body)
    sys.stdout.write(str(status))


if __name__ == "__main__":
    main()
