"""After a run of everything: no secret, token or cell value in logs, database dump or trail."""

import contextlib
import csv
import io
import random
import shutil
import subprocess
from pathlib import Path

import httpx

from simulacra.service.embedded import binaries, postgres
from tests.acceptance import harness, secrecy

PASSWORD = "correct horse battery"
LEVELS = ("Zanzibar-Premium", "Zanzibar-Standard")


def study_with_marks(rows: int = 300) -> bytes:
    """A study whose cells are found again wherever they are written."""
    rng = random.Random(7)
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["respondent", "segment", "spend"])
    for number in range(rows):
        level = LEVELS[rng.random() < 0.4]
        writer.writerow([f"Rosalind-{number:05}", level, f"{rng.gauss(50_000, 9_000):.6f}"])
    return table.getvalue().encode()


def sign_in(server: harness.ServerProcess, password: str) -> str:
    """Sign in as an operator and return the session's token, or nothing."""
    answer = httpx.post(
        f"{server.url}/operator/sign-in",
        data={"name": "secrecy", "password": password},
        headers={"Sec-Fetch-Site": "same-origin"},
        verify=server.tls,
    )
    return answer.cookies.get("__Host-simulacra-operator") or ""


def test_no_secret_and_no_cell_is_written_down(server: harness.ServerProcess) -> None:
    content = study_with_marks()
    cells = [line.split(b",")[column].decode() for line in content.split(b"\r\n")[1:4]
             for column in (0, 2)]  # fmt: skip
    server.operate("accounts", "create", "secrecy", stdin=f"{PASSWORD}\n")
    assert sign_in(server, "wrong password entirely") == ""
    session = sign_in(server, PASSWORD)
    assert len(session) == 43
    with contextlib.closing(server.client(server.create_tenant())) as client:
        dataset_id = client.train(content)
        generation = client.generate(dataset_id, row_count=100, wait_seconds=20).json()
        link = client.get(f"/v1/generations/{generation['generation_id']}").json()["artifact_url"]
        assert client.get(link).status_code == 200
        secret = client.credential["client_secret"]
        token = client.headers["Authorization"].split()[1]
        assert client.get("/v1/datasets", headers={"Authorization": f"Bearer {token}x"}).is_error
        assert client.post("/oauth/token", json={"client_id": secret}).is_error
        body = {"company_name": "Secrecy", "contact_email": "secrecy@acme.example"}
        request_id = client.post("/v1/signup", json=body).json()["request_id"]
        server.operate("approve", request_id)
        claim = client.get(f"/v1/signup/{request_id}").json()["credential_claim_token"]
        waiting = secrecy.leaks(server, [claim])  # before it is redeemed
        fetched = client.post("/v1/credential-claims", json={"claim_token": claim}).json()
        rotation = client.post("/v1/credential-rotations").json()["credential_claim_token"]
    assert waiting == []
    words = [claim, fetched["client_secret"], rotation]
    words += [secret, token, token.split(".")[2], link.partition("token=")[2], session, PASSWORD]
    assert secrecy.leaks(server, [*words, "wrong password entirely", *cells]) == []
    assert "dump of the database" in secrecy.leaks(server, [dataset_id])
    assert set(secrecy.leaks(server, LEVELS)) <= {"dump of the database"}  # the published schema


def test_a_dump_restores_and_its_trail_is_whole(
    server: harness.ServerProcess, tmp_path: Path
) -> None:
    server.create_tenant("Restored Insights")
    dumped = secrecy.dump(postgres.Cluster(server.data_dir))
    shutil.copytree(server.data_dir / "keys", tmp_path / "keys")
    with postgres.running(tmp_path) as cluster:
        subprocess.run(
            [binaries.find() / "psql", "-q1", "-vON_ERROR_STOP=1", f"-d{cluster.owner_url()}"],
            env=postgres.ENVIRONMENT,
            input=dumped,
            capture_output=True,
            check=True,
        )
    restored = harness.ServerProcess(tmp_path, server.port, server.settings)
    assert "Restored Insights" in restored.operate("tenants", "list")
    assert "Unbroken" in restored.operate("audit", "verify")
