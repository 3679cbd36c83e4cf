"""What has arrived of an artifact."""

import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.client import Simulacra
from simulacra.client.downloads import Artifact, Part, target_of
from simulacra.client.errors import DownloadError, NotReadyError
from simulacra.client.retrying import Patience

BODY = b"0123456789"
DOCUMENT = {
    "generation_id": "gen_1",
    "status": "ready",
    "artifact_url": "/v1/generations/gen_1/artifact?token=secret",
    "size_bytes": 10,
    "sha256": hashlib.sha256(BODY).hexdigest(),
}


@pytest.fixture
def part(tmp_path: Path) -> Part:
    return Part(tmp_path / "rows.csv", Artifact.of(DOCUMENT))


def arrive(part: Part, content: bytes, status: int = 200, content_range: str = "") -> None:
    with part.open(status, content_range) as file:
        file.write(content)


def test_what_is_missing_is_asked_for_of_this_very_file(part: Part, tmp_path: Path) -> None:
    assert "Range" not in part.headers
    arrive(part, BODY[:4])
    assert part.headers["Range"] == "bytes=4-"
    assert part.headers["If-Range"] == f'"{DOCUMENT["sha256"]}"'
    assert part.size == 4
    arrive(part, BODY[4:], 206, "bytes 4-9/10")
    assert part.is_complete
    assert part.finish()
    assert [it.name for it in tmp_path.iterdir()] == ["rows.csv"]
    assert (tmp_path / "rows.csv").read_bytes() == BODY


def test_the_whole_file_takes_the_place_of_what_was_there(part: Part, tmp_path: Path) -> None:
    arrive(part, b"xxxx")
    arrive(part, BODY)
    assert part.finish()
    assert (tmp_path / "rows.csv").read_bytes() == BODY


def test_another_range_is_not_taken(part: Part) -> None:
    arrive(part, BODY[:4])
    with pytest.raises(DownloadError, match="other bytes"):
        part.open(206, "bytes 5-9/10")
    assert part.size == 4


def test_what_is_not_the_artifact_is_fetched_once_more_and_then_given_up(
    part: Part, tmp_path: Path
) -> None:
    (tmp_path / "rows.csv").write_bytes(b"earlier")
    arrive(part, b"x" * 10)
    assert not part.finish()
    assert part.size == 0
    arrive(part, b"x" * 10)
    with pytest.raises(DownloadError, match="twice"):
        part.finish()
    assert (tmp_path / "rows.csv").read_bytes() == b"earlier"


def test_a_link_is_not_shown() -> None:
    artifact = Artifact.of(DOCUMENT)
    assert artifact.is_relative
    assert "secret" not in repr(artifact)
    assert not Artifact.of({**DOCUMENT, "artifact_url": "https://bucket/x"}).is_relative


def test_there_is_nothing_to_download_yet() -> None:
    document = {"generation_id": "gen_1", "status": "processing"}
    with pytest.raises(NotReadyError, match="gen_1 is processing"):
        Artifact.of(document)


def test_the_folder_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no folder"):
        target_of(tmp_path / "nowhere" / "rows.csv")


class Cut(httpx.SyncByteStream):
    """A body that breaks off if it is longer than it may be."""

    def __init__(self, body: bytes, most: int) -> None:
        self._body, self._most = body, most

    def __iter__(self) -> Iterator[bytes]:
        yield self._body[: self._most]
        if self._most < len(self._body):
            raise httpx.ReadError("cut")


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 10)), max_size=8), st.binary(max_size=12))
def test_whatever_breaks_off_the_file_is_the_artifact(
    cuts: list[tuple[bool, int]], left: bytes
) -> None:
    """A server may honour a range or send the whole, and something may be left of another file."""
    coming = iter(cuts)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth/token":
            return httpx.Response(200, json={"access_token": "token", "expires_in": 86_400})
        if not request.url.path.endswith("/artifact"):
            names = {"dataset_id": "ds_1", "job_id": "job_1", "output_format": "csv"}
            return httpx.Response(200, json=DOCUMENT | names)
        honours_range, most = next(coming, (True, 10))
        start = int(request.headers.get("range", "bytes=0-")[6:-1])
        if start >= len(BODY):
            return httpx.Response(416, request=request)
        if honours_range and start:
            headers = {"content-range": f"bytes {start}-9/10"}
            return httpx.Response(206, headers=headers, stream=Cut(BODY[start:], most))
        return httpx.Response(200, stream=Cut(BODY, most))

    with (
        tempfile.TemporaryDirectory() as folder,
        Simulacra(
            "https://api.example",
            client_id="client",
            client_secret="secret",
            transport=httpx.MockTransport(answer),
            new_patience=lambda seconds: Patience(seconds, first=1e-6),
        ) as api,
    ):
        Path(folder, ".rows.csv.gen_1.part").write_bytes(left)
        api.generation("gen_1").download(Path(folder, "rows"))
        assert [it.name for it in Path(folder).iterdir()] == ["rows.csv"]
        assert Path(folder, "rows.csv").read_bytes() == BODY
