"""The client against a real server, with faults between: nothing doubled, nothing lost."""

import asyncio
import logging
import re
import select
import socket
import socketserver
import stat
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import simulacra
from simulacra import client
from simulacra.client import AsyncSimulacra, Simulacra, problems
from simulacra.client.retrying import Patience
from tests.acceptance.harness import ServerProcess

PAGE = Path(__file__).parents[2] / "docs" / "client.md"
SCENARIO: dict[str, Any] = {
    "categorical": {"segment": {"Premium": 0.55}},
    "numeric": {"age": {"min": 25, "max": 44}},
}
UNAVAILABLE = {"code": "simio_unavailable", "title": "Away", "detail": "Away.", "retryable": True}


def soon(seconds: float) -> Patience:
    return Patience(seconds, first=0.02)


class Between(httpx.BaseTransport):
    """What lies between the client and the server, and what goes wrong there.

    Attributes:
        faults: by the end of a path, what goes wrong the next times that it is asked for.
        seen: method and path of each request that got as far as here.
    """

    def __init__(self, server: ServerProcess) -> None:
        self._inner = httpx.HTTPTransport(verify=server.tls)
        self.faults: dict[str, list[str]] = {}
        self.seen: list[tuple[str, str]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.seen.append((request.method, path))
        waiting = next((it for end, it in self.faults.items() if path.endswith(end) and it), None)
        fault = waiting.pop(0) if waiting else ""
        if fault == "unreached":
            raise httpx.ConnectError("dropped", request=request)
        if fault == "429":
            return httpx.Response(429, headers={"retry-after": "0"}, request=request)
        if fault == "503":
            return httpx.Response(503, json=UNAVAILABLE, request=request)
        answer = self._inner.handle_request(request)
        if fault == "answer lost":
            answer.read()
            answer.close()
            raise httpx.ReadError("dropped", request=request)
        if fault in ("cut", "slow"):
            kind = httpx.ReadTimeout if fault == "slow" else httpx.ReadError
            answer.stream = Cut(answer.stream, kind)
        return answer

    def close(self) -> None:
        self._inner.close()


class Cut(httpx.SyncByteStream):
    """A body that ends too soon."""

    def __init__(self, stream: object, kind: type[httpx.TransportError], least: int = 1000) -> None:
        assert isinstance(stream, httpx.SyncByteStream)
        self._stream, self._kind, self._left = stream, kind, least

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            yield chunk[: self._left]
            self._left -= len(chunk)
            if self._left <= 0:
                raise self._kind("cut")

    def close(self) -> None:
        self._stream.close()


class AsyncBetween(httpx.AsyncBaseTransport):
    """The same for the asynchronous client: each answer to one of `lost` is lost, once."""

    def __init__(self, server: ServerProcess, lost: list[str]) -> None:
        self._inner = httpx.AsyncHTTPTransport(verify=server.tls)
        self.lost = lost

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        end = next((it for it in self.lost if request.url.path.endswith(it)), None)
        if end is not None:
            self.lost.remove(end)
            await answer.aread()
            await answer.aclose()
            raise httpx.ReadError("dropped", request=request)
        return answer

    async def aclose(self) -> None:
        await self._inner.aclose()


@pytest.fixture(scope="module")
def credential(server: ServerProcess) -> dict[str, str]:
    made = server.create_tenant("Clients")
    server.secrets.add(made["client_secret"])
    return made


@pytest.fixture
def between(server: ServerProcess) -> Between:
    return Between(server)


@pytest.fixture
def remote(
    server: ServerProcess, credential: dict[str, str], between: Between
) -> Iterator[Simulacra]:
    with Simulacra(
        server.url,
        client_id=credential["client_id"],
        client_secret=credential["client_secret"],
        transport=between,
        new_patience=soon,
    ) as it:
        yield it


@pytest.fixture(scope="module")
def study_file(study_csv: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("upload") / "meal-kits.csv"
    path.write_bytes(study_csv)
    return path


@pytest.fixture(scope="module")
def study_id(server: ServerProcess, credential: dict[str, str], study_file: Path) -> str:
    """A trained study, whose upload met every fault on its way."""
    between = Between(server)
    between.faults = {
        "/oauth/token": ["unreached", "503"],
        "/v1/datasets": ["unreached", "answer lost", "503", "429"],
        "": ["503"],
    }
    with Simulacra(
        server.url,
        client_id=credential["client_id"],
        client_secret=credential["client_secret"],
        transport=between,
        new_patience=soon,
    ) as api:
        told: list[str] = []
        study = api.upload(
            study_file,
            display_name="Wave 3",
            drop=["region"],
            progress=lambda it: told.append(it.stage),
        )
        assert told[0] == "uploading"
        assert study.status == "ready"
        assert between.faults == {"/oauth/token": [], "/v1/datasets": [], "": []}
        assert [it.id for it in api.datasets()] == [study.id]  # however often it was sent
        return study.id


def test_a_schema_is_the_librarys(remote: Simulacra, study_id: str) -> None:
    study = remote.dataset(study_id)
    assert study.display_name == "Wave 3"
    assert study.schema["segment"].levels == ("Mainstream", "Premium", "Value")
    assert "region" not in study.schema
    assert "region" in study.schema.overrides["drop"]
    assert study.quality is not None
    assert str(study.schema).startswith("age")


def test_rows_are_made_and_billed_once_whatever_is_lost_on_the_way(
    remote: Simulacra, between: Between, study_id: str, tmp_path: Path
) -> None:
    study = remote.dataset(study_id)
    before = remote.usage()
    between.faults = {"/generations": ["answer lost", "503", "unreached", "429"]}
    made = study.generate(1000, seed=1, **SCENARIO)
    assert between.faults == {"/generations": []}
    assert made.status == "ready"
    usage = remote.usage()
    assert usage.rows_used - before.rows_used == made.rows_generated == 1000
    assert usage.rows_reserved == 0
    assert [it.id for it in remote.generations(study_id)].count(made.id) == 1
    assert made.report.seed == 1
    assert made.report.conditions[0].support.seed_rows > 0
    assert "segment = Premium" in str(made.report)
    assert made.table.num_rows == 1000

    written = made.write(tmp_path / "rows.parquet")
    assert written is made
    assert pq.read_table(tmp_path / "rows.parquet").equals(made.table)
    assert made.to_pandas().equals(made.table.to_pandas(date_as_object=False))
    assert made.to_polars().height == 1000
    assert made.head(2).values == [[*row.values()] for row in made.table.slice(0, 2).to_pylist()]
    assert "1,000 of 1,000 rows" in (made._repr_html_() or "")
    made.write(tmp_path / "rows.csv")
    assert len((tmp_path / "rows.csv").read_text().splitlines()) == 1001
    assert [it.name for it in tmp_path.iterdir() if it.name.startswith(".")] == []


def test_a_download_is_resumed_where_it_broke_off(
    remote: Simulacra, between: Between, study_id: str, tmp_path: Path
) -> None:
    made = remote.dataset(study_id).generate(1000, seed=2, format="csv")
    between.faults = {"/artifact": ["cut", "503", "slow", "answer lost", "unreached"]}
    between.seen.clear()
    path = made.download(tmp_path / "rows.csv")
    assert path.stat().st_size == made.document["size_bytes"]
    assert between.faults == {"/artifact": []}
    assert [it.name for it in tmp_path.iterdir()] == ["rows.csv"]

    # Another process goes on with what an earlier one has left.
    half = path.read_bytes()[:5000]
    part = tmp_path / f".again.csv.{made.id}.part"
    part.write_bytes(half)
    fetched: list[float] = []
    made.download(tmp_path / "again.csv", progress=lambda it: fetched.append(it.fraction))
    assert fetched[0] > 5000 / made.document["size_bytes"]
    assert (tmp_path / "again.csv").read_bytes() == path.read_bytes()

    # What was left is of another file: it is noticed, and all is fetched anew.
    part.write_bytes(b"x" * 5000)
    made.download(tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == path.read_bytes()


def test_a_preview_costs_nothing_and_has_the_figures_of_the_report(
    remote: Simulacra, study_id: str
) -> None:
    before = remote.usage()
    study = remote.dataset(study_id)
    preview = study.preview(400, seed=1, **SCENARIO)
    assert remote.usage() == before
    made = study.generate(400, seed=1, **SCENARIO)
    assert preview.support == made.report.support


def test_tables_and_comparisons_are_the_librarys(
    remote: Simulacra, study_id: str, study_file: Path
) -> None:
    study, model = remote.dataset(study_id), simulacra.fit(study_file, drop=["region"])
    made = study.generate(1000, seed=1, **SCENARIO)
    out = model.generate(1000, seed=1, **SCENARIO)
    shown = ["channel", "age"]
    assert made.crosstab(shown, "segment") == out.crosstab(shown, "segment")
    assert simulacra.crosstab(made, "channel") == out.crosstab("channel")
    table = study.crosstab("channel", banner=["segment"], weight="age")
    assert table.blocks == model.crosstab("channel", "segment", weight="age").blocks
    assert "left out" in table.notes[-1]
    compared = simulacra.compare(study, made)  # the line of a notebook that was for the library
    assert compared == simulacra.compare(model, out) == made.compare()
    other = study.generate(200, seed=2)
    against = made.compare(other, columns="channel")
    assert against.names == ("first rows", "second rows")
    assert {it.column for it in against.figures} == {"channel"}
    with pytest.raises(problems.UnknownConditionColumnError, match="'segment' may be meant"):
        made.crosstab("segmnt")


def test_each_refusal_is_an_exception_of_its_own(remote: Simulacra, study_id: str) -> None:
    study = remote.dataset(study_id)
    with pytest.raises(problems.UnknownConditionColumnError) as caught:
        study.generate(5, categorical={"segmnet": {"Premium": 0.5}})
    assert caught.value.status == 400
    assert caught.value.request_id == caught.value.response.headers["x-request-id"]
    assert not caught.value.retryable
    assert caught.value.type.endswith("/errors/simio_unknown_condition_column")
    assert caught.value.errors[0].pointer == "/conditions/categorical/segmnet"
    with pytest.raises(problems.DatasetNotFoundError):
        remote.dataset("ds_nothing")
    with pytest.raises(problems.UploadInvalidError):
        remote.upload(study_of_one_answer())


def study_of_one_answer() -> object:
    return pa.table({"answer": ["yes"] * 30})


def test_work_is_left_and_found_again_or_cancelled(remote: Simulacra, study_id: str) -> None:
    study = remote.dataset(study_id)
    begun = study.generate(50, seed=3, wait=False, idempotency_key="one-intent")
    again = study.generate(50, seed=3, idempotency_key="one-intent")
    assert again.id == begun.id
    assert again.rows_generated == 50
    job = remote.job(begun.job_id)
    assert job.status == "completed"
    assert job.generation_id == begun.id
    assert job.cancel().status == "completed"  # it has ended already
    assert job.id in [it.id for it in remote.jobs(kind="createGeneration")]


def test_margins_come_with_the_report(remote: Simulacra, study_id: str) -> None:
    made = remote.dataset(study_id).generate(200, seed=1, **SCENARIO, margins="quick")
    assert made.report.margins is not None
    assert len(made.report.margins.figures) > 0
    found = remote.generation(made.id)
    assert found.report == made.report


def test_access_is_asked_for_claimed_saved_and_rotated(
    server: ServerProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "profiles.toml"
    monkeypatch.setenv("SIMIO_PROFILES_FILE", str(file))
    between = Between(server)
    between.faults = {"/v1/signup": ["answer lost"], "/credential-rotations": ["answer lost"]}
    ca_file = str(server.data_dir / "ca.pem")
    with Simulacra(server.url, ca_file=ca_file, transport=between, new_patience=soon) as api:
        asked = api.signup("Acme Clients", "clients@acme.example")
        assert asked.status == "pending"
        server.operate("approve", asked.request_id)
        approved = api.signup_status(asked.request_id)
        assert approved.credential_claim_token is not None
        first = api.claim(approved.credential_claim_token, profile="acme")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with Simulacra(profile="acme", transport=Between(server), new_patience=soon) as api:
        assert api.usage().rows_used == 0
        second = api.rotate()
        assert second.client_secret != first.client_secret
        assert len(api.clients()) == 1  # with the new secret: the old token has ended
    with Simulacra(profile="acme") as api:  # over a connection of its own, with ca_file
        (record,) = api.clients()
    assert record.client_id == first.client_id
    assert record.last_rotated_at is not None
    server.secrets |= {first.client_secret, second.client_secret}


def test_neither_secret_nor_token_nor_link_is_written_to_a_log(
    remote: Simulacra,
    between: Between,
    study_id: str,
    credential: dict[str, str],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    between.faults = {"/artifact": ["cut"]}
    made = remote.dataset(study_id).generate(1000, seed=2)
    made.download(tmp_path / "rows.parquet")
    token = remote._session._token
    assert token is not None
    link = str(made.document["artifact_token"])
    everything = "\n".join(record.getMessage() for record in caplog.records)
    everything += repr([remote.configuration, token, made, between.seen])
    assert "/artifact" in everything
    for secret in (credential["client_secret"], token.text, link):
        assert secret not in everything


def test_the_same_with_await(
    server: ServerProcess, credential: dict[str, str], study_id: str, tmp_path: Path
) -> None:
    between = AsyncBetween(server, ["/oauth/token", "/generations", "/generations", "/artifact"])

    async def use() -> None:
        async with AsyncSimulacra(
            server.url,
            client_id=credential["client_id"],
            client_secret=credential["client_secret"],
            transport=between,
            new_patience=soon,
        ) as api:
            before = await api.usage()
            study = await api.dataset(study_id)
            assert "segment" in await study.schema
            several = [study.generate(30, seed=seed) for seed in (1, 2)]
            for made in await asyncio.gather(*several):
                assert (await made.table).num_rows == 30
                await made.write(tmp_path / f"{made.seed}.parquet")
            assert (await api.usage()).rows_used - before.rows_used == 60
            assert between.lost == []
            assert study_id in [it.id async for it in api.datasets()]

    asyncio.run(use())
    assert pq.read_table(tmp_path / "2.parquet").num_rows == 30


def test_the_examples_of_the_page_run_as_they_stand(
    server: ServerProcess, study_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = server.create_tenant("Readers of the page")
    monkeypatch.chdir(tmp_path)
    Path("study.csv").write_bytes(study_file.read_bytes())
    for name, value in {
        "SIMIO_API_BASE": server.url,
        "SIMIO_AUTH0_DOMAIN": server.url.removeprefix("https://"),
        "SIMIO_AUTH0_AUDIENCE": made["audience"],
        "SIMIO_CLIENT_ID": made["client_id"],
        "SIMIO_CLIENT_SECRET": made["client_secret"],
        "SIMIO_PROFILES_FILE": str(tmp_path / "profiles.toml"),
        "SSL_CERT_FILE": str(server.data_dir / "ca.pem"),
    }.items():
        monkeypatch.setenv(name, value)
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 16
    blocks = [it for it in blocks if "webhook" not in it]  # as tests/acceptance/test_webhooks.py
    names: dict[str, Any] = {}
    opened: list[Simulacra] = []

    def open_one(profile: str | None = None) -> Simulacra:
        opened.append(Simulacra(profile=profile))
        return opened[-1]

    monkeypatch.setattr(client, "Simulacra", open_one)  # the page leaves them open
    for block in blocks:
        if "AsyncSimulacra" in block:  # the secret of the variables has ended with the rotation
            monkeypatch.setenv("SIMIO_PROFILE", "acme")
        exec(block, names)  # noqa: S102 - it is our own page
    for api in opened:
        api.close()
    assert pq.read_table("synthetic.parquet").num_rows == names["made"].rows_generated
    secrets = tomllib.loads(Path("profiles.toml").read_text())
    assert secrets["acme"]["client_secret"] != made["client_secret"]
    server.secrets |= {made["client_secret"], secrets["acme"]["client_secret"]}


class Tunnel(socketserver.BaseRequestHandler):
    """One connection through a proxy, as HTTPS has it: CONNECT, and then bytes both ways."""

    asked: ClassVar[list[str]] = []

    def handle(self) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.request.recv(1)
        method, where, _ = head.decode().split(maxsplit=2)
        self.asked.append(f"{method} {where}")
        host, _, port = where.rpartition(":")
        with socket.create_connection((host, int(port))) as server:
            self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            ends = {self.request: server, server: self.request}
            while True:
                for ready in select.select([*ends], [], [])[0]:
                    data = ready.recv(65536)
                    if not data:
                        return
                    ends[ready].sendall(data)


def test_requests_go_through_the_proxy_that_the_environment_names(
    server: ServerProcess, credential: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Tunnel.asked.clear()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Tunnel) as proxy:
        proxy.daemon_threads = True
        thread = threading.Thread(target=proxy.serve_forever)
        thread.start()
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.server_address[1]}")
        monkeypatch.setenv("SSL_CERT_FILE", str(server.data_dir / "ca.pem"))
        try:
            with Simulacra(
                server.url,
                client_id=credential["client_id"],
                client_secret=credential["client_secret"],
            ) as api:
                assert api.usage().rows_reserved == 0
        finally:
            proxy.shutdown()
            thread.join()
    assert Tunnel.asked == [f"CONNECT {server.url.removeprefix('https://')}"]


def test_a_study_is_kept_longer_and_deleted(remote: Simulacra, study_file: Path) -> None:
    study = remote.upload(study_file, wait=False)
    assert study.status == "processing"
    until = study.document["expires_at"]
    assert study.keep(72).document["expires_at"] > until
    study.delete()
    with pytest.raises(problems.DatasetNotFoundError):
        study.refresh()
    with pytest.raises(client.JobEndedError) as caught:
        study.wait()
    assert (caught.value.job_id, caught.value.status) == (study.job_id, "cancelled")
