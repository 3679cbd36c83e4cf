"""What commands ask a server for, and what they print of its answers."""

import hashlib
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.remote.conftest import Remote
from tests.client.conftest import Service, ok, problem

pytestmark = pytest.mark.usefixtures("credentials")
DATASET = {
    "dataset_id": "ds_1", "job_id": "job_1", "status": "ready",
    "expires_at": "2036-01-01T00:00:00Z",
}  # fmt: skip
REPORT = {
    "rows_requested": 9, "rows_generated": 5, "status": "partial", "seed": 7,
    "support": {"effective_sample_size": 3.0, "seed_rows": 40},
    "conditions": [], "warnings": [], "distinct_rows": 5, "donors": 4, "quality": None,
}  # fmt: skip


def generation(status: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    known = {
        "generation_id": "gen_1", "dataset_id": "ds_1", "job_id": "job_2", "status": status,
        "row_count": 9, "output_format": "csv", "seed": 7, "artifact_url": None, "report": None,
        "expires_at": "2036-01-01T00:00:00Z", "created_at": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    return known | more


def job(status: str) -> httpx.Response:
    progress = {"stage": "sampling", "fraction": 0.5}
    return ok(job_id="job_2", operation="createGeneration", status=status, progress=progress)


def test_options_become_a_request_and_faults_become_options(
    remote: Remote, service: Service
) -> None:
    faults = [
        {"pointer": "/conditions/categorical/segmnt", "detail": "Unknown.", "code": "x"},
        {"pointer": "/conditions/groups/0/where", "detail": "No such level.", "code": "x"},
        {"pointer": "/row_count", "detail": "Too many.", "code": "x"},
        {"pointer": "/output_format", "detail": "Give another.", "code": "x"},
    ]
    Path("scenario.json").write_text('{"groups": [{"where": {"a": "b"}, "means": {"c": 1}}]}')
    service.will(ok(**DATASET), problem(400, "simio_invalid_field", errors=faults))
    words = ["--rows", "9", "--seed", "7", "--share", "segmnt=Premium:0.5", "--output", "out.csv"]
    shape = ["--margins", "quick", "--support-weight", "--layout", "file", "--values", "codes"]
    ended = remote("generate", "ds_1", *words, *shape, "--conditions", "scenario.json")
    assert ended.code == 4
    assert [line.removeprefix("simulacra: ") for line in ended.err.splitlines()] == [
        "--share: Unknown.",
        "--conditions /groups/0/where: No such level.",
        "--rows: Too many.",
        "--output: Give another.",
        "  simio_invalid_field, request req_1",
        "  https://api.example/errors/simio_invalid_field",
    ]
    assert json.loads(service.requests[1].content) == {
        "row_count": 9, "seed": 7, "output_format": "csv", "output_layout": "file",
        "output_values": "codes", "margins": "quick", "support_weight": True,
        "conditions": {
            "categorical": {"segmnt": {"Premium": 0.5}},
            "groups": [{"where": {"a": "b"}, "means": {"c": 1}}],
        },
    }  # fmt: skip


def test_options_of_a_study_become_a_form_and_faults_become_options(
    remote: Remote, service: Service
) -> None:
    Path("study.csv").write_text("a,b\n1,2\n")
    faults = [
        {
            "parameter": "column_types",
            "pointer": "/column_types/zip",
            "detail": "No such column.",
            "code": "x",
        },
        {"parameter": "weight_column", "detail": "Holds texts.", "code": "x"},
        {"parameter": "display_name", "detail": "Too long.", "code": "x"},
    ]
    service.will(problem(400, "simio_invalid_field", errors=faults))
    options = ["--types", "zip=nominal", "--weight", "w", "--name", "Wave 3", "--drop", "a", "b"]
    ended = remote("upload", "study.csv", *options, "--idempotency-key", "wave-3")
    assert [line.removeprefix("simulacra: ") for line in ended.err.splitlines()[:4]] == [
        "uploading",
        "--types /zip: No such column.",
        "--weight: Holds texts.",
        "--name: Too long.",
    ]
    assert service.headers("idempotency-key") == ["wave-3"]
    for part in (b'{"zip": "nominal"}', b'["a", "b"]', b'"display_name"\r\n\r\nWave 3'):
        assert part in service.requests[0].content


def test_fewer_rows_than_were_asked_for_have_an_exit_code_of_their_own(
    remote: Remote, service: Service
) -> None:
    rows = b"a\n1\n2\n3\n4\n5\n"
    made = generation(
        "partial", report=REPORT, rows_generated=5, size_bytes=len(rows),
        sha256=hashlib.sha256(rows).hexdigest(), artifact_url="/relay?token=signed",
        artifact_token="signed",
    )  # fmt: skip
    service.will(
        ok(**DATASET), ok(**generation("processing")), job("completed"),
        ok(**made), ok(**made), httpx.Response(200, stream=httpx.ByteStream(rows)),
    )  # fmt: skip
    ended = remote("generate", "ds_1", "--rows", "9", "--output", "out.csv", "--json")
    assert ended.code == 7
    document = json.loads(ended.out)
    assert document["file"] == str(Path("out.csv").resolve())
    assert "signed" not in ended.out  # whoever has the link has what it takes for the rows
    assert Path("out.csv").read_bytes() == rows
    assert Path("out.csv").stat().st_size == document["size_bytes"]


def test_rows_are_fetched_as_they_are_or_as_a_copy(remote: Remote, service: Service) -> None:
    rows = b"a\n1\n"
    made = generation(
        "ready", report=REPORT, rows_generated=1, size_bytes=len(rows),
        sha256=hashlib.sha256(rows).hexdigest(), artifact_url="/relay?token=signed",
    )  # fmt: skip
    copy = made | {"generation_id": "gen_2", "output_format": "sav", "copy_of": "gen_1"}
    stream = httpx.ByteStream(rows)
    service.will(ok(**made), ok(**copy), ok(**copy), httpx.Response(200, stream=stream))
    ended = remote("download", "gen_1", "--output", "rows.sav")
    assert ended.code == 0
    assert "Wrote rows.sav: 1 rows, of gen_1." in ended.out
    assert service.requests[1].url.path == "/v1/generations/gen_1/copies"
    service.will(ok(**made), ok(**made), httpx.Response(200, stream=httpx.ByteStream(rows)))
    ended = remote("download", "gen_1", "--output", "rows", "--json")
    assert json.loads(ended.out)["file"] == str(Path("rows.csv").resolve())
    assert Path("rows.csv").read_bytes() == rows


def test_a_terminal_without_bars_is_told_the_stages(
    remote: Remote, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("simulacra.engine.display.progress.has_bars", lambda: False)
    Path("study.csv").write_text("a,b\n1,2\n")
    service.will(ok(**DATASET | {"status": "processing"}), job("processing"))
    ended = remote("upload", "study.csv", "--timeout", "0")
    assert ended.err.splitlines()[:2] == ["uploading", "sampling"]


def test_what_is_begun_may_be_fetched_later(remote: Remote, service: Service) -> None:
    service.will(ok(**DATASET), ok(**generation("processing")))
    ended = remote("generate", "ds_1", "--rows", "9", "--output", "my rows.csv", "--no-wait")
    assert (ended.code, Path("my rows.csv").exists()) == (0, False)
    assert "simulacra remote download gen_1 --output 'my rows.csv'" in ended.out
    Path("study.csv").write_text("a,b\n1,2\n")
    service.will(ok(**DATASET | {"status": "processing"}))
    ended = remote("upload", "study.csv", "--no-wait")
    assert "simulacra remote watch job_1" in ended.out
    assert [request.method for request in service.requests] == ["GET", "POST", "POST"]


def test_a_broken_off_command_says_how_to_go_on(
    remote: Remote, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    service.will(ok(**DATASET), ok(**generation("processing")))
    monkeypatch.setattr("simulacra.client.Generation.wait", interrupt)
    ended = remote("generate", "ds_1", "--rows", "9", "--idempotency-key", "mine")
    assert ended.code == 130
    assert "simulacra remote watch job_2" in ended.err
    assert "--idempotency-key mine" in ended.err


def test_lists_stop_where_they_are_told_to(remote: Remote, service: Service) -> None:
    page = {"generations": [generation("ready", rows_generated=9)] * 3, "next_after": None}
    service.will(ok(**page))
    ended = remote("generations", "--limit", "2", "--dataset", "ds_1")
    assert ended.out.count("gen_1") == 2
    assert "There are more" in ended.out
    assert service.requests[0].url.params["dataset_id"] == "ds_1"
    service.will(ok(generations=[], next_after=None))
    assert remote("generations").out == "There are none.\n"
    service.will(ok(generations=[], next_after=None))
    assert json.loads(remote("generations", "--json").out) == {"generations": [], "more": False}


def test_a_cell_cannot_control_the_terminal(remote: Remote, service: Service) -> None:
    name = "evil\x1b[2J [bold]name"
    service.will(ok(datasets=[{**DATASET, "display_name": name, "created_at": None}]))
    out = remote("datasets").out
    assert "\x1b" not in out
    assert "[bold]name" in out


def test_the_profile_that_was_named_is_in_the_next_command(
    remote: Remote, service: Service, profiles: Path
) -> None:
    profiles.write_text(
        '[acme]\nbase_url = "https://api.example"\nclient_id = "a"\nclient_secret = "b"\n'
    )
    profiles.chmod(0o600)
    service.will(ok(**DATASET), ok(**generation("processing")))
    ended = remote("generate", "ds_1", "--rows", "9", "--no-wait", "--profile", "acme")
    assert "--output synthetic.parquet --profile acme" in ended.out
    service.will(ok(**DATASET), ok(**generation("processing")), job("processing"))
    ended = remote("generate", "ds_1", "--rows", "9", "--timeout", "0", "--profile", "acme")
    assert "It goes on: simulacra remote watch job_2 --profile acme" in ended.err


def test_a_cross_table_is_written_as_a_workbook(remote: Remote, service: Service) -> None:
    cell = {"value": 0.5, "letters": ""}
    table = {
        "columns": [{"banner": None, "level": "Total", "letter": ""}],
        "blocks": [{
            "row": "channel", "figure": "share", "bases": [9], "effective_bases": [3.0],
            "lines": [{"level": "Online", "cells": [cell]}],
        }],
        "level": 0.95, "compared": 0, "unit": "rows", "notes": [],
    }  # fmt: skip
    made = generation("ready", report=REPORT, rows_generated=5)
    known = {"job_id": "job_3", "operation": "tabulateGeneration", "status": "completed"}
    answered = ok(**known, progress={"stage": "done", "fraction": 1.0}, crosstab=table)
    service.will(ok(**made), answered)
    words = ["crosstab", "gen_1", "--show", "channel", "--output"]
    ended = remote(*words, "tables.xlsx", "--json")
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["file"] == str(Path("tables.xlsx").resolve())
    assert Path("tables.xlsx").read_bytes().startswith(b"PK")
    ended = remote(*words, "tables.csv")
    assert (ended.code, "no workbook; end it in .xlsx" in ended.err) == (2, True)
