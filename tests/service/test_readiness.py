"""Ready is who has a database, its tables and an object store; alive is who answers."""

import asyncio
import base64
import shutil
import tempfile
from collections import namedtuple
from pathlib import Path

import httpx
import pytest

from simulacra.cli import main as cli
from simulacra.service import compose, keys, main, readiness, revision
from simulacra.service.confinement import layers
from simulacra.service.http import envelope
from simulacra.service.jobs import workers
from simulacra.service.runtime import Runtime
from simulacra.service.settings import Settings
from tests.coroutines import RunAsync

NOWHERE = "postgresql://u:hunter2@127.0.0.1:1/x"
CLOSED_STORE = "s3://bucket-of-nobody"


async def ask(runtime: Runtime, path: str) -> httpx.Response:
    app = envelope.Envelope(main.build(runtime), runtime.policy.base_url, b"")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://x") as http:
        return await http.get(path)


def test_a_process_is_ready_until_it_drains(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        assert (await ask(runtime, "/readyz")).json()["status"] == "ready"
        runtime.draining.set()
        refused = await ask(runtime, "/readyz")
        assert (refused.status_code, refused.json()["code"]) == (503, "simio_unavailable")
        assert "about to end" in refused.json()["detail"]
        assert "retry-after" in refused.headers
        assert (await ask(runtime, "/healthz")).status_code == 200

    run_async(check())


def test_readiness_says_whether_all_workers_confine_their_jobs(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def confinement() -> str:
        return str((await ask(runtime, "/readyz")).json()["confinement"])

    async def check() -> None:
        assert await confinement() == "unknown"
        await workers.note(runtime.database, "wrk_1", layers.REQUIRED)
        assert await confinement() == "full"
        await workers.note(runtime.database, "wrk_2", {layers.Layer.FILES})
        assert await confinement() == "partial"
        await workers.forget(runtime.database, "wrk_2")
        assert await confinement() == "full"
        runtime.database.ahead += workers.MAX_SILENCE
        assert await confinement() == "unknown"

    run_async(check())


def test_without_a_database_a_process_is_alive_and_not_ready(tmp_path: Path) -> None:
    settings = Settings.model_validate({"data_dir": tmp_path, "database_url": NOWHERE})
    keys.make_master_key(settings.master_key_file)

    async def check() -> None:
        runtime = compose.runtime_of(settings)
        refused = await ask(runtime, "/readyz")
        assert (refused.status_code, refused.json()["detail"]) == (
            503,
            "The database does not answer.",
        )
        assert "hunter2" not in refused.text
        assert (await ask(runtime, "/healthz")).status_code == 200
        await runtime.close()

    asyncio.run(check())


def test_with_a_full_disk_a_process_is_alive_and_not_ready(
    settings: Settings, runtime: Runtime, run_async: RunAsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "free")  # noqa: PYI024 - one field of what is replaced
    free = {settings.data_dir: 2**40, Path(tempfile.gettempdir()): 2**40}
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(free[folder]))
    monkeypatch.setattr(readiness, "FRESH_SECONDS", 0.0)

    async def check() -> None:
        assert (await ask(runtime, "/readyz")).status_code == 200
        for folder, name in zip(free, ("data", "scratch"), strict=True):
            free[folder] = readiness.MIN_FREE_BYTES - 1
            refused = await ask(runtime, "/readyz")
            detail = f"The disk of the {name} folder is full."
            assert (refused.status_code, refused.json()["detail"]) == (503, detail)
            assert refused.json()["code"] == "simio_unavailable"
            assert (await ask(runtime, "/healthz")).status_code == 200
            free[folder] = readiness.MIN_FREE_BYTES
            assert (await ask(runtime, "/readyz")).status_code == 200

    run_async(check())


def test_without_an_object_store_a_process_is_not_ready(
    settings: Settings, run_async: RunAsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "hunter1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    monkeypatch.setattr(readiness, "ANSWER_SECONDS", 1.0)
    closed = compose.runtime_of(settings.model_copy(update={"object_store_url": CLOSED_STORE}))

    async def check() -> None:
        refused = await ask(closed, "/readyz")
        assert refused.json()["detail"] == "The object store does not answer."
        assert "127.0.0.1" not in refused.text
        await closed.close()

    run_async(check())


def test_the_parts_are_not_asked_more_often_than_their_answer_ages(
    runtime: Runtime, run_async: RunAsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def count(_database: object) -> None:
        asked.append(1)

    monkeypatch.setattr(revision, "check", count)
    monkeypatch.setattr(readiness, "FRESH_SECONDS", 1000.0)
    patient = readiness.Readiness(runtime.database, runtime.storage, dict)

    async def check() -> None:
        await asyncio.gather(*(patient.check() for _ in range(50)))
        assert len(asked) == 1

    run_async(check())


@pytest.mark.parametrize(("needed", "is_fine"), [("r0000", True), ("r9999", False)])
def test_a_newer_database_is_fine_and_an_older_one_is_not(
    runtime: Runtime,
    run_async: RunAsync,
    monkeypatch: pytest.MonkeyPatch,
    needed: str,
    *,
    is_fine: bool,
) -> None:
    monkeypatch.setattr(revision, "needed", lambda: needed)

    async def check() -> None:
        if is_fine:
            await revision.check(runtime.database)
            return
        with pytest.raises(revision.OutdatedError, match="needs r9999: run `simulacra migrate`"):
            await revision.check(runtime.database)
        assert "r9999" in (await ask(runtime, "/readyz")).json()["detail"]

    run_async(check())


def _configure(monkeypatch: pytest.MonkeyPatch, data_dir: Path, database_url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("SIMULACRA_DATA_DIR", str(data_dir))
    monkeypatch.setenv("SIMULACRA_MASTER_KEY", base64.b64encode(bytes(32)).decode())


def test_the_command_says_what_is_missing(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _configure(monkeypatch, tmp_path, dsn)
    assert cli.main(["ready"]) == 0
    assert capsys.readouterr().out == "ready\n"
    _configure(monkeypatch, tmp_path, NOWHERE)
    assert cli.main(["ready"]) == 1
    assert capsys.readouterr().err.endswith("simulacra: The database does not answer.\n")


@pytest.mark.parametrize("command", ["api", "worker"])
def test_neither_api_nor_worker_starts_on_an_older_database(
    dsn: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
) -> None:
    _configure(monkeypatch, tmp_path, dsn)
    monkeypatch.setattr(revision, "needed", lambda: "r9999")
    if command == "worker":  # a fork server of the tests would outlive them
        monkeypatch.setattr("simulacra.service.jobs.child.start_server", lambda _: None)
        monkeypatch.setattr("simulacra.service.confinement.environment.restrict", lambda _: None)
    assert cli.main([command]) == 1
    assert "run `simulacra migrate`" in capsys.readouterr().err
