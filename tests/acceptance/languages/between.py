"""What lies between a client in any language and the service, and what goes wrong there."""

import contextlib
import http.server
import json
import ssl
import threading
from collections.abc import Iterator

import httpx

from tests.acceptance.harness import ServerProcess

UNAVAILABLE = {"code": "simio_unavailable", "title": "Away", "detail": "Away.", "retryable": True}
HOP_BY_HOP = ("connection", "keep-alive", "transfer-encoding", "content-length", "host")


class Between:
    """A server that hands requests on, under the name and certificate of the service.

    Attributes:
        faults: by the end of a path, what goes wrong the next times that it is asked for:
            "unreached" (the connection ends before the service sees the request), "answer lost"
            (it ends afterwards), "cut" (within the answer), "503" or "429".
        seen: method, path and idempotency key of each request that got as far as here.
        url: address that clients are given in place of the service's.
    """

    def __init__(self, server: ServerProcess) -> None:
        self.faults: dict[str, list[str]] = {}
        self.seen: list[tuple[str, str, str | None]] = []
        self.http = httpx.Client(base_url=server.url, verify=server.tls, timeout=120)
        self._listening = _Listening(("127.0.0.1", 0), _Handler)
        self._listening.between = self
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(server.data_dir / "tls" / "server.pem")
        self._listening.socket = tls.wrap_socket(
            self._listening.socket, server_side=True, do_handshake_on_connect=False
        )
        self.url = f"https://localhost:{self._listening.server_port}"

    @contextlib.contextmanager
    def running(self) -> Iterator["Between"]:
        thread = threading.Thread(target=self._listening.serve_forever)
        thread.start()
        try:
            yield self
        finally:
            self._listening.shutdown()
            thread.join()
            self._listening.server_close()
            self.http.close()

    def fault(self, path: str) -> str:
        waiting = next((it for end, it in self.faults.items() if path.endswith(end) and it), None)
        return waiting.pop(0) if waiting else ""


class _Listening(http.server.ThreadingHTTPServer):
    between: Between


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Listening
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Print nothing: tests read what programs print."""

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _pass_on(self) -> None:
        body, between = self._body(), self.server.between
        path = self.path.partition("?")[0]
        between.seen.append((self.command, path, self.headers.get("Idempotency-Key")))
        fault = between.fault(path)
        if fault == "unreached":
            self.close_connection = True
        elif fault in ("429", "503"):
            self._answer(int(fault), {"Retry-After": "0"}, json.dumps(UNAVAILABLE).encode())
        else:
            kept = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP}
            answer = between.http.request(self.command, self.path, headers=kept, content=body)
            self._hand_back(answer, fault)

    def _hand_back(self, answer: httpx.Response, fault: str) -> None:
        if fault == "answer lost":
            self.close_connection = True
            return
        left_out = (*HOP_BY_HOP, "content-encoding")  # httpx has undone it
        headers = {k: v for k, v in answer.headers.items() if k.lower() not in left_out}
        self._answer(answer.status_code, headers, answer.content, cut=fault == "cut")

    def _answer(
        self, status: int, headers: dict[str, str], body: bytes, *, cut: bool = False
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        self.close_connection |= cut

    do_GET = do_POST = do_DELETE = _pass_on  # noqa: N815 - the library calls them so
