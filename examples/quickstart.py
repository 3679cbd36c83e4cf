"""Upload a study, generate synthetic rows under a scenario and download them, over the HTTP API.

    python -m examples.quickstart

The script reads these environment variables:

    SIMIO_API_BASE       https://localhost:8443
    SIMIO_AUTH0_DOMAIN   localhost:8443
    SIMIO_AUTH0_AUDIENCE, SIMIO_CLIENT_ID, SIMIO_CLIENT_SECRET
    SSL_CERT_FILE        the server's ca.pem

`make quickstart` starts a server and sets all of them.
"""

import os
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq

from examples import study

SCENARIO = {
    "categorical": {
        "segment": {"Premium": 0.55, "Mainstream": 0.35, "Value": 0.10},
        "channel": {"Online": 0.70},  # the other channels share the rest as the model predicts
    },
    "numeric": {"age": {"min": 25, "max": 44}},
}


def main() -> None:
    """Upload the study, read its schema, generate rows and download them."""
    artifact = Path("synthetic.parquet")
    with httpx.Client(base_url=os.environ["SIMIO_API_BASE"], timeout=60) as api:
        api.headers["Authorization"] = f"Bearer {mint_token()}"

        step("Uploading the study and training a model")
        with tempfile.TemporaryDirectory() as folder:
            seed_file = Path(folder, "meal-kits.csv")
            study.write(seed_file)
            dataset = upload(api, seed_file)

        step("Reading the cleaned schema")
        schema = call(api, "GET", f"/v1/datasets/{dataset['dataset_id']}/schema")
        show_schema(schema)

        step("Generating 5,000 rows: 55% Premium, 70% online, ages 25 to 44")
        generation = generate(api, dataset["dataset_id"], row_count=5000)
        show_report(generation)

        step(f"Downloading {artifact}")
        artifact.write_bytes(api.get(generation["artifact_url"]).raise_for_status().content)

    show_rows(artifact)


def mint_token() -> str:
    """Exchange the client credentials for an access token."""
    credentials = {
        "grant_type": "client_credentials",
        "client_id": os.environ["SIMIO_CLIENT_ID"],
        "client_secret": os.environ["SIMIO_CLIENT_SECRET"],
        "audience": os.environ["SIMIO_AUTH0_AUDIENCE"],
    }
    url = f"https://{os.environ['SIMIO_AUTH0_DOMAIN']}/oauth/token"
    return str(httpx.post(url, json=credentials).raise_for_status().json()["access_token"])


def upload(api: httpx.Client, seed_file: Path) -> dict[str, Any]:
    """Upload a seed file and return the trained dataset."""
    started = call(
        api,
        "POST",
        "/v1/datasets",
        files={"seed_file": (seed_file.name, seed_file.read_bytes(), "text/csv")},
        data={"display_name": "Meal-kit study"},
    )
    wait_for(api, started)
    return call(api, "GET", f"/v1/datasets/{started['dataset_id']}")


def generate(api: httpx.Client, dataset_id: str, row_count: int) -> dict[str, Any]:
    """Request rows under the scenario and return the finished generation."""
    started = call(
        api,
        "POST",
        f"/v1/datasets/{dataset_id}/generations",
        json={"row_count": row_count, "seed": 7, "conditions": SCENARIO},
    )
    wait_for(api, started)
    return call(api, "GET", f"/v1/generations/{started['generation_id']}")


def wait_for(api: httpx.Client, started: dict[str, Any]) -> None:
    """Poll a job until it ends and print its progress; each poll waits up to a second."""
    began = time.monotonic()
    while True:
        job = call(api, "GET", f"/v1/jobs/{started['job_id']}", params={"wait_seconds": 1})
        progress = job["progress"]
        steps = f"{progress['step']} of {progress['steps']}" if "steps" in progress else ""
        if sys.stdout.isatty():
            print(f"\r  {progress['stage']:<10} {progress['fraction']:>4.0%} {steps:<14}", end="")
            sys.stdout.flush()
        if job["status"] == "completed":
            print(f"  done in {time.monotonic() - began:.1f} s")
            return
        if job["status"] not in {"queued", "processing"}:
            raise SystemExit(f"\nThe job {job['status']}: {job.get('error', {}).get('detail')}")


def call(api: httpx.Client, method: str, path: str, **content: Any) -> dict[str, Any]:  # noqa: ANN401
    """Send one request; an error ends the script. The idempotency key makes a retry safe."""
    headers = {"Idempotency-Key": str(uuid.uuid4())} if method == "POST" else {}
    answer = api.request(method, path, headers=headers, **content)
    body: dict[str, Any] = answer.json()
    if answer.is_error:
        raise SystemExit(f"{body['code']}: {body['detail']} (request {body['request_id']})")
    return body


def step(title: str) -> None:
    """Print a heading."""
    print(f"\n{title}")


def show_schema(schema: dict[str, Any]) -> None:
    """Print the name, type and values of each column, then the cleaning report."""
    for column in schema["schema"]:
        levels = column.get("levels")
        values = ", ".join(levels) if levels else f"{column['min']} to {column['max']}"
        print(f"  {column['name']:<24} {column['type']:<9} {values}")
    for action in schema["cleaning"]:
        print(f"  cleaning: {action['column']}: {action['reason']}")


def show_report(generation: dict[str, Any]) -> None:
    """Print target, achieved share and support of each condition."""
    print(f"  {generation['rows_generated']} rows, {generation['status']}\n")
    print(f"  {'condition':<22} {'target':>9} {'achieved':>9} {'respondents':>12}")
    for condition in generation["report"]["conditions"]:
        for name, target, achieved, respondents in report_lines(condition):
            print(f"  {name:<22} {target:>9} {achieved:>9} {respondents:>12}")
    support = generation["report"]["support"]
    print(
        f"\n  Support: {support['seed_rows']} respondents, "
        f"effective sample size {support['effective_sample_size']:.0f}."
    )
    for warning in generation["report"]["warnings"]:
        print(f"  Warning: {warning['detail']}")


def report_lines(condition: dict[str, Any]) -> list[tuple[str, str, str, int]]:
    """Return the table lines of one condition: one line for a range, one for each level."""
    column = condition["column"]
    if condition["kind"] == "range":
        target = f"{condition['min']}-{condition['max']}"
        achieved = f"{condition['achieved_min']}-{condition['achieved_max']}"
        return [(column, target, achieved, condition["support"]["seed_rows"])]
    return [
        (
            f"{column} = {level['level']}",
            "(rest)" if level["target"] is None else f"{level['target']:.1%}",
            f"{level['achieved']:.1%}",
            level["seed_rows"],
        )
        for level in condition["levels"]
    ]


def show_rows(artifact: Path, count: int = 5) -> None:
    """Print the first rows of a Parquet file."""
    table = pq.read_table(artifact)
    print(f"  {artifact}: {table.num_rows} rows x {table.num_columns} columns\n")
    rows = [table.column_names, *(list(row.values()) for row in table.slice(0, count).to_pylist())]
    widths = [max(len(str(cell)) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  " + "  ".join(f"{cell!s:>{w}}" for cell, w in zip(row, widths, strict=True)))


if __name__ == "__main__":
    main()
