"""What has arrived of an artifact."""

import hashlib
from pathlib import Path

import pytest

from simulacra.client.downloads import Artifact, Part, target_of
from simulacra.client.errors import DownloadError, NotReadyError

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
