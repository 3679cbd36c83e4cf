"""The API process keeps no right that serving does not need, and ends politely."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
import uvicorn

from simulacra.cli import main
from simulacra.service import keys
from simulacra.service.database import tables
from simulacra.service.identity import embedded
from simulacra.service.identity.principal import SCOPES
from simulacra.service.runtime import Runtime
from simulacra.service.settings import Settings
from tests.acceptance import harness
from tests.coroutines import RunAsync


def test_the_owners_url_is_forgotten_before_serving(
    empty_dsn: str, owner_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SIMULACRA_CONFIG", raising=False)
    monkeypatch.setenv("DATABASE_URL", empty_dsn)
    monkeypatch.setenv("SIMULACRA_MIGRATION_DATABASE_URL", owner_dsn)
    monkeypatch.setenv("SIMULACRA_DATA_DIR", str(tmp_path))
    keys.make_master_key(tmp_path / "keys" / "master.key")
    served = []

    async def serve(_server: uvicorn.Server) -> None:
        served.append(dict(os.environ))

    monkeypatch.setattr("uvicorn.Server.serve", serve)
    assert main.main(["api"]) == 0
    (environment,) = served
    assert owner_dsn not in environment.values()
    assert environment["DATABASE_URL"] == empty_dsn


@contextlib.contextmanager
def api_process(settings: Settings, **more: str) -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    """An API process on the test database, and its address."""
    port = harness.free_port()
    environment = harness.clean_environment() | {
        "DATABASE_URL": settings.dsn(),
        "SIMULACRA_DATA_DIR": str(settings.data_dir),
        "SIMULACRA_PORT": str(port),
        "SIMULACRA_BASE_URL": settings.base_url,
    }
    log = settings.data_dir / "api.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*harness.SIMULACRA, "api"], env=environment | more, stdout=output, stderr=output
        )
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def wait_for(url: str) -> None:
    deadline = time.monotonic() + harness.SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/healthz").is_success:
                return
        time.sleep(0.05)
    raise AssertionError("the API does not answer")


def lines_of_tokens(settings: Settings) -> list[str]:
    """Return the log lines of three token requests; each is written after its answer."""
    deadline = time.monotonic() + harness.SECONDS
    while time.monotonic() < deadline:
        lines = (settings.data_dir / "api.log").read_text().splitlines()
        if len(found := [line for line in lines if "/oauth/token" in line]) == 3:
            return found
        time.sleep(0.02)
    raise AssertionError("the API does not log")


@pytest.mark.parametrize(
    ("proxies", "is_believed"),
    [(None, False), ("", False), ("192.0.2.1", False), ("192.0.2.1, 127.0.0.0/8", True)],
)
def test_a_forwarded_address_is_believed_of_named_proxies_alone(
    settings: Settings, proxies: str | None, *, is_believed: bool
) -> None:
    chosen = {} if proxies is None else {"SIMULACRA_TRUSTED_PROXIES": proxies}
    with api_process(settings, **chosen) as (_, url):
        wait_for(url)
        for number in range(3):
            forged = {"X-Forwarded-For": f"198.51.100.{number}", "Forwarded": "for=203.0.113.9"}
            answer = httpx.post(f"{url}/oauth/token", data={"grant_type": "x"}, headers=forged)
            assert answer.status_code == 400
        lines = lines_of_tokens(settings)
    logged = {line.rpartition("from=")[2] for line in lines}
    with psycopg.connect(settings.dsn()) as connection:
        counted = connection.execute("SELECT count(*) FROM throttles").fetchone()
    assert counted is not None
    expected = 3 if is_believed else 1
    # Two counters for each address: of the address, and of it together with the client.
    assert (len(logged), counted[0]) == (expected, 2 * expected)


def test_a_request_that_waits_for_a_job_is_answered_when_the_process_is_told_to_stop(
    settings: Settings, runtime: Runtime, run_async: RunAsync
) -> None:
    tokens = []

    async def prepare() -> None:
        tenant = await runtime.tenants.create(company="A", email="a@b.example")
        assert isinstance(runtime.identity, embedded.Embedded)
        tokens.append(await runtime.identity.issuer.mint(tenant.client_id, SCOPES))
        job = tables.Job(
            id="job_1", tenant_id=tenant.tenant_id, operation="createDataset", status="queued",
            dataset_id="ds_1",
        )  # fmt: skip
        async with runtime.database.transaction(tenant.tenant_id) as session:
            session.add(job)

    run_async(prepare())
    with api_process(settings) as (process, url):
        wait_for(url)
        headers = {"Authorization": f"Bearer {tokens[0]}"}
        with httpx.Client(base_url=url, headers=headers, timeout=harness.SECONDS) as client:
            assert client.get("/v1/jobs/job_1").json()["status"] == "queued"
            stopping = threading.Timer(0.5, process.send_signal, [signal.SIGTERM])
            stopping.start()
            began = time.monotonic()
            held = client.get("/v1/jobs/job_1", params={"wait_seconds": 30})
            assert time.monotonic() - began < 25  # it was not held to the end
        assert (held.status_code, held.json()["status"]) == (200, "queued")
        assert process.wait(harness.SECONDS) in (0, -signal.SIGTERM)
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{url}/healthz")
