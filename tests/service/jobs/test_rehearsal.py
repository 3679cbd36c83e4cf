import subprocess
import sys

SCRIPT = """
import threading
from simulacra.engine.model import kernels
from simulacra.service.jobs import rehearsal
loops = kernels.grow, kernels.descend, kernels.deal, kernels.part_donors
print([len(loop.signatures) > 0 for loop in loops], threading.active_count())
"""


FORKED = """
import multiprocessing
from simulacra.service.jobs import child
if __name__ == "__main__":
    child.start_server()
    look = f"import sys; print({child.REHEARSAL!r} in sys.modules, flush=True)"
    process = multiprocessing.get_context("forkserver").Process(target=exec, args=(look,))
    process.start()
    process.join()
"""


def test_a_job_begins_with_what_was_rehearsed() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", FORKED], capture_output=True, text=True, check=True
    )
    assert ended.stdout == "True\n"


def test_loops_are_compiled_and_no_thread_is_left_that_a_fork_would_miss() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    assert ended.stdout.split("\n")[0] == "[True, True, True, True] 1"
