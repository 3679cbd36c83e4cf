"""How long it takes until anything is done: imports, the command line, and the first fit."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks import page
from benchmarks.options import Options
from examples import study

IMPORT = 0.5
"""Seconds that importing may take."""
CASES = {
    "python -c pass": ["-c", "pass"],
    "import simulacra": ["-c", "import simulacra"],
    "import simulacra.client": ["-c", "import simulacra.client"],
    "simulacra --help": ["-m", "simulacra", "--help"],
    "first fit": ["-c", "import simulacra; simulacra.fit('study.csv')"],
    "second fit": ["-c", "import simulacra; simulacra.fit('study.csv')"],
}
ONCE = ("first fit", "second fit")

NOTES = """\
Each case is a new process, from its start to its end, and the interpreter itself is in the first
line; the least of {repetitions} runs. The first fit has an empty cache of compiled loops (one run);
the second finds what the first left there. Processor seconds vary less on a shared machine."""


def run(options: Options) -> None:
    """Measure every case and write docs/benchmarks/start.md."""
    repetitions = 3 if options.quick else 10
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        study.write(Path(folder, "study.csv"))
        variables = {**os.environ, "NUMBA_CACHE_DIR": str(Path(folder, "cache"))}
        for name, arguments in CASES.items():
            if options.includes(name):
                times = 1 if name in ONCE else repetitions
                runs = [_seconds(arguments, folder, variables) for _ in range(times)]
                wall, processor = (min(values) for values in zip(*runs, strict=True))
                has_goal = "import" in name or "help" in name
                shown = page.at_most(wall, IMPORT, 2) if has_goal else f"{wall:.2f}"
                rows.append([name, shown, f"{processor:.2f}"])
    head = ["what", "seconds (goal)", "processor s"]
    notes = NOTES.format(repetitions=repetitions)
    parts = [page.table(head, rows), notes]
    page.write("start", "From nothing to work", parts, save=options.is_complete)


def _seconds(
    arguments: list[str], folder: str, variables: Mapping[str, str]
) -> tuple[float, float]:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, *arguments]
    subprocess.run(command, cwd=folder, env=variables, capture_output=True, check=True)  # noqa: S603 - ours
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
