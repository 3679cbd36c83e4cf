"""Hostile code in the real child of a job, and the same code without confinement."""

import asyncio
import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulacra.engine.model import kernels
from simulacra.engine.progress import Progress
from simulacra.service import scratch
from simulacra.service.confinement import environment, files, layers
from simulacra.service.jobs import child, functions
from tests.service.confinement import attacks

LIMITS = child.Limits(memory_bytes=2 * 1024**3, seconds=60, requires_confinement=True)
SLEEP = """
import sys, time
from simulacra.service.confinement import kernel
kernel.hide_memory()
print("ready", flush=True)
time.sleep(600)
"""
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can do these without confinement")


def in_child(name: str, folder: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Call a function of `attacks` in the child of a job."""

    async def ignore(_: Progress) -> None: ...

    function = functions.ChildFunction(f"{attacks.__name__}:{name}", dict, dict)
    return asyncio.run(child.run(function, request, folder, LIMITS, ignore))


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[attacks.Targets]:
    """An installation that is worth attacking: files, a process with a secret, a port."""
    data_dir = tmp_path_factory.mktemp("data")
    for name in ("keys/master.key", "tls/server.pem", "removable"):
        path = data_dir / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.write_text(secrets.token_hex())
        path.chmod(0o600)
    variables = os.environ | {"SIMULACRA_MASTER_KEY": "hunter2"}
    with (
        subprocess.Popen(
            [sys.executable, "-c", SLEEP], env=variables, stdout=subprocess.PIPE, text=True
        ) as victim,
        socket.create_server(("127.0.0.1", 0)) as server,
        scratch.folder() as other,
    ):
        assert victim.stdout is not None
        victim.stdout.readline()
        (other / "study").write_text("name,salary\nAnn,100\n")
        yield {
            "data_dir": str(data_dir),
            "master_key": str(data_dir / "keys" / "master.key"),
            "tls_key": str(data_dir / "tls" / "server.pem"),
            "removable": str(data_dir / "removable"),
            "elsewhere": str(data_dir / "elsewhere"),
            "other_folder": str(other),
            "other_file": str(other / "study"),
            "temporary": str(other.parent),
            "cached": str(Path(kernels.__file__).parent / "__pycache__" / "attack.nbi"),
            "victim": victim.pid,
            "port": server.getsockname()[1],
        }
        victim.kill()


@pytest.fixture(scope="module")
def outcomes(targets: attacks.Targets) -> dict[str, str]:
    """How the kernel answers the child of a job."""
    with scratch.folder() as folder:
        return in_child("run", folder, targets | {"own": str(folder)})


@pytest.mark.parametrize("name", attacks.ATTACKS)
def test_the_child_of_a_job_is_refused(name: str, outcomes: dict[str, str]) -> None:
    expected, _ = attacks.ATTACKS[name]
    assert outcomes[name] == expected


@AS_ROOT
@pytest.mark.parametrize("name", sorted(attacks.ATTACKS.keys() - set(attacks.ONLY_CONFINED)))
def test_without_confinement_the_same_is_not_refused(
    name: str, targets: attacks.Targets, tmp_path: Path
) -> None:
    """The kernel carries it out, or finds fault with nothing but its arguments."""
    request = json.dumps(targets | {"own": str(tmp_path)})
    command = [sys.executable, "-m", attacks.__name__, name, request]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    Path(targets["cached"]).unlink(missing_ok=True)
    answer = ended.stdout.strip()
    if attacks.ATTACKS[name][1].__name__ == "<lambda>" and name.isidentifier():
        assert answer not in ("ENOSYS", "EACCES")
    else:
        assert answer == attacks.SUCCEEDED


def test_a_job_holds_one_descriptor_beside_the_standard_ones(tmp_path: Path) -> None:
    """Another three only name files of /proc that it may read anyway."""
    seen = in_child("look_around", tmp_path, {})
    ways = sorted(name for number, name in seen["descriptors"].items() if int(number) > 2)
    assert [name.partition(":")[0] for name in ways if not name.startswith("/proc/")] == ["pipe"]
    assert len(ways) == 1 + len(files.PROC)


@AS_ROOT
def test_a_job_has_an_account_of_its_own_whose_threads_are_limited(tmp_path: Path) -> None:
    one, two = (in_child("look_around", tmp_path, {}) for _ in range(2))
    assert 0 < one["user"] != two["user"] > 0
    assert one["threads"] == layers.max_threads()


def test_a_link_that_a_job_left_is_not_followed(tmp_path: Path) -> None:
    """Where there is no Landlock; here the test makes it."""
    (tmp_path / "artifact").symlink_to("/etc/passwd")
    with pytest.raises(child.ChildFaultError, match="no file"):
        in_child("look_around", tmp_path, {})


MISSING = {
    layers.Layer.SYSTEM_CALLS: "system_calls.pyseccomp = None",
    layers.Layer.FILES: "files.is_available = lambda: False",
    layers.Layer.ACCOUNT: "account.adopt = lambda *_: False",
}
ENTER = """
import sys, pathlib
from simulacra.service.confinement import account, files, layers, system_calls
{missing}
entered = layers.enter(pathlib.Path(sys.argv[1]), kept_descriptor=3)
print(*sorted(entered), sep=",")
layers.check(entered)
"""


@pytest.mark.parametrize("layer", layers.Layer)
def test_a_machine_without_a_layer_has_the_others(layer: layers.Layer, tmp_path: Path) -> None:
    script = ENTER.format(missing=MISSING[layer])
    command = [sys.executable, "-c", script, str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.stdout.strip().split(",") == sorted(set(layers.Layer) - {layer})
    if layer in layers.REQUIRED:
        assert f"UnconfinedError: Jobs would run without {layer}" in ended.stderr
    else:
        assert ended.returncode == 0


def test_variables_that_may_be_secrets_do_not_reach_a_job() -> None:
    kept = {"PATH": "/bin", "LC_ALL": "C", "TZ": "UTC", "NUMBA_CACHE_DIR": "/numba"}
    secret = {"DATABASE_URL": "a", "AWS_SECRET_ACCESS_KEY": "b", "PGPASSWORD": "c", "X": "d"}
    variables = kept | secret
    environment.restrict(variables)
    assert variables == kept


NOT_ROOT = """
import os, pathlib, sys, threading
from simulacra.service.confinement import layers
layers.prepare()
folder = pathlib.Path(sys.argv[1])
os.setresgid(65534, 65534, 65534)
os.setresuid(65534, 65534, 65534)
print(*sorted(layers.enter(folder, kept_descriptor=3)), sep=",", flush=True)
folder.joinpath("result").write_text("done")
thread = threading.Thread(target=lambda: print("thread", flush=True))
thread.start()
thread.join()
os.fork()
"""


@AS_ROOT
def test_who_is_not_root_confines_jobs_too() -> None:
    """In a user namespace, where there are any; this test needs root to be someone else."""
    with scratch.folder() as folder:
        os.chown(folder, 65534, 65534)
        command = [sys.executable, "-c", NOT_ROOT, str(folder)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        held, thread = ended.stdout.splitlines()
        assert {*held.split(","), str(layers.Layer.ACCOUNT)} == {*map(str, layers.Layer)}
        assert thread == "thread"
        assert "Function not implemented" in ended.stderr
        assert (folder / "result").read_text() == "done"
