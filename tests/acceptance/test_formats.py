"""Study files of every format, and files made to harm, through the real server."""

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.acceptance.harness import ApiClient
from tests.studies import spss_files, statistical_files, triple_s_files, workbooks

ROWS = [
    [18 + n % 20, ("A", "B")[n % 7 % 2], "Yes" if n % 3 == 0 else None, n * 1.5] for n in range(200)
]
NAMES = ["age", "segment", "bought", "spend"]


@pytest.fixture(scope="module")
def book() -> bytes:
    return workbooks.workbook(
        Notes=[["Fieldwork 2024"]], Wave1=[NAMES, *ROWS], Wave2=[[*NAMES[:3], "budget"], *ROWS]
    )


def trained(api: ApiClient, content: bytes, **fields: str) -> dict[str, Any]:
    """The schema document of an uploaded study."""
    started = api.upload(content, "seed", **fields)
    assert started.status_code in (200, 202), started.text
    job = api.wait(started.json()["job_id"])
    assert job["status"] == "completed", job
    document: dict[str, Any] = api.get(f"/v1/datasets/{started.json()['dataset_id']}/schema").json()
    return document


def failed(api: ApiClient, content: bytes, **fields: str) -> dict[str, Any]:
    """The error of an uploaded study that is accepted and cannot be used."""
    started = api.upload(content, "seed", **fields)
    assert started.status_code in (200, 202), started.text
    job = api.wait(started.json()["job_id"])
    assert job["status"] == "failed", job
    error: dict[str, Any] = job["error"]
    return error


def columns(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {column["name"]: column for column in document["schema"]}


@pytest.mark.parametrize("suffix", ["sav", "zsav"])
def test_an_spss_file(api: ApiClient, tmp_path: Path, suffix: str) -> None:
    content = spss_files.survey(tmp_path / f"study.{suffix}")
    document = trained(api, content)
    schema = columns(document)
    assert schema["agreement"]["type"] == "ordinal"
    assert schema["agreement"]["levels"] == ["never", "sometimes", "always"]
    assert schema["agreement"]["label"] == "I like it"
    assert schema["agreement"]["missing_share"] > 0
    assert schema["region"]["levels"] == ["North", "South"]
    listed = api.get(f"/v1/datasets/{document['dataset_id']}").json()
    assert listed["format"] == suffix
    asked = {"categorical": {"agreement": {"always": 0.5}}}
    answer = api.generate(document["dataset_id"], row_count=20, conditions=asked)
    assert api.wait(answer.json()["job_id"])["status"] == "completed"


def test_files_of_other_programs(api: ApiClient, tmp_path: Path) -> None:
    contents = {
        "dta": statistical_files.dta(tmp_path / "a.dta"),
        "sas7bdat": statistical_files.sas7bdat(),
        "xpt": statistical_files.xpt(tmp_path / "a.xpt"),
        "por": statistical_files.por(tmp_path / "a.por"),
        "triple-s": triple_s_files.survey(),
    }
    started = {name: api.upload(content, "seed") for name, content in contents.items()}
    for name, answer in started.items():
        assert answer.status_code in (200, 202), answer.text
        job = api.wait(answer.json()["job_id"])
        assert job["status"] == "completed", (name, job)
        dataset = api.get(f"/v1/datasets/{answer.json()['dataset_id']}").json()
        assert dataset["format"] == name
        document = api.get(f"/v1/datasets/{answer.json()['dataset_id']}/schema").json()
        expected = "Q1" if name == "triple-s" else "AGE"
        assert expected in columns(document)


def test_a_workbook(api: ApiClient, book: bytes) -> None:
    document = trained(api, book)
    assert columns(document)["bought"]["levels"] == ["No", "Yes"]
    file_actions = [action for action in document["cleaning"] if action["column"] is None]
    assert "sheet 'Wave1' was read" in file_actions[0]["reason"]
    assert "budget" in columns(trained(api, book, sheet="Wave2"))


def test_a_sheet_that_is_not_there(api: ApiClient, book: bytes) -> None:
    error = failed(api, book, sheet="Wave3")
    assert error["code"] == "simio_upload_invalid"
    assert "'Wave1'" in error["detail"]


def test_columns_are_typed_kept_and_dropped_as_asked_for(api: ApiClient, book: bytes) -> None:
    document = trained(
        api,
        book,
        column_types=json.dumps({"age": "ordinal", "segment": ["B", "A"]}),
        drop_columns='["spend"]',
    )
    schema = columns(document)
    assert schema["age"]["type"] == "ordinal"
    assert schema["segment"]["levels"] == ["B", "A"]
    assert "spend" not in schema
    dropped = [one for one in document["cleaning"] if one["action"] == "dropped"]
    assert [(one["column"], one["reason"]) for one in dropped] == [("spend", "as requested")]


def test_a_column_that_the_file_does_not_have(api: ApiClient, book: bytes) -> None:
    error = failed(api, book, keep_columns='["segmnt"]')
    assert error["code"] == "simio_upload_invalid"
    assert "nearest: 'segment'" in error["detail"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("column_types", "age=integer"),
        ("column_types", '["age"]'),
        ("column_types", '{"age": "colour"}'),
        ("column_types", '{"age": 5}'),
        ("keep_columns", "age"),
        ("keep_columns", '{"age": true}'),
        ("drop_columns", "[1]"),
        ("sheet", "x" * 40),
        ("sheet", "Wave1"),  # of a CSV file
    ],
)
def test_options_that_no_file_can_make_right_are_refused_at_once(
    api: ApiClient, field: str, value: str
) -> None:
    content = b"age,segment\n" + b"31,A\n44,B\n" * 40
    refused = api.upload(content, **{field: value})
    assert refused.status_code == 400
    document = refused.json()
    assert document["code"] == "simio_invalid_field"
    assert {fault["parameter"] for fault in document["errors"]} == {field}


def test_a_column_cannot_be_dropped_and_kept(api: ApiClient, book: bytes) -> None:
    refused = api.upload(book, drop_columns='["age"]', keep_columns='["age"]').json()
    assert refused["errors"][0]["parameter"] == "drop_columns"
    assert "'age'" in refused["detail"]


WEIGHTED = b"age,segment,wgt\n" + b"31,A,3\n44,B,1\n" * 40


def test_a_study_is_weighted_as_asked_for(api: ApiClient) -> None:
    """Three in four people are of segment A, to within six standard errors of 2,000 rows."""
    document = trained(api, WEIGHTED, weight_column="wgt")
    assert document["weight"] == {"column": "wgt", "effective_sample_size": 64.0}
    assert columns(document)["segment"]["shares"] == [0.75, 0.25]
    answer = api.generate(document["dataset_id"], row_count=2_000, output_format="csv")
    assert api.wait(answer.json()["job_id"])["status"] == "completed"
    generation = api.get(f"/v1/generations/{answer.json()['generation_id']}").json()
    assert generation["report"]["support"] == {"effective_sample_size": 64.0, "seed_rows": 80}
    rows = [*csv.DictReader(api.get(generation["artifact_url"]).text.splitlines())]
    share = sum(row["segment"] == "A" for row in rows) / len(rows)
    assert share == pytest.approx(0.75, abs=0.06)


@pytest.mark.parametrize(
    ("weight", "message"), [("wgt", "is negative in 40 rows"), ("weight", "nearest: 'wgt'")]
)
def test_what_cannot_be_the_weight_fails_with_its_reason(
    api: ApiClient, weight: str, message: str
) -> None:
    error = failed(api, WEIGHTED.replace(b"A,3", b"A,-3"), weight_column=weight)
    assert error["code"] == "simio_upload_invalid"
    assert message in error["detail"]
    (fault,) = error["errors"]
    assert (fault["parameter"], fault["pointer"]) == ("weight_column", "/weight_column")
    assert message in fault["detail"]


def test_the_weight_cannot_be_dropped(api: ApiClient) -> None:
    refused = api.upload(WEIGHTED, drop_columns='["wgt"]', weight_column="wgt").json()
    assert refused["errors"][0]["parameter"] == "weight_column"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x1c" + bytes(7) + b"ENCRYPTEDSAV" + bytes(40), "password"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old Office"),
        (b"<html><table></table></html>", "web page"),
        (b'<?xml version="1.0"?><sss version="2.0">', "triple-S study without its data"),
    ],
)
def test_files_of_other_kinds_are_named_and_refused(
    api: ApiClient, content: bytes, message: str
) -> None:
    refused = api.upload(content, "seed.sav")
    assert refused.status_code == 400
    assert refused.json()["code"] == "simio_upload_invalid"
    assert message in refused.json()["detail"]


def parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue())


def test_a_parquet_file_of_odd_texts(api: ApiClient) -> None:
    """NULs, namesakes and endless names are what Parquet allows and a database does not."""
    long = "x" * 30_000
    levels = pa.DictionaryArray.from_arrays(
        pa.array([0, 1] * 50), pa.array(["low\0", "high"]), ordered=True
    )
    names = ["mood\0", "city", "city", long]
    cells = [levels, ["A\0", "B\0", "A\0", "A\0"] * 25, [1, 2, 3, 4, 5] * 20, list(range(100))]
    document = trained(api, parquet(pa.Table.from_arrays([pa.array(c) for c in cells], names)))
    schema = columns(document)
    assert list(schema)[:3] == ["mood", "city", "city_2"]
    assert schema["mood"]["levels"] == ["low", "high"]
    assert schema["city"]["levels"] == ["A", "B"]
    assert max(len(column["source_name"]) for column in schema.values()) <= 5_000
    generation = api.generate(document["dataset_id"], row_count=5, wait_seconds=20).json()
    assert generation["status"] == "ready"


def test_a_parquet_file_of_text_that_is_no_utf8(api: ApiClient) -> None:
    raw = pa.array([b"caf\xe9", b"x"] * 50, pa.binary())
    table = pa.table({"a": raw.view(pa.string()), "b": list(range(100))})
    assert failed(api, parquet(table))["code"] == "simio_upload_invalid"


def test_bombs_and_damaged_files_are_failed_jobs_and_nothing_else(
    api: ApiClient, tmp_path: Path
) -> None:
    for content in (
        workbooks.cell_in_last_corner(),
        workbooks.large_when_unpacked(megabytes=1_200),
        b"$FL2" + bytes(500),
        spss_files.corrupt_survey(tmp_path / "crash.sav"),
    ):
        assert failed(api, content)["code"] == "simio_upload_invalid"
    assert api.get("/healthz").json()["status"] == "ok"
    assert trained(api, b"age,segment\n" + b"31,A\n44,B\n" * 40)["row_count"] == 80
