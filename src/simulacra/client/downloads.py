"""The part of an artifact that has arrived, and whether it is what it should be."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from simulacra.client.errors import DownloadError, NotReadyError
from simulacra.engine import outputs
from simulacra.engine.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Mapping

DOWNLOADING = "downloading"
CHUNK_BYTES = 1 << 20


@dataclasses.dataclass(frozen=True)
class Artifact:
    """What is to be downloaded, as the service says it.

    Attributes:
        generation_id: whose rows they are.
        url: relative to the API, which takes the access token; or absolute and enough by itself.
        size: bytes.
        sha256: hex.
    """

    generation_id: str
    url: str = dataclasses.field(repr=False)  # whoever has it may have what is needed
    size: int
    sha256: str

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Return the artifact of a generation.

        Raises:
            NotReadyError: it has none.
        """
        if document.get("artifact_url") is None:
            raise NotReadyError(
                f"The generation {document['generation_id']} is {document['status']}: it has no "
                "rows to download."
            )
        return cls(
            generation_id=str(document["generation_id"]),
            url=str(document["artifact_url"]),
            size=int(document["size_bytes"]),
            sha256=str(document["sha256"]),
        )

    @property
    def is_relative(self) -> bool:
        """Whether the API has it, and takes the access token."""
        return self.url.startswith("/") and not self.url.startswith("//")


class Part:
    """A file beside the target that grows until all has arrived, and then takes its place.

    It stays when a download is given up, and the next one of the same generation goes on with it.

    Attributes:
        artifact: what is downloaded, with the link that was read last.
        restarts: how often what had arrived was another file.
    """

    def __init__(self, target: Path, artifact: Artifact) -> None:
        self._target, self.artifact = target, artifact
        self._path = target.with_name(f".{target.name}.{artifact.generation_id}.part")
        self.restarts = 0

    @property
    def size(self) -> int:
        """Bytes that have arrived."""
        return self._path.stat().st_size if self._path.exists() else 0

    @property
    def is_complete(self) -> bool:
        """Whether as many bytes are there as the artifact has."""
        return self.size >= self.artifact.size

    @property
    def progress(self) -> Progress:
        """How far it has come."""
        return Progress(DOWNLOADING, min(1.0, self.size / (self.artifact.size or 1)))

    @property
    def headers(self) -> dict[str, str]:
        """What asks for the bytes that are missing, of this very file."""
        plain = {"Accept-Encoding": "identity"}  # ranges and digest are of the bytes as they are
        if not self.size:
            return plain
        etag = f'"{self.artifact.sha256}"'
        return plain | {"Range": f"bytes={self.size}-", "If-Range": etag}

    def open(self, status: int, content_range: str) -> BinaryIO:
        """Open it where the bytes of an answer belong.

        Raises:
            DownloadError: the answer begins somewhere else.
        """
        if status != 206:  # the whole file
            return self._path.open("wb")
        if not content_range.startswith(f"bytes {self.size}-"):
            raise DownloadError("The server has answered with other bytes than were asked for.")
        return self._path.open("ab")

    def restart(self) -> None:
        """Forget what has arrived.

        Raises:
            DownloadError: for the second time.
        """
        self._path.unlink(missing_ok=True)
        self.restarts += 1
        if self.restarts > 1:
            raise DownloadError(
                "What was downloaded does not have the digest of the artifact, twice: something "
                "between here and the service changes it."
            )

    def finish(self) -> bool:
        """Put it in the target's place if it is the artifact; otherwise begin again.

        Raises:
            DownloadError: it was another file for the second time.
        """
        with self._path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != self.artifact.sha256:
            self.restart()
            return False
        self._path.replace(self._target)
        return True


def format_of(path: Path) -> str:
    """Return the format that the suffix of a path stands for."""
    return outputs.format_of(path.suffix.lstrip("."))


def named(path: str | Path, generation_id: str, file_format: str) -> Path:
    """Return the path of a file of rows: a folder gets a name, and a name a suffix."""
    target = Path(path)
    if target.is_dir():
        target /= generation_id
    suffix = outputs.suffix_of(file_format)
    return target if target.suffix else target.with_name(f"{target.name}.{suffix}")


def target_of(path: str | Path) -> Path:
    """Return where to write, in a folder that is there.

    Raises:
        OSError: there is no such folder.
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise FileNotFoundError(f"There is no folder {target.parent}.")
    return target
