import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import threading
from simulacra.cli import main
from simulacra.engine import compilation
from simulacra.engine.model import growing, kernels
loops = growing.grow, kernels.descend, kernels.deal_shares, kernels.avoid_repeats
print(any(loop.signatures for loop in loops))
print(main.main(["compile"]))
print(all(loop.signatures for loop in loops), threading.active_count())
"""


def test_loops_are_compiled_by_the_command_and_no_thread_is_left_that_a_fork_would_miss() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    assert ended.stdout.split("\n")[:3] == ["False", "0", "True 1"]


COMPILES = """
import logging
logging.basicConfig(level=logging.INFO, format="%(name)s %(message)s")
from simulacra.engine.model import growing
growing.goes_left(3, 4), growing.goes_left(3, True)
"""


def test_the_log_says_once_that_loops_are_compiled_and_nothing_when_they_are_there(
    tmp_path: Path,
) -> None:
    said = []
    for _ in range(2):
        ended = subprocess.run(
            [sys.executable, "-c", COMPILES],
            env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
        said.append(ended.stderr.splitlines())
    (line,), nothing = said
    assert line.startswith("simulacra.engine.model.kernels Compiling the loops of the engine")
    assert nothing == []
