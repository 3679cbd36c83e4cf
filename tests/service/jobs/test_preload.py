import subprocess
import sys
from pathlib import Path

FORKED = """
import multiprocessing
from simulacra.service.jobs import child
print("the main module runs")
if __name__ == "__main__":
    child.start_server([])
    process = multiprocessing.get_context("forkserver").Process(target=exec, args=({look!r},))
    process.start()
    process.join()
"""


def _seen(folder: Path, look: str) -> str:
    """Return what a program and the first child of its fork server print; the child runs `look`."""
    program = folder / "program.py"
    program.write_text(FORKED.format(look=look))
    command = [sys.executable, str(program)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_job_begins_with_compiled_loops_in_memory(tmp_path: Path) -> None:
    look = "from simulacra.engine.model import growing; print(bool(growing.grow.signatures))"
    assert _seen(tmp_path, look) == "the main module runs\nTrue\n"


def test_a_job_begins_with_all_imported_that_runs_it(tmp_path: Path) -> None:
    look = "import sys; print(sys.modules.keys() >= {'simulacra.service.jobs.child', 'asyncio'})"
    assert _seen(tmp_path, look) == "the main module runs\nTrue\n"


def test_a_job_does_not_run_the_main_module_of_its_worker(tmp_path: Path) -> None:
    assert _seen(tmp_path, "print('the job runs')") == "the main module runs\nthe job runs\n"
