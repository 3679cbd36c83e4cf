import subprocess
import sys

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
