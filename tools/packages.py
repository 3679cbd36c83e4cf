"""Build the packages and try them in empty environments, outside the repository.

    python -m tools.packages

For each Python from 3.11 to 3.14 that this machine has: the client alone, and the library alone.
For one of them: the source distribution, all extras with a server that the client calls, and the
steps of the Dockerfile. Dependencies are those of `uv.lock`.
"""

import contextlib
import dataclasses
import json
import os
import re
import shlex
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from examples.run_quickstart import free_port

ROOT = Path(__file__).parents[1]
UV = shutil.which("uv", path=f"{ROOT}/.tools/bin{os.pathsep}{os.environ['PATH']}") or "uv"
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
FOR_ALL_EXTRAS = "3.12"
"""Of the environment with a server, where there is a Python of that version."""
CLIENT_MIB = 15
"""What the client may take on disk with all that it needs, compiled to bytecode."""
SECONDS = 600
"""How long a step may take on a machine that is busy with others."""

CLIENT = """
import importlib, pkgutil, sys
import simulacra, simulacra.client.display

FOR_TYPE_CHECKERS = "simulacra.engine.columns.arrays"
display = "simulacra.engine.display."
OF_EXTRAS = (display + "great_table", display + "panel", display + "plotting.")
for module in pkgutil.walk_packages(simulacra.__path__, "simulacra."):
    if module.name in (FOR_TYPE_CHECKERS, "simulacra.__main__"):
        continue
    if not module.name.startswith(OF_EXTRAS):
        importlib.import_module(module.name)
try:
    simulacra.fit
except ModuleNotFoundError as error:
    assert "pip install simulacra" in str(error), error
else:
    raise AssertionError("simulacra.fit is there without the library")
sys.stderr.isatty = lambda: True
with simulacra.client.display.progress(None) as shown:
    assert shown is None, "there is no bar without rich"
heavy = {"numpy", "pyarrow", "numba", "rich"} & set(sys.modules)
assert not heavy, f"the client loads {heavy}"
"""
LIBRARY = """
import random, sys
import simulacra

draw = random.Random(1)
rows = [f"{draw.choice(['Premium', 'Value'])},{draw.randint(18, 80)}" for _ in range(300)]
with open("study.csv", "w") as file:
    file.write("\\n".join(["segment,age", *rows]))
made = simulacra.fit("study.csv").generate(100, seed=1, categorical={"segment": {"Premium": 0.6}})
assert made.table.column("segment").to_pylist().count("Premium") == 60
loaded = {name.partition(".")[0] for name in sys.modules} & {"httpx", "fastapi", "sqlalchemy"}
assert not loaded and "simulacra.service" not in sys.modules, f"the library loads {loaded}"
"""
CALLS = """
import json, sys
from simulacra.client import Simulacra

where = json.load(sys.stdin)
with open("study.csv", "w") as file:
    file.write("segment,age\\n" + "Premium,31\\nValue,52\\nValue,47\\n" * 100)
with Simulacra(**where) as api:
    study = api.upload("study.csv", progress=False)
    assert study.schema.columns[0].name == "segment", study.schema
    made = study.generate(
        100, seed=1, categorical={"segment": {"Premium": 0.6}}, progress=False
    )
    assert "60.00%" in str(made.report), made.report
    made.write("rows.parquet")
    try:
        made.write("rows.csv")
    except ModuleNotFoundError as error:
        assert "pip install simulacra" in str(error), error
with open("rows.parquet", "rb") as file:
    assert file.read(4) == b"PAR1"
"""


@dataclasses.dataclass(frozen=True)
class Packages:
    """What was built.

    Attributes:
        folder: where the files are.
        constraints: a file with the locked versions of all dependencies.
    """

    folder: Path
    constraints: Path

    def only(self, pattern: str) -> Path:
        """Return the one file of that pattern."""
        (found,) = self.folder.glob(pattern)
        return found


@dataclasses.dataclass(frozen=True)
class Environment:
    """An environment of its own, and an empty folder beside it to work in."""

    folder: Path

    @property
    def programs(self) -> Path:
        """Where its programs are."""
        return self.folder / "venv" / "bin"

    @property
    def work(self) -> Path:
        """The empty folder."""
        return self.folder / "work"

    def run(self, program: str, *arguments: str, stdin: str = "") -> str:
        """Run one of its programs in the empty folder, and return what it prints."""
        return run(self.programs / program, *arguments, cwd=self.work, stdin=stdin)

    def mib(self) -> float:
        """Return what its packages take on disk, in MiB."""
        (packages,) = self.folder.glob("venv/lib/python*/site-packages")
        files = (it for it in packages.rglob("*") if it.is_file())
        return sum(it.stat().st_size for it in files) / 2**20


class StepError(Exception):
    """A program failed; the text is its command and what it printed."""


def main() -> int:
    """Build and try everything, print a line for each trial, and return the exit code."""
    pythons = {version: found for version in VERSIONS if (found := python(version))}
    one = pythons.get(FOR_ALL_EXTRAS, next(iter(pythons.values())))
    with tempfile.TemporaryDirectory(prefix="simulacra-packages-") as name:
        folder = Path(name)
        packages = build(folder / "dist")
        trials: list[tuple[str, Callable[[], str]]] = [
            ("all extras, a server and its client", lambda: try_service(packages, one, folder)),
            ("steps of the Dockerfile", lambda: try_dockerfile(one, folder)),
            ("source distribution", lambda: try_source(packages, one, folder)),
        ]
        for version, found in pythons.items():
            trials += [
                (f"Python {version}, library", _trial(try_library, packages, found, folder)),
                (f"Python {version}, client", _trial(try_client, packages, found, folder)),
            ]
        with ThreadPoolExecutor(2) as pool:
            outcomes = list(pool.map(_outcome, trials))
    for version in VERSIONS:
        if version not in pythons:
            print(f"skipped  Python {version} is not on this machine")
    return 0 if all(outcomes) else 1


def _trial(
    trial: Callable[[Packages, str, Path], str], packages: Packages, python: str, folder: Path
) -> Callable[[], str]:
    return lambda: trial(packages, python, folder)


def _outcome(named: tuple[str, Callable[[], str]]) -> bool:
    name, trial = named
    began = time.monotonic()
    try:
        said = trial()
    except (StepError, OSError, AssertionError) as error:
        print(f"FAILED   {name}\n{error}", flush=True)
        return False
    print(f"ok       {name}: {said} ({time.monotonic() - began:.0f} s)", flush=True)
    return True


def python(version: str) -> str | None:
    """Return an interpreter of that version, if uv or pyenv has one."""
    found = subprocess.run(  # noqa: S603 - ours
        [UV, "python", "find", "--no-project", "--no-python-downloads", version],
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode == 0:
        return found.stdout.strip()
    home = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    return next((str(it) for it in sorted(home.glob(f"versions/{version}.*/bin/python"))), None)


def build(folder: Path) -> Packages:
    """Build source distributions, and wheels from these."""
    run(UV, "build", "--quiet", "--all-packages", "--out-dir", str(folder), cwd=ROOT)
    look = (UV, "run", "--quiet", "--isolated", "--locked", "--only-group", "packages")
    built = [str(it) for it in folder.iterdir() if it.suffix in (".whl", ".gz")]
    run(*look, "twine", "check", "--strict", *built, cwd=ROOT)
    run(*look, "check-wheel-contents", str(folder), cwd=ROOT)
    constraints = folder / "constraints.txt"
    run(
        *(UV, "export", "--quiet", "--locked", "--no-dev", "--all-extras", "--no-hashes"),
        *("--no-emit-workspace", "--output-file", str(constraints)),
        cwd=ROOT,
    )
    return Packages(folder, constraints)


def install(
    packages: Packages, python: str, folder: Path, *wanted: str, compiled: bool = False
) -> Environment:
    """Make an environment with these requirements, from what was built and the registry."""
    environment = Environment(Path(tempfile.mkdtemp(dir=folder)))
    environment.work.mkdir()
    venv = environment.folder / "venv"
    run(UV, "venv", "--quiet", "--no-project", "--python", python, str(venv), cwd=folder)
    run(
        *(UV, "pip", "install", "--quiet", "--python", str(venv)),
        *(["--compile-bytecode"] if compiled else []),
        *("--find-links", str(packages.folder), "--constraints", str(packages.constraints)),
        *wanted,
        cwd=folder,
    )
    return environment


def try_client(packages: Packages, python: str, folder: Path) -> str:
    """Import all of the client without the library, and look at its size and commands."""
    wheel = str(packages.only("simulacra_client-*.whl"))
    there = install(packages, python, folder, wheel, compiled=True)
    if (size := there.mib()) > CLIENT_MIB:
        raise StepError(f"The client takes {size:.1f} MiB, more than {CLIENT_MIB} MiB.")
    there.run("python", "-I", "-c", CLIENT)
    there.run("simulacra", "--version")
    there.run("simulacra", "--help")
    if (ROOT / "src" / "simulacra" / "cli" / "remote").exists():
        there.run("simulacra", "remote", "--help")
    return f"{size:.1f} MiB"


def try_library(packages: Packages, python: str, folder: Path) -> str:
    """Fit and generate with the library, whose loops nobody has compiled before."""
    there = install(packages, python, folder, str(packages.only("simulacra-*.whl")))
    began = time.monotonic()
    there.run("python", "-I", "-c", LIBRARY)
    first = time.monotonic() - began
    there.run("python", "-I", "-c", LIBRARY)
    second = time.monotonic() - began - first
    return f"first fit {first:.0f} s, second {second:.0f} s"


def try_source(packages: Packages, python: str, folder: Path) -> str:
    """Install the source distribution, which is built on the way."""
    there = install(packages, python, folder, str(packages.only("simulacra-*.tar.gz")))
    return there.run("simulacra", "--version").strip()


def try_service(packages: Packages, python: str, folder: Path) -> str:
    """Start a server in an empty folder, and call it with the client alone."""
    wheel = packages.only("simulacra-*.whl")
    there = install(packages, python, folder, f"simulacra[{','.join(extras(wheel))}] @ {wheel}")
    client = install(packages, python, folder, str(packages.only("simulacra_client-*.whl")))
    there.run("simulacra", "compile")
    with server(there) as port:
        created = there.run(
            *("simulacra", "operator", "create-tenant", "--json"),
            *("--company", "Packages", "--email", "packages@example.com"),
        )
        credential = json.loads(created)
        where = {
            "base_url": f"https://localhost:{port}",
            "client_id": credential["client_id"],
            "client_secret": credential["client_secret"],
            "ca_file": str(there.work / "simulacra-data" / "ca.pem"),
        }
        client.run("python", "-I", "-c", CALLS, stdin=json.dumps(where))
    return f"{there.mib():.0f} MiB"


def try_dockerfile(python: str, folder: Path) -> str:
    """Take the steps that build the image in a folder for each stage, with this machine's Python.

    No engine for containers is needed, so bases, accounts and layers are not tried.
    """
    lines = (ROOT / "deploy" / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    stage, place, settings = folder, folder, dict[str, str]()
    for line in lines:
        instruction, _, rest = line.partition(" ")
        if instruction == "FROM":
            stage = folder / "image" / rest.rpartition(" AS ")[2]
            if "AS" not in rest:
                break
            stage.mkdir(parents=True)
            settings = {"UV_PYTHON": python}
        elif instruction == "ENV":
            settings |= dict(it.split("=", 1) for it in shlex.split(rest))
        elif instruction == "WORKDIR":
            place = stage / rest.lstrip("/")
            place.mkdir(exist_ok=True)
        elif instruction == "COPY" and "--from=ghcr.io" not in rest:
            _copy(rest, stage, place)
        elif instruction == "RUN":
            # What is absolute in the image is below the stage's folder here.
            own = re.sub(r"(?<![\w./])/(?=[a-z])", f"{stage}/", rest)
            run("sh", "-euc", own, cwd=place, variables=settings)
    application = folder / "image" / "install" / "app"
    (packages,) = application.glob(".venv/lib/python*/site-packages")
    if not (packages / "simulacra" / "service" / "main.py").is_file():
        raise StepError("The package is not in the image itself.")
    if not list((application / "numba").rglob("growing.grow-*.nbc")):
        raise StepError("The loops are not compiled in the image.")
    return run(application / ".venv" / "bin" / "simulacra", "--version", cwd=application).strip()


def _copy(words: str, stage: Path, place: Path) -> None:
    """Copy from the repository, or from another stage, as COPY does."""
    *sources, target = words.split()
    base, to = ROOT, place / target
    if sources[0].startswith("--from="):
        base = stage.parent / sources.pop(0).removeprefix("--from=")
        to = stage / target.lstrip("/")
    elif target.startswith("/"):
        to = stage / target.lstrip("/")
    for source in sources:
        found = base / source.lstrip("/")
        if found.is_dir():
            shutil.copytree(found, to, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            to.mkdir(parents=True, exist_ok=True)
            shutil.copy2(found, to)


def extras(wheel: Path) -> list[str]:
    """Return the names of the extras of a wheel."""
    metadata = run("unzip", "-p", str(wheel), "*.dist-info/METADATA", cwd=wheel.parent)
    known = "Provides-Extra: "
    return [line.removeprefix(known) for line in metadata.split("\n") if line.startswith(known)]


@contextlib.contextmanager
def server(there: Environment) -> Iterator[int]:
    """Run a server in the empty folder until the end, and yield its port once it is ready."""
    port = free_port()
    log = there.folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - ours
            [there.programs / "simulacra", "serve", "--port", str(port)],
            cwd=there.work,
            env=clean(),
            stdout=output,
            stderr=output,
        )
    try:
        wait(port, there.work / "simulacra-data" / "ca.pem", process)
        yield port
    except (StepError, OSError) as error:
        raise StepError(f"{error}\n{log.read_text()}") from error
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(SECONDS)


def wait(port: int, authority: Path, process: "subprocess.Popen[bytes]") -> None:
    """Return when the server says that it is ready."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise StepError("The server has ended.")
        with contextlib.suppress(OSError):
            trust = ssl.create_default_context(cafile=authority)
            url = f"https://localhost:{port}/readyz"
            with urllib.request.urlopen(url, context=trust, timeout=10):
                return
        time.sleep(0.2)
    raise StepError("The server is not ready in time.")


def run(
    program: str | Path,
    *arguments: str,
    cwd: Path,
    stdin: str = "",
    variables: Mapping[str, str] | None = None,
) -> str:
    """Run a program without variables of ours, and return what it prints."""
    done = subprocess.run(  # noqa: S603 - ours
        [program, *arguments],
        cwd=cwd,
        env={**clean(), **(variables or {})},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode != 0:
        command = " ".join([str(program), *arguments])
        raise StepError(f"{command}\n{done.stdout}{done.stderr}")
    return done.stdout


def clean() -> dict[str, str]:
    """Return the environment without what would lead back into the repository or to a cache."""
    ours = ("SIMULACRA_", "SIMIO_", "PYTHON", "NUMBA_", "VIRTUAL_ENV")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
    return {**kept, "PATH": f"{Path(UV).parent}{os.pathsep}{kept['PATH']}"}


if __name__ == "__main__":
    sys.exit(main())
