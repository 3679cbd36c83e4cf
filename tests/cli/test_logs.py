import json
import logging
from collections.abc import Iterator

import pytest

from simulacra.cli import logs


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_lines_are_text_unless_json_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    logging.getLogger("simulacra.some").info("job %s begins", "job_1")
    assert capsys.readouterr().err.endswith(" INFO simulacra.some: job job_1 begins\n")


def test_json_has_the_fields_of_the_event(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    logs.configure("json")  # as a command does once it knows its settings
    event = {"job_id": "job_1", "seconds": 1.5}
    logging.getLogger("simulacra.some").warning('says "no"\n twice', extra=event)
    (line,) = capsys.readouterr().err.splitlines()
    document = json.loads(line)
    assert document.pop("time")
    assert document == {
        "level": "WARNING",
        "logger": "simulacra.some",
        "message": 'says "no"\n twice',
        **event,
    }
