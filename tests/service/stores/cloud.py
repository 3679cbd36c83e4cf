"""A customer's cloud: the S3, KMS, STS and IAM of moto's server, which enforces its policies.

moto keeps no object encrypted and opens what a disabled key has closed, so that a key is taken away
here as customers mostly do: by taking back the right to use it.
"""

import contextlib
import dataclasses
import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import boto3

from tests.acceptance import harness

REGION, BUCKET = "eu-central-1", "theirs"
EVERYTHING = ("s3:*", "kms:Encrypt", "kms:Decrypt")
USER, ROLE, POLICY = "simulacra", "study-storage", "use"
EXTERNAL_ID = "simulacra-of-acme"


@dataclasses.dataclass
class Cloud:
    """A running server with one bucket, one key, one user and one role."""

    url: str
    key_arn: str = ""
    role_arn: str = ""
    access_key_id: str = ""
    secret_access_key: str = ""

    def client(self, service: str) -> Any:  # noqa: ANN401 - of botocore
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="administrator",
            aws_secret_access_key="administrator",
        )

    def allow(self, *actions: str) -> None:
        """Let user and role do these, and nothing else."""
        with self._unguarded():
            document = _policy([*actions, "sts:AssumeRole"])
            iam = self.client("iam")
            iam.put_user_policy(UserName=USER, PolicyName=POLICY, PolicyDocument=document)
            iam.put_role_policy(RoleName=ROLE, PolicyName=POLICY, PolicyDocument=document)

    def allow_the_role_alone(self, *actions: str) -> None:
        """Let the role do these, and the user nothing but act in it."""
        with self._unguarded():
            iam = self.client("iam")
            own, acting = _policy(["sts:AssumeRole"]), _policy(actions)
            iam.put_user_policy(UserName=USER, PolicyName=POLICY, PolicyDocument=own)
            iam.put_role_policy(RoleName=ROLE, PolicyName=POLICY, PolicyDocument=acting)

    def allow_nothing(self) -> None:
        """Take back whatever the user may do."""
        with self._unguarded():
            self.client("iam").delete_user_policy(UserName=USER, PolicyName=POLICY)

    def objects(self) -> dict[str, bytes]:
        """Return what lies in the bucket."""
        with self._unguarded():
            s3 = self.client("s3")
            listed = s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
            return {
                it["Key"]: s3.get_object(Bucket=BUCKET, Key=it["Key"])["Body"].read()
                for it in listed
            }

    def remove_bucket(self) -> None:
        with self._unguarded():
            s3 = self.client("s3")
            for it in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
                s3.delete_object(Bucket=BUCKET, Key=it["Key"])
            s3.delete_bucket(Bucket=BUCKET)

    def make_bucket(self) -> None:
        with self._unguarded():
            place = {"LocationConstraint": REGION}
            self.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)

    def furnish(self) -> None:
        """Make what a customer has, and enforce policies from now on."""
        self.make_bucket()
        with self._unguarded():
            self.key_arn = self.client("kms").create_key()["KeyMetadata"]["Arn"]
            iam = self.client("iam")
            iam.create_user(UserName=USER)
            trust = {"Principal": {"AWS": "*"}, "Effect": "Allow", "Action": "sts:AssumeRole"}
            document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
            role = iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=document)
            self.role_arn = role["Role"]["Arn"]
        self.replace_access_key()
        self.allow(*EVERYTHING)

    def replace_access_key(self) -> None:
        """Give the user a new access key; the one before is refused from now on."""
        with self._unguarded():
            iam = self.client("iam")
            if self.access_key_id:
                iam.delete_access_key(UserName=USER, AccessKeyId=self.access_key_id)
            made = iam.create_access_key(UserName=USER)["AccessKey"]
        self.access_key_id = made["AccessKeyId"]
        self.secret_access_key = made["SecretAccessKey"]

    @contextlib.contextmanager
    def _unguarded(self) -> Iterator[None]:
        """Enforce no policies for as long as the body runs."""
        self._enforce_after(1_000_000_000)
        try:
            yield
        finally:
            self._enforce_after(0)

    def _enforce_after(self, calls: int) -> None:
        asking = urllib.request.Request(  # noqa: S310 - of this machine
            f"{self.url}/moto-api/reset-auth",
            data=str(calls).encode(),
            headers={"Content-Type": "text/plain"},
            method="POST",
        )
        with urllib.request.urlopen(asking, timeout=harness.SECONDS):  # noqa: S310 - likewise
            pass


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Cloud]:
    """Run a cloud of its own."""
    port = harness.free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with (folder / "moto.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + harness.SECONDS
        while not _answers(port):
            assert process.poll() is None, (folder / "moto.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        cloud = Cloud(f"http://127.0.0.1:{port}")
        cloud.furnish()
        yield cloud
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _policy(actions: Sequence[str]) -> str:
    allowed = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
