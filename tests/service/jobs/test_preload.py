import subprocess
import sys

FORKED = """
import multiprocessing
from simulacra.service.jobs import child
if __name__ == "__main__":
    child.start_server([])
    look = "from simulacra.engine.model import growing; print(bool(growing.grow.signatures))"
    process = multiprocessing.get_context("forkserver").Process(target=exec, args=(look,))
    process.start()
    process.join()
"""


def test_a_job_begins_with_compiled_loops_in_memory() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", FORKED], capture_output=True, text=True, check=True
    )
    assert ended.stdout == "True\n"
