"""One attempt at a delivery, against real servers of this machine."""

import asyncio
import contextlib
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import httpx
import pytest
import trustme

from simulacra.service.webhooks import sending, targets
from simulacra.service.webhooks.sending import Outcome, Sender
from simulacra.service.webhooks.targets import Targets
from tests.service.webhooks import receiver
from tests.service.webhooks.receiver import HOST

LOOPBACK = [ipaddress.ip_network("127.0.0.0/8")]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def resolving(*answers: Sequence[str]) -> targets.Resolve:
    """Resolve a name to each of the answers in turn, and to the last one from then on."""
    left = [*answers]

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


def send(sender: Sender, url: str) -> Outcome:
    return asyncio.run(sender.send(url, [("webhook-id", "msg_1")], '{"a":"ü"}'))


def test_a_message_arrives_under_the_name_of_its_host(
    authority: trustme.CA, trusting: ssl.SSLContext
) -> None:
    allowed = Targets(LOOPBACK, resolve=resolving(["127.0.0.1"]))
    with receiver.receiving(authority) as it:
        assert send(Sender(allowed, context=trusting), it.url(HOST)) == Outcome(204)
        (message,) = it.messages
        assert it.names == [HOST]
        assert message.headers["host"] == f"{HOST}:{it.port}"
        assert message.headers["content-type"] == "application/json"
        assert message.headers["webhook-id"] == "msg_1"
        assert message.body == '{"a":"ü"}'.encode()
        assert "authorization" not in message.headers
        assert "cookie" not in message.headers


def test_a_certificate_for_another_host_is_refused(
    authority: trustme.CA, trusting: ssl.SSLContext
) -> None:
    allowed = Targets(LOOPBACK, resolve=resolving(["127.0.0.1"]))
    with receiver.receiving(authority, "other.example.test") as it:
        outcome = send(Sender(allowed, context=trusting), it.url(HOST))
        assert (outcome.failure, it.messages) == ("tls", [])
    with receiver.receiving(trustme.CA()) as it:
        outcome = send(Sender(allowed, context=trusting), it.url(HOST))
        assert (outcome.failure, it.messages) == ("tls", [])


def test_a_name_that_changes_after_its_check_gains_nothing(
    authority: trustme.CA, trusting: ssl.SSLContext
) -> None:
    """It is public when the webhook is made, and of this machine when it is used."""
    allowed = Targets(resolve=resolving(["1.1.1.1"], ["127.0.0.1"]))
    with receiver.receiving(authority) as it:
        url = it.url(HOST)
        asyncio.run(allowed.check(allowed.parse(url)))
        assert send(Sender(allowed, context=trusting), url).failure == "address"
        assert (it.messages, it.names) == ([], [])


def test_a_name_is_looked_up_once_for_its_check_and_its_connection(
    authority: trustme.CA, trusting: ssl.SSLContext
) -> None:
    """A second look-up, which nobody checks, would find an address that nobody listens at."""
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    with receiver.receiving(authority) as it:
        outcome = send(Sender(Targets(LOOPBACK, resolve=resolve), context=trusting), it.url(HOST))
        assert (outcome, asked) == (Outcome(204), [HOST])


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_nothing_of_this_machine_is_reached_unless_it_is_allowed(
    authority: trustme.CA, trusting: ssl.SSLContext, host: str
) -> None:
    with receiver.receiving(authority) as it:
        outcome = send(Sender(Targets(), context=trusting), it.url(host))
        assert (outcome.failure, it.messages, it.names) == ("address", [], [])


def test_of_several_addresses_one_that_answers_is_enough(
    authority: trustme.CA, trusting: ssl.SSLContext
) -> None:
    allowed = Targets(LOOPBACK, resolve=resolving(["127.0.0.9", "127.0.0.1"]))
    with receiver.receiving(authority) as it:
        assert send(Sender(allowed, context=trusting), it.url(HOST)) == Outcome(204)


def test_without_tls_a_name_that_is_not_this_machine_is_refused() -> None:
    everything = [ipaddress.ip_network("0.0.0.0/0")]
    allowed = Targets([*LOOPBACK, *everything], resolve=resolving(["10.0.0.1"]))
    assert send(Sender(allowed), "http://localhost:8080/x").failure == "address"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    with receiver.receiving() as other, receiver.receiving() as it:
        it.answer = lambda handler: receiver.answer(handler, status, location=other.url())
        assert send(Sender(Targets(LOOPBACK)), it.url()) == Outcome(status, "status")  # type: ignore[arg-type]  # a word
        assert (len(it.messages), other.messages) == (1, [])


@pytest.mark.parametrize(
    ("status", "failure"),
    [(200, None), (201, None), (204, None), (299, None), (300, "status"), (400, "status"),
     (410, "status"), (429, "status"), (500, "status"), (503, "status")],
)  # fmt: skip
def test_a_2xx_is_a_success_and_nothing_else(status: int, failure: str | None) -> None:
    with receiver.receiving() as it:
        it.answer = receiver.answering(status)
        outcome = send(Sender(Targets(LOOPBACK)), it.url())
        assert (outcome.status, outcome.failure) == (status, failure)


def test_nothing_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver.receiving() as proxy, receiver.receiving() as it:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("no_proxy", raising=False)
        assert send(Sender(Targets(LOOPBACK)), it.url()) == Outcome(204)
        assert proxy.messages == []


def test_a_proxy_that_is_set_makes_all_connections() -> None:
    with receiver.receiving() as proxy:
        proxy.answer = receiver.answering(503)
        way = httpx.Proxy(f"http://user:word@127.0.0.1:{proxy.port}")
        sender = Sender(Targets(is_proxied=True), way)
        assert send(sender, f"https://{HOST}/x").failure == "connection"
        (asked,) = proxy.messages
        assert asked.path == f"{HOST}:443"
        assert "proxy-authorization" in asked.headers
        assert send(sender, "https://127.0.0.1/x").failure == "address"
        assert len(proxy.messages) == 1


@contextlib.contextmanager
def speaking(speak: Callable[[socket.socket], None]) -> Iterator[str]:
    """Yield the URL of a server that treats each connection as `speak` says."""
    listener = socket.create_server(("127.0.0.1", 0))
    is_over = threading.Event()

    def serve() -> None:
        while not is_over.is_set():
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                with connection, contextlib.suppress(OSError):
                    _read_request(connection)
                    speak(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/x"
    finally:
        is_over.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def _read_request(connection: socket.socket) -> None:
    """Read all of it: who hangs up before has its answer lost."""
    seen = b""
    while not seen.endswith(b"}"):
        part = connection.recv(65536)
        if not part:
            raise ConnectionError
        seen += part


def _until_hung_up(connection: socket.socket, part: bytes, pause: float) -> None:
    while True:
        connection.sendall(part)
        time.sleep(pause)


@pytest.mark.parametrize(
    ("begin", "part", "pause"),
    [
        (b"", b"", 0.05),
        (b"HTTP/1.1 200 OK\r\n", b"X-Slow: 1\r\n", 0.05),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.05),
    ],
    ids=["silence", "headers without an end", "nothing but preliminary answers"],
)
def test_who_does_not_answer_is_left_in_time(
    monkeypatch: pytest.MonkeyPatch, begin: bytes, part: bytes, pause: float
) -> None:
    monkeypatch.setattr(sending, "TIMEOUT_SECONDS", 0.5)

    def speak(connection: socket.socket) -> None:
        connection.sendall(begin)
        if part:
            _until_hung_up(connection, part, pause)
        else:
            connection.recv(1)

    with speaking(speak) as url:
        assert send(Sender(Targets(LOOPBACK)), url).failure == "timeout"


@pytest.mark.parametrize("part", [b"HTTP/1.1 103 Early Hints\r\n\r\n", b"X: y\r\n", b"x"])
def test_a_flood_without_a_status_or_an_end_is_left_at_once(part: bytes) -> None:
    """It would keep the event loop from the worker's jobs."""
    sent: list[int] = [0]

    def speak(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\n")
        while True:
            sent[0] += connection.send(part * 5000)

    with speaking(speak) as url:
        assert send(Sender(Targets(LOOPBACK)), url).failure == "protocol"
    assert sent[0] < 50_000_000


def test_an_endless_body_is_not_read() -> None:
    sent: list[int] = [0]

    def speak(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while True:
            sent[0] += connection.send(b"x" * 65536)

    with speaking(speak) as url:
        assert send(Sender(Targets(LOOPBACK)), url) == Outcome(200)
    assert sent[0] < 50_000_000


@pytest.mark.parametrize(
    "spoken", [b"SSH-2.0-OpenSSH_9.6\r\n", b"\x00\x01\x02", b"HTTP/9 x\r\n\r\n"]
)
def test_another_protocol_is_no_answer(spoken: bytes) -> None:
    with speaking(lambda connection: connection.sendall(spoken)) as url:
        assert send(Sender(Targets(LOOPBACK)), url).failure == "protocol"


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    outcome = send(Sender(Targets(LOOPBACK)), f"http://127.0.0.1:{port}/x")
    assert outcome == Outcome(None, "connection")  # type: ignore[arg-type]  # a word


def test_an_address_that_is_no_longer_allowed_gets_nothing() -> None:
    with receiver.receiving() as it:
        assert send(Sender(Targets()), it.url()).failure == "address"
        assert it.messages == []


def test_a_name_server_that_does_not_answer_is_left_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sending, "TIMEOUT_SECONDS", 0.2)

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        await asyncio.sleep(60)
        return ()

    assert send(Sender(Targets(resolve=resolve)), "https://hooks.example/x").failure == "timeout"
