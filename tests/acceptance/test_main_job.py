"""The main job over HTTP: upload, train, look, generate, download, delete."""

import base64
import contextlib
import hashlib
import io
import tempfile
import zipfile
from typing import TYPE_CHECKING

import openpyxl
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pyreadstat
import pytest

from tests.acceptance.harness import ApiClient, ServerProcess

if TYPE_CHECKING:
    from collections.abc import Callable

SHARES = {"Premium": 0.55, "Mainstream": 0.35, "Value": 0.10}
SCENARIO = {"categorical": {"segment": SHARES}, "numeric": {"age": {"min": 25, "max": 44}}}


def test_a_quick_training_answers_at_once(api: ApiClient, study_csv: bytes) -> None:
    answer = api.upload(study_csv, display_name="Meal kits", wait_seconds="20")
    dataset = answer.json()
    assert (answer.status_code, dataset["status"]) == (200, "ready")
    assert "location" not in answer.headers
    assert dataset["display_name"] == "Meal kits"
    assert dataset["row_count"] == 800
    assert dataset["sha256"] == hashlib.sha256(study_csv).hexdigest()
    assert dataset == api.get(f"/v1/datasets/{dataset['dataset_id']}").json()
    assert dataset in api.get("/v1/datasets").json()["datasets"]


def test_without_waiting_there_is_a_job_to_poll(api: ApiClient, study_csv: bytes) -> None:
    answer = api.upload(study_csv)
    started = answer.json()
    assert (answer.status_code, started["status"]) == (202, "processing")
    assert answer.headers["location"] == f"/v1/jobs/{started['job_id']}"
    assert int(answer.headers["retry-after"]) >= 1
    for prefix, key in (("ds_", "dataset_id"), ("job_", "job_id")):
        assert started[key].startswith(prefix)
    early = api.get(f"/v1/jobs/{started['job_id']}")
    assert early.json()["status"] in ("queued", "processing")
    assert "dataset_id" not in early.json()
    assert "retry-after" in early.headers
    job = api.wait(started["job_id"])
    assert job["dataset_id"] == started["dataset_id"]
    assert job["progress"] == {"stage": "completed", "fraction": 1.0}
    assert job["created_at"] <= job["started_at"] <= job["ended_at"]
    assert "retry-after" not in api.get(f"/v1/jobs/{started['job_id']}").headers


def test_the_schema_is_the_cleaned_one(api: ApiClient, dataset_id: str) -> None:
    document = api.get(f"/v1/datasets/{dataset_id}/schema").json()
    assert document["dataset_id"] == dataset_id
    columns = {column["name"]: column for column in document["schema"]}
    assert columns["segment"]["levels"] == ["Mainstream", "Premium", "Value"]
    assert sum(columns["segment"]["shares"]) == pytest.approx(1)
    assert columns["age"]["type"] == "integer"
    assert columns["age"]["min"] < columns["age"]["max"]
    assert columns["Would.recommend.0.10"]["source_name"] == "Would recommend (0-10)"
    assert "respondent" not in columns
    assert "respondent" in {action["column"] for action in document["cleaning"]}


def test_a_scenario_is_met_and_accounted_for(api: ApiClient, dataset_id: str) -> None:
    answer = api.generate(dataset_id, row_count=5000, seed=7, wait_seconds=20, conditions=SCENARIO)
    generation = answer.json()
    assert (answer.status_code, generation["status"], generation["rows_generated"]) == (
        200,
        "ready",
        5000,
    )
    assert generation["conditions"] == SCENARIO
    rows = pq.read_table(io.BytesIO(api.get(generation["artifact_url"]).content))
    assert rows.num_rows == 5000
    ages = rows["age"].to_pylist()
    assert 25 <= min(ages) <= max(ages) <= 44
    segments = rows["segment"].to_pylist()
    assert {level: segments.count(level) for level in SHARES} == {
        "Premium": 2750,
        "Mainstream": 1750,
        "Value": 500,
    }
    by_kind = {outcome["kind"]: outcome for outcome in generation["report"]["conditions"]}
    assert by_kind["range"]["achieved_min"] >= 25
    achieved = {level["level"]: level["achieved"] for level in by_kind["share"]["levels"]}
    assert achieved == pytest.approx(SHARES)
    assert 0 < generation["report"]["support"]["effective_sample_size"] <= 800


def test_a_scenario_without_support_is_partial_or_fails_with_its_code(api: ApiClient) -> None:
    """Nobody in segment C is under 60, so half of the wanted rows cannot be had."""
    lines = [f"{18 + n % 30},A" for n in range(200)] + [f"{60 + n % 20},C" for n in range(200)]
    dataset_id = api.train("\n".join(["age,segment", *lines]).encode())
    young = {"numeric": {"age": {"min": 18, "max": 40}}}
    half = {**young, "categorical": {"segment": {"A": 0.5, "C": 0.5}}}
    partial = api.generate(dataset_id, row_count=100, wait_seconds=20, conditions=half).json()
    assert (partial["status"], partial["rows_generated"]) == ("partial", 50)
    (warning,) = [w for w in partial["report"]["warnings"] if w["code"] == "quota_unmet"]
    assert "'C'" in warning["detail"]
    assert "0 respondents" in warning["detail"]
    none = {**young, "categorical": {"segment": {"C": 1.0}}}
    started = api.generate(dataset_id, row_count=100, conditions=none).json()
    job = api.wait(started["job_id"])
    assert (job["status"], job["error"]["code"]) == ("failed", "simio_scenario_infeasible")
    failed = api.get(f"/v1/generations/{started['generation_id']}").json()
    assert failed["status"] == "failed"
    assert "artifact_url" not in failed


def rows_of_spss(content: bytes) -> pa.Table:
    with tempfile.NamedTemporaryFile(suffix=".sav") as file:
        file.write(content)
        file.flush()
        cells, meta = pyreadstat.read_sav(file.name, output_format="dict")
    assert meta.variable_value_labels["segment"] == {1: "Mainstream", 2: "Premium", 3: "Value"}
    return pa.table(cells)


def rows_of_stata(content: bytes) -> pa.Table:
    with tempfile.NamedTemporaryFile(suffix=".dta") as file:
        file.write(content)
        file.flush()
        cells, meta = pyreadstat.read_dta(file.name, output_format="dict")
    assert meta.variable_value_labels["segment"] == {1: "Mainstream", 2: "Premium", 3: "Value"}
    return pa.table(cells)


def rows_of_excel(content: bytes) -> pa.Table:
    names, *rows = openpyxl.load_workbook(io.BytesIO(content))["Rows"].iter_rows(values_only=True)
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows])


def rows_of_csv(content: bytes) -> pa.Table:
    return pa_csv.read_csv(io.BytesIO(content))


def rows_of_triple_s(content: bytes) -> pa.Table:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return rows_of_csv(archive.read("synthetic.csv"))


@pytest.mark.parametrize(
    "output_format",
    ["parquet", "csv", "arrow", "sav", "zsav", "dta", "xlsx", "triple-s", "csv-excel"],
)
def test_formats_and_repeatability(api: ApiClient, dataset_id: str, output_format: str) -> None:
    wanted = {"row_count": 50, "seed": 11, "output_format": output_format, "wait_seconds": 20}
    first, second = (api.generate(dataset_id, **wanted).json() for _ in range(2))
    assert first["generation_id"] != second["generation_id"]
    assert first["sha256"] == second["sha256"]
    downloaded = api.get(first["artifact_url"])
    suffix = {"triple-s": "zip", "csv-excel": "csv"}.get(output_format, output_format)
    assert f'{first["generation_id"]}.{suffix}"' in downloaded.headers["content-disposition"]
    content = downloaded.content
    readers: dict[str, Callable[[bytes], pa.Table]] = {
        "parquet": lambda raw: pq.read_table(io.BytesIO(raw)),
        "csv": rows_of_csv,
        "arrow": lambda raw: pa.ipc.open_file(raw).read_all(),
        "sav": rows_of_spss,
        "zsav": rows_of_spss,
        "dta": rows_of_stata,
        "xlsx": rows_of_excel,
        "triple-s": rows_of_triple_s,
        "csv-excel": rows_of_csv,
    }
    assert readers[output_format](content).num_rows == 50


def test_rows_that_exist_come_in_another_format_at_no_cost(api: ApiClient, dataset_id: str) -> None:
    made = api.generate(dataset_id, row_count=50, seed=11, wait_seconds=20).json()
    used = api.get("/v1/usage").json()["rows_used"]
    path = f"/v1/generations/{made['generation_id']}/copies"
    asked = {"output_format": "xlsx", "output_values": "codes", "wait_seconds": 20}
    answer = api.post(path, json=asked)
    copy = answer.json()
    assert (answer.status_code, copy["status"], copy["rows_generated"]) == (200, "ready", 50)
    assert (copy["copy_of"], copy["expires_at"]) == (made["generation_id"], made["expires_at"])
    assert copy["report"] == made["report"]
    codes = rows_of_excel(api.get(copy["artifact_url"]).content)["segment"].to_pylist()
    labels = pq.read_table(io.BytesIO(api.get(made["artifact_url"]).content))["segment"]
    known = {"Mainstream": 1, "Premium": 2, "Value": 3}
    assert codes == [known[it] for it in labels.to_pylist()]
    assert api.post(path, json=asked).json()["generation_id"] == copy["generation_id"]
    assert api.get("/v1/usage").json()["rows_used"] == used


def test_downloads_are_resumable_and_checked(api: ApiClient, dataset_id: str) -> None:
    generation = api.generate(
        dataset_id, row_count=500, wait_seconds=20, output_format="csv"
    ).json()
    url, download = generation["artifact_url"], api.get(generation["artifact_url"])
    assert not url.startswith("http")
    digest = hashlib.sha256(download.content)
    assert generation["sha256"] == digest.hexdigest()
    assert (
        generation["size_bytes"] == len(download.content) == int(download.headers["content-length"])
    )
    assert download.headers["etag"] == f'"{digest.hexdigest()}"'
    encoded = base64.b64encode(digest.digest()).decode()
    assert download.headers["repr-digest"] == f"sha-256=:{encoded}:"
    assert download.headers["cache-control"] == "private, no-store"
    assert download.headers["x-content-type-options"] == "nosniff"
    assert f"{generation['generation_id']}.csv" in download.headers["content-disposition"]

    head = api.head(url)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == download.headers["content-length"]
    part = api.get(url, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, download.content[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{generation['size_bytes']}"
    stale = api.get(url, headers={"Range": "bytes=10-19", "If-Range": '"other"'})
    assert (stale.status_code, stale.content) == (200, download.content)
    unchanged = api.get(url, headers={"If-None-Match": download.headers["etag"]})
    assert unchanged.status_code == 304
    behind = api.get(url, headers={"Range": f"bytes={generation['size_bytes']}-"})
    assert behind.status_code == 416
    assert behind.json()["code"] == "simio_range_not_satisfiable"


def test_an_artifact_link_is_for_one_generation_and_needs_the_token(
    api: ApiClient, dataset_id: str
) -> None:
    one, two = (
        api.generate(dataset_id, row_count=10, wait_seconds=20).json()["artifact_url"]
        for _ in range(2)
    )
    path, token = two.split("?")[0], one.split("?")[1]
    swapped = api.get(f"{path}?{token}")
    assert (swapped.status_code, swapped.json()["code"]) == (403, "simio_artifact_link_invalid")
    assert api.get(path).status_code == 400
    bare = api.get(one, headers={"Authorization": ""})
    assert bare.status_code == 401


def test_a_deleted_dataset_is_gone_and_its_generations_stay(
    api: ApiClient, study_csv: bytes
) -> None:
    dataset_id = api.train(study_csv)
    generation = api.generate(dataset_id, row_count=10, wait_seconds=20).json()
    folder = api.server.data_dir / "objects" / "datasets" / dataset_id
    assert len(list(folder.iterdir())) == 2
    deleted = api.delete(f"/v1/datasets/{dataset_id}")
    assert deleted.json() == {"dataset_id": dataset_id, "status": "deleted"}
    for method, path in (("GET", ""), ("GET", "/schema"), ("DELETE", "")):
        assert api.request(method, f"/v1/datasets/{dataset_id}{path}").status_code == 404
    assert api.generate(dataset_id, row_count=10).status_code == 404
    assert list(folder.glob("*")) == []
    assert api.get(generation["artifact_url"]).status_code == 200


def test_deleting_a_dataset_cancels_its_training(api: ApiClient) -> None:
    columns = 40
    header = ",".join(f"c{n}" for n in range(columns))
    rows = (",".join(str((n * k + n) % 97) for k in range(1, columns + 1)) for n in range(20_000))
    started = api.upload("\n".join([header, *rows]).encode()).json()
    while api.get(f"/v1/jobs/{started['job_id']}").json()["status"] == "queued":
        pass
    assert api.delete(f"/v1/datasets/{started['dataset_id']}").status_code == 200
    job = api.get(f"/v1/jobs/{started['job_id']}").json()
    assert job["status"] == "cancelled"
    next_job = api.upload(b"a,b\n" + b"".join(b"%d,%d\n" % (n % 7, n % 5) for n in range(100)))
    assert api.wait(next_job.json()["job_id"])["status"] == "completed"


def test_deleting_a_dataset_ends_its_unfinished_generations(
    api: ApiClient, study_csv: bytes
) -> None:
    dataset_id = api.train(study_csv)
    started = api.generate(dataset_id, row_count=1_000_000).json()
    assert api.delete(f"/v1/datasets/{dataset_id}").status_code == 200
    assert api.get(f"/v1/jobs/{started['job_id']}").json()["status"] == "cancelled"
    generation = api.get(f"/v1/generations/{started['generation_id']}").json()
    assert generation["status"] == "failed"
    assert generation["error"]["code"] == "simio_dataset_not_found"
    assert "artifact_url" not in generation


def test_datasets_come_in_pages(server: ServerProcess) -> None:
    with contextlib.closing(server.client(server.create_tenant("Pages"))) as client:
        _check_pages(client)


def _check_pages(client: ApiClient) -> None:
    content = b"a,b\n" + b"".join(b"%d,%d\n" % (n % 7, n % 5) for n in range(100))
    dataset_ids = [client.upload(content).json()["dataset_id"] for _ in range(3)]
    first = client.get("/v1/datasets", params={"limit": 2}).json()
    rest = client.get("/v1/datasets", params={"limit": 2, "after": first["next_after"]}).json()
    assert [
        dataset["dataset_id"] for dataset in first["datasets"] + rest["datasets"]
    ] == dataset_ids[::-1]
    assert "next_after" not in rest
    for dataset_id in dataset_ids:
        client.delete(f"/v1/datasets/{dataset_id}")
