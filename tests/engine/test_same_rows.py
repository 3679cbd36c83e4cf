"""The same study, scenario and seed give the rows that are recorded."""

import json
import os
import platform
import subprocess
import sys

import pytest

from tests.studies import same_rows


@pytest.mark.skipif(
    platform.machine().lower() not in {"x86_64", "amd64"},
    reason="the last digits of linear algebra are those of another kind of processor",
)
def test_rows_are_those_of_the_version_that_wrote_the_hashes() -> None:
    done = subprocess.run(
        [sys.executable, same_rows.__file__],
        env=os.environ | same_rows.KERNEL,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == json.loads(same_rows.HASHES.read_text())
