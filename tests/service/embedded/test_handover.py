"""Variables that go to a child through a pipe."""

import json
import os
import sys
from pathlib import Path

import psutil
import pytest

from simulacra.service.embedded import child, handover

ACCEPT = """
import json, os, sys, time
from pathlib import Path
from simulacra.service.embedded import handover
handover.accept()
Path(sys.argv[1]).write_text(json.dumps(dict(os.environ)))
time.sleep(600)
"""


def test_what_is_confided_arrives_and_is_seen_by_nobody_else(tmp_path: Path) -> None:
    found = tmp_path / "found"
    service = child.Service(
        name="child",
        argv=[sys.executable, "-c", ACCEPT, str(found)],
        env={"PATH": os.defpath},
        confided={"SECRET": "hunter2"},
        ready=lambda: found.exists() and bool(found.read_text()),
    )
    for started in (child.Child(service), child.Child(service)):  # again after it has ended
        started.start()
        try:
            while not started.is_ready():
                assert started.exit_code() is None
            variables = json.loads(found.read_text())
            assert variables["SECRET"] == "hunter2"
            assert handover.DESCRIPTOR not in variables
            assert "SECRET" not in psutil.Process(started.pid).environ()
        finally:
            started.stop()
        found.unlink()


def test_without_an_offer_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(handover.DESCRIPTOR, raising=False)
    before = dict(os.environ)
    handover.accept()
    assert dict(os.environ) == before


def test_more_than_a_pipe_holds_is_refused() -> None:
    with pytest.raises(BlockingIOError), handover.offered({"A": "a" * 1_000_000}):
        pass
