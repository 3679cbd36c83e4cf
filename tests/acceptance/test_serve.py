"""Starting and stopping, as a person at a terminal does."""

import base64
import concurrent.futures
import contextlib
import os
import random
import re
import secrets
import signal
import subprocess
import time
from pathlib import Path

import httpx
import psutil
import pytest

from simulacra.service.confinement import environment
from tests.acceptance.harness import (
    SECONDS,
    SIMULACRA,
    ServerProcess,
    clean_environment,
    free_port,
    running_server,
)

MOST_OF_A_HEAP = 256 * 1024**2
"""Larger mappings are address space set aside, with nothing in it."""
TROUBLE = re.compile(r"ERROR|CRITICAL|FATAL|PANIC|WARNING|Traceback|Error\b|Exception")
PASSWORD_FILES = ("password", "owner-password")


def serve(data_dir: Path, port: int, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run `simulacra serve` to an end that comes by itself."""
    return subprocess.run(
        [*SIMULACRA, "serve", "--data-dir", str(data_dir), "--port", str(port)],
        env=clean_environment() | settings,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_greeting_says_where_and_what_next(server: ServerProcess) -> None:
    for word in (server.url, str(server.data_dir / "ca.pem"), "create-tenant", "Ctrl-C"):
        assert word in server.greeting


def test_a_second_server_on_the_same_directory_is_refused(server: ServerProcess) -> None:
    ended = serve(server.data_dir, free_port())
    assert ended.returncode == 1
    assert "in use" in ended.stderr
    assert httpx.get(f"{server.url}/healthz", verify=server.tls).status_code == 200


def test_a_taken_port_is_said_at_once(server: ServerProcess, tmp_path: Path) -> None:
    ended = serve(tmp_path / "data", server.port)
    assert ended.returncode == 1
    assert f"127.0.0.1:{server.port}" in ended.stderr
    assert "--port" in ended.stderr


def test_an_invalid_setting_is_named_and_its_value_is_not_shown(tmp_path: Path) -> None:
    ended = serve(tmp_path / "data", free_port(), SIMULACRA_MASTER_KEY="aHVudGVyMg==")
    assert ended.returncode == 1
    assert "master_key" in ended.stderr
    assert "aHVudGVyMg" not in ended.stderr


def test_a_tenant_made_while_nothing_runs_is_served_later(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        server.stop()
        credential = server.create_tenant()
        assert credential["token_url"] == f"{server.url}/oauth/token"
        server.start()
        client = server.client(credential)
        assert client.get("/v1/datasets").json() == {"datasets": []}
        client.close()


def test_an_external_database_and_store_replace_the_embedded_ones(
    empty_dsn: str, tmp_path: Path
) -> None:
    store = tmp_path / "elsewhere"
    settings = {"DATABASE_URL": empty_dsn, "SIMULACRA_OBJECT_STORE_URL": store.as_uri()}
    with running_server(tmp_path / "run", **settings) as server:
        assert not (server.data_dir / "postgres").exists()
        assert "DATABASE_URL, SIMULACRA_OBJECT_STORE_URL" in server.greeting.replace("\n", " ")
        assert empty_dsn not in server.greeting
        client = server.client(server.create_tenant())
        rows = b"a,b\n" + b"".join(b"%d,%d\n" % (n % 7, n % 5) for n in range(100))
        dataset_id = client.train(rows)
        assert len(list((store / "datasets" / dataset_id / "models").iterdir())) == 1
        client.close()


def test_another_master_key_is_named_as_the_cause(empty_dsn: str, tmp_path: Path) -> None:
    settings = {"DATABASE_URL": empty_dsn}
    with running_server(tmp_path / "first", **settings):
        pass
    data_dir = tmp_path / "second"
    ended = serve(data_dir, free_port(), **settings)
    assert ended.returncode == 1
    assert "SIMULACRA_MASTER_KEY" in ended.stderr
    assert not (data_dir / "keys").exists(), "a key was made for a database that has another"
    key = base64.b64encode(bytes(32)).decode()
    ended = serve(data_dir, free_port(), **settings, SIMULACRA_MASTER_KEY=key)
    assert ended.returncode == 1
    assert "SIMULACRA_MASTER_KEY" in (data_dir / "logs" / "api.log").read_text()


def test_a_lost_key_is_not_replaced(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        server.stop()
        key = server.data_dir / "keys" / "master.key"
        for damage in (lambda: key.write_bytes(b""), key.unlink):
            damage()
            ended = serve(server.data_dir, free_port())
            assert ended.returncode == 1
            assert str(key) in ended.stderr
        assert not key.exists()


def is_in_memory(process: psutil.Process, secret: bytes) -> bool:
    """Tell whether a process holds a secret anywhere; whoever may not look is not told."""
    if os.getuid() != 0:
        pytest.skip("the memory of processes with secrets is closed to this account")
    with Path(f"/proc/{process.pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{process.pid}/maps").read_text().splitlines():
            extent, rights, *_ = line.split()
            start, end = (int(edge, 16) for edge in extent.split("-"))
            if not rights.startswith("rw") or end - start > MOST_OF_A_HEAP:
                continue
            with contextlib.suppress(OSError):  # a page that is not there
                memory.seek(start)
                if secret in memory.read(end - start):
                    return True
    return False


def test_no_secret_is_in_the_environment_or_command_of_a_process(tmp_path: Path) -> None:
    settings = {
        "SIMULACRA_MASTER_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "AWS_SECRET_ACCESS_KEY": secrets.token_hex(),
    }
    with running_server(tmp_path / "run", **settings) as server:
        client = server.client(server.create_tenant())
        client.train(b"a,b\n" + b"".join(b"%d,%d\n" % (n % 7, n % 5) for n in range(100)))
        client.close()
        kept = [(server.data_dir / "postgres" / name).read_text() for name in PASSWORD_FILES]
        worker = server.named("simulacra.cli.main", "worker")
        (fork_server,) = [
            process for process in worker.children() if "forkserver" in " ".join(process.cmdline())
        ]
        api, postgres = server.named("simulacra.cli.main", "api"), server.named("bin/postgres")
        owners = kept[PASSWORD_FILES.index("owner-password")].encode()
        for process in (api, worker, fork_server):
            assert not is_in_memory(process, owners), "only a migration acts as the owner"
        assert is_in_memory(worker, settings["SIMULACRA_MASTER_KEY"].encode()), "nothing is seen"
        for process in (api, worker, fork_server, postgres):
            seen = " ".join([*process.environ().values(), *process.cmdline()])
            assert not [secret for secret in (*settings.values(), *kept) if secret in seen]
        assert fork_server.environ() == environment.harmless(fork_server.environ())


@pytest.mark.parametrize("is_busy", [False, True], ids=["idle", "busy"])
def test_a_clean_stop_logs_no_error(tmp_path: Path, *, is_busy: bool) -> None:
    """Neither with nothing to do, nor with a job that runs and a request that waits for it."""
    with running_server(tmp_path) as server:
        client = server.client(server.create_tenant())
        waiting = None
        if is_busy:
            started = client.upload(large_study()).json()
            job = f"/v1/jobs/{started['job_id']}"
            while client.get(job).json()["status"] == "queued":
                time.sleep(0.05)
            pool = concurrent.futures.ThreadPoolExecutor(1)
            waiting = pool.submit(client.get, job, params={"wait_seconds": 30})
            until_logged(server, "api.log", "/v1/jobs/")
        logs = [*sorted((server.data_dir / "logs").iterdir()), tmp_path / "serve.log"]
        assert len(logs) >= 5
        before = {log: log.stat().st_size for log in logs}
        assert server.stop(signal.SIGTERM) == 0
        if waiting is not None:
            assert waiting.result(SECONDS).json()["status"] in ("processing", "queued")
        client.close()
        for log, size in before.items():
            new = log.read_bytes()[size:].decode().splitlines()
            assert [line for line in new if TROUBLE.search(line)] == [], log.name


def large_study() -> bytes:
    """A study whose training takes longer than a stop."""
    rng = random.Random(7)
    names = ",".join(f"column_{number}" for number in range(60))
    rows = [",".join(str(rng.randrange(9)) for _ in range(60)) for _ in range(8000)]
    return "\n".join([names, *rows]).encode()


def until_logged(server: ServerProcess, log: str, word: str) -> None:
    deadline = time.monotonic() + SECONDS
    while word not in (server.data_dir / "logs" / log).read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
