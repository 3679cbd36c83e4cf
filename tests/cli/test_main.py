from importlib.metadata import version

import pytest

from simulacra.cli import main


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main.main(["--version"])
    assert capsys.readouterr().out == f"simulacra {version('simulacra')}\n"
