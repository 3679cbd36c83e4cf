"""Run `quickstart.py` against a temporary server, whose data directory is deleted afterwards.

python -m examples.run_quickstart
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

SIMULACRA = [sys.executable, "-m", "simulacra.cli.main"]


def main() -> None:
    """Start a server, create a tenant, run the script and stop the server."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="simulacra-quickstart-") as folder:
        data_dir, port = Path(folder, "data"), free_port()
        print(f"Starting a server on https://localhost:{port} ...", flush=True)
        with server(data_dir, port):
            print(f"  ready after {time.monotonic() - began:.1f} s", flush=True)
            environment = credentials(data_dir, port)
            script = [sys.executable, "-m", "examples.quickstart"]
            result = subprocess.run(script, env=environment, check=False)  # noqa: S603 - our own
            print("\nStopping the server ...", flush=True)
    print(f"Done in {time.monotonic() - began:.1f} s. Step by step: docs/quickstart.md")
    sys.exit(result.returncode)


@contextlib.contextmanager
def server(data_dir: Path, port: int) -> Iterator[None]:
    """Keep a server running; clients trust its certificate through `data_dir/ca.pem`."""
    command = [*SIMULACRA, "serve", "--data-dir", str(data_dir), "--port", str(port)]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            wait_until_ready(process)
            yield
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate()


def wait_until_ready(process: "subprocess.Popen[str]") -> None:
    """Return when the server reports that it is ready."""
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    for line in process.stdout:
        if "is ready" in line:
            return
    _, errors = process.communicate()
    raise SystemExit(f"The server did not start:\n{errors}")


def credentials(data_dir: Path, port: int) -> dict[str, str]:
    """Create a tenant and return the environment variables that the script reads."""
    create = ["operator", "create-tenant", "--company", "Quickstart", "--email", "q@example.com"]
    created = subprocess.run(  # noqa: S603 - our own command
        [*SIMULACRA, *create, "--data-dir", str(data_dir), "--json"],
        stdout=subprocess.PIPE,
        check=True,
    )
    credential = json.loads(created.stdout)
    return os.environ | {
        "SIMIO_API_BASE": f"https://localhost:{port}",
        "SIMIO_AUTH0_DOMAIN": f"localhost:{port}",
        "SIMIO_AUTH0_AUDIENCE": credential["audience"],
        "SIMIO_CLIENT_ID": credential["client_id"],
        "SIMIO_CLIENT_SECRET": credential["client_secret"],
        "SSL_CERT_FILE": str(data_dir / "ca.pem"),
        "no_proxy": "localhost",  # a proxy that the environment may name does not lead here
    }


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
