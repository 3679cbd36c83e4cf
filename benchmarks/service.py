"""Figures of a running service: start, latency of the quickstart's work, request rates, memory.

    python -m benchmarks.service [--seconds 5] [--connections 8]

Server and load share the machine, so the rates are lower bounds.
"""

import argparse
import asyncio
import contextlib
import json
import os
import platform
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks import page
from examples import run_quickstart, study

SCENARIO = {
    "categorical": {"segment": {"Premium": 0.55, "Mainstream": 0.35, "Value": 0.10}},
    "numeric": {"age": {"min": 25, "max": 44}},
}


def main() -> None:
    """Start a server, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--connections", type=int, default=8)
    options = parser.parse_args()
    os.environ["SIMULACRA_READS_PER_MINUTE"] = "1000000"  # all requests come from one client
    with tempfile.TemporaryDirectory() as folder:
        data_dir, port = Path(folder, "data"), run_quickstart.free_port()
        began = time.monotonic()
        with run_quickstart.server(data_dir, port):
            figures = {"start of a fresh server, s": time.monotonic() - began}
            figures |= measure(data_dir, port, options.seconds, options.connections)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{time.strftime('%Y-%m-%d')}; {machine}; {' '.join(sys.argv)}\n")
    print("| figure | value |\n|---|---|")
    for name, value in figures.items():
        print(f"| {name} | {value:,.2f} |")


def measure(data_dir: Path, port: int, seconds: float, connections: int) -> dict[str, float]:
    """Return the figures of a running server."""
    environment = run_quickstart.credentials(data_dir, port)
    tls = ssl.create_default_context(cafile=environment["SSL_CERT_FILE"])
    time.sleep(3)  # for the fork server to have loaded the engine
    figures = {"idle memory of the process tree, MB (PSS)": tree_memory() / 1e6}
    with httpx.Client(base_url=environment["SIMIO_API_BASE"], verify=tls, timeout=60) as api:
        api.headers["Authorization"] = f"Bearer {token(api, environment)}"
        study.write(data_dir / "study.csv")
        study_bytes = (data_dir / "study.csv").read_bytes()
        for name in ("first", "repeated"):  # the first job process may wait for the fork server
            dataset, seconds_taken = timed(
                api, "/v1/datasets", files={"seed_file": study_bytes}, data={"wait_seconds": "30"}
            )
            figures[f"POST of the seed file to ready, {name}, s"] = seconds_taken
        path = f"/v1/datasets/{dataset['dataset_id']}/generations"
        request_body = {"row_count": 5000, "wait_seconds": 30, "conditions": SCENARIO}
        for name in ("first", "repeated"):
            _, seconds_taken = timed(api, path, json=request_body)
            figures[f"POST of a scenario of 5,000 rows to ready, {name}, s"] = seconds_taken
        bearer = str(api.headers["Authorization"])
        for name, target in (
            ("GET /healthz", "/healthz"),
            ("GET /v1/jobs/{id}", f"/v1/jobs/{dataset['job_id']}"),
        ):
            request = f"GET {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {bearer}\r\n\r\n"
            figures[f"{name}, requests/s over {connections} connections"] = load(
                port, environment["SSL_CERT_FILE"], request, seconds, connections
            )
    return figures


def token(api: httpx.Client, environment: dict[str, str]) -> str:
    """Mint an access token."""
    body = {
        "grant_type": "client_credentials",
        "client_id": environment["SIMIO_CLIENT_ID"],
        "client_secret": environment["SIMIO_CLIENT_SECRET"],
    }
    return str(api.post("/oauth/token", json=body).raise_for_status().json()["access_token"])


def timed(api: httpx.Client, path: str, **content: Any) -> tuple[dict[str, Any], float]:  # noqa: ANN401
    """Return the answer to a POST whose job ended within its wait, and the seconds it took."""
    began = time.monotonic()
    answer = api.post(path, **content)
    elapsed = time.monotonic() - began
    body: dict[str, Any] = answer.raise_for_status().json()
    if body["status"] != "ready":
        raise SystemExit(f"{path} did not end in time: {body}")
    return body, elapsed


def tree_memory() -> int:
    """Return the proportional set size of every process below this one."""
    total = 0
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            total += process.memory_full_info().pss
    return total


def load(port: int, ca: str, request: str, seconds: float, connections: int) -> float:
    """Return the requests per second that a process of its own gets answered."""
    plan = {
        "port": port,
        "ca": ca,
        "request": request,
        "seconds": seconds,
        "connections": connections,
    }
    process = subprocess.run(
        [sys.executable, "-m", "benchmarks.service", "--load"],
        input=json.dumps(plan),
        capture_output=True,
        text=True,
        check=True,
        cwd=page.ROOT,
    )
    return float(process.stdout)


async def _load(plan: dict[str, Any]) -> float:
    tls = ssl.create_default_context(cafile=plan["ca"])
    deadline = time.monotonic() + plan["seconds"]

    async def send_requests() -> int:
        answered = 0
        reader, writer = await asyncio.open_connection("localhost", plan["port"], ssl=tls)
        while time.monotonic() < deadline:
            writer.write(plan["request"].encode())
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            if not head.startswith(b"http/1.1 200"):
                raise SystemExit(f"an answer was not 200: {head[:40]!r}")
            length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length))
            answered += 1
        writer.close()
        return answered

    done = await asyncio.gather(*(send_requests() for _ in range(plan["connections"])))
    return sum(done) / float(plan["seconds"])


if __name__ == "__main__":
    if sys.argv[1:] == ["--load"]:
        print(asyncio.run(_load(json.load(sys.stdin))))
    else:
        main()
