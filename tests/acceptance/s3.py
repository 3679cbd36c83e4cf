"""An S3-compatible server that keeps its objects through `kill -9`: the gateway of JuiceFS.

Its metadata are in SQLite and its blocks in files below one folder; a PUT becomes visible in one
step, when it is complete.
"""

import dataclasses
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import obstore
from obstore.store import S3Store

PROGRAM = Path(sys.executable).with_name("juicefs")
BUCKET, REGION = "simulacra", "us-east-1"
ACCESS_KEY, SECRET_KEY = "simulacra", "secret-of-the-tests"


def is_installed() -> bool:
    return PROGRAM.exists()


@dataclasses.dataclass(frozen=True)
class S3Server:
    """The server of one folder and port; `format` it once, then run its `command`."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        """What SIMULACRA_OBJECT_STORE_URL says."""
        return f"s3://{BUCKET}/objects"

    @property
    def variables(self) -> dict[str, str]:
        """What the service needs in its environment."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        }

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the server itself."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "MINIO_ROOT_USER": ACCESS_KEY,
            "MINIO_ROOT_PASSWORD": SECRET_KEY,
        }

    @property
    def command(self) -> list[str]:
        options = [f"--cache-dir={self.folder / 'cache'}", "--metrics=127.0.0.1:0"]
        address = f"127.0.0.1:{self.port}"
        quiet = ["--no-usage-report", "--no-banner", "--log-level=warn"]
        return [str(PROGRAM), "gateway", *quiet, *options, self._metadata, address]

    @property
    def _metadata(self) -> str:
        return f"sqlite3://{self.folder / 'metadata.db'}"

    def client(self) -> S3Store:
        """Return the store as its owner sees it."""
        return S3Store.from_url(
            self.url,
            endpoint=self.variables["AWS_ENDPOINT_URL"],
            region=REGION,
            access_key_id=ACCESS_KEY,
            secret_access_key=SECRET_KEY,
            client_options={"allow_http": True},
            disable_bulk_delete=True,
        )

    def paths(self) -> set[str]:
        """Return the path of every object."""
        return {item["path"] for batch in obstore.list(self.client()) for item in batch}

    def format(self) -> None:
        """Make the empty bucket."""
        shutil.rmtree(self.folder, ignore_errors=True)
        blocks = self.folder / "blocks"
        blocks.mkdir(parents=True)
        place = ["--storage=file", f"--bucket={blocks}/", "--trash-days=0"]
        subprocess.run(
            [str(PROGRAM), "format", *place, self._metadata, BUCKET],
            env=self.environment,
            capture_output=True,
            check=True,
        )

    def is_ready(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
