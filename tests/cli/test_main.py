import subprocess
import sys
from importlib.metadata import version

import pytest

from simulacra.cli import main


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main.main(["--version"])
    assert capsys.readouterr().out == f"simulacra {version('simulacra')}\n"


def test_asking_for_help_loads_nothing_heavy() -> None:
    program = (
        "import sys; from simulacra.cli import main\n"
        "try:\n    main.main(['--help'])\n"
        "finally:\n    print({'numpy', 'pyarrow', 'httpx', 'fastapi', 'rich'} & set(sys.modules))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ended.stdout.splitlines()[-1] == "set()"


@pytest.mark.parametrize("words", [["completion", "bash"], ["completion", "fish"]])
def test_output_that_nobody_reads_any_more_is_no_fault(words: list[str]) -> None:
    command = [sys.executable, "-m", "simulacra", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()  # before there is any output: a process takes longer to start
        assert running.stderr.read() == b""
    assert running.returncode == main.OUTPUT_CLOSED
