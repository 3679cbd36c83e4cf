"""A web server of this machine, which keeps what is posted to it."""

import contextlib
import http.server
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def receiving(status: int = 200) -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """Yield the server's origin, and path and body of each POST; all are answered alike."""
    posted: list[tuple[str, bytes]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            posted.append((self.path, body))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", posted
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
