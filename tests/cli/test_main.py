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
