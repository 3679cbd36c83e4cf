"""The client of openapi-python-client; runs with the packages that it asks for, and no others."""

import io
import json
import os
import ssl
import sys
import time
from pathlib import Path
from typing import Any

from simulacra_client import AuthenticatedClient, Client, models, types
from simulacra_client.api.datasets import create_dataset, get_dataset_schema
from simulacra_client.api.generations import (
    create_generation,
    download_artifact,
    get_generation,
)
from simulacra_client.api.identity import issue_token
from simulacra_client.api.jobs import get_job

BASE = os.environ["BASE"]
CONDITIONS = {
    "categorical": {"segment": {"Premium": 0.55, "Mainstream": 0.35, "Value": 0.10}},
    "numeric": {"age": {"min": 25, "max": 44}},
}


def main() -> None:
    """Upload the study, read its schema, generate rows and download them."""
    tls: Any = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    credentials = models.TokenRequest(
        grant_type="client_credentials",
        client_id=os.environ["CLIENT_ID"],
        client_secret=os.environ["CLIENT_SECRET"],
        audience=BASE,
    )
    token = issue_token.sync(client=Client(BASE, verify_ssl=tls), body=credentials)
    api = AuthenticatedClient(BASE, token=token.access_token, verify_ssl=tls)
    study = types.File(io.BytesIO(Path(os.environ["STUDY"]).read_bytes()), "study.csv", "text/csv")
    form = models.UploadForm(seed_file=study, display_name="By openapi-python-client")
    dataset = create_dataset.sync(client=api, body=form)
    wait(api, dataset.job_id)
    schema = get_dataset_schema.sync(dataset.dataset_id, client=api)
    body = models.GenerationRequest(
        row_count=100,
        output_format=models.OutputFormat.CSV,
        conditions=models.Conditions.from_dict(CONDITIONS),
    )
    begun = create_generation.sync(dataset.dataset_id, client=api, body=body)
    wait(api, begun.job_id)
    generation = get_generation.sync(begun.generation_id, client=api)
    rows = download_artifact.sync(
        generation.generation_id, client=api, token=generation.artifact_token
    )
    told = {
        "columns": [column.name for column in schema.schema],
        "status": generation.report.status,
        "lines": len(rows.payload.read().decode().splitlines()),
    }
    sys.stdout.write(json.dumps(told))


def wait(api: AuthenticatedClient, job_id: str) -> None:
    """Wait until a job is completed."""
    deadline = time.monotonic() + 60
    while True:
        job = get_job.sync(job_id, client=api, wait_seconds=5)
        if job.status == models.JobStatus.COMPLETED:
            return
        if job.status not in ("queued", "processing") or time.monotonic() > deadline:
            raise SystemExit(f"the job is {job.status}")


if __name__ == "__main__":
    main()
