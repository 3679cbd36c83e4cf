"""What is uploaded: a file, or a table that is written to one."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import tempfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from simulacra.engine.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from simulacra.engine.progress import ProgressCallback

UPLOADING = "uploading"


@dataclasses.dataclass(frozen=True)
class Seed:
    """A file to upload.

    Attributes:
        path: of the file.
        name: as the service is told.
        on_progress: called as it is read.
    """

    path: Path
    name: str
    on_progress: ProgressCallback | None = None

    def open(self) -> BinaryIO:
        """Open it at its beginning."""
        if self.on_progress is None:
            return self.path.open("rb")
        return io.BufferedReader(_Counted(self.path, self.on_progress))


class _Counted(io.FileIO):
    """A file that tells how much of it was read."""

    def __init__(self, path: Path, on_progress: Callable[[Progress], None]) -> None:
        super().__init__(path, "rb")
        self._size = os.fstat(self.fileno()).st_size
        self._on_progress = on_progress

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - as io declares it
        count = super().readinto(buffer)
        self._on_progress(Progress(UPLOADING, min(1.0, self.tell() / (self._size or 1))))
        return count


@contextlib.contextmanager
def of(
    source: Any,  # noqa: ANN401 - whatever speaks Arrow
    on_progress: ProgressCallback | None,
) -> Iterator[Seed]:
    """Yield what is to be uploaded; of a table a Parquet file that is gone afterwards.

    Raises:
        TypeError: it is neither a path nor a table.
        OSError: the file cannot be read.
    """
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        with path.open("rb"):  # before anything is asked of the service
            pass
        yield Seed(path, path.name, on_progress)
        return
    if not hasattr(source, "__arrow_c_stream__"):
        raise TypeError(
            f"the study is a {type(source).__name__}; give the path of a file, or a pyarrow, "
            "pandas or polars table"
        )
    arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "study.parquet")
        parquet.write_table(arrow.table(source), path)
        yield Seed(path, path.name, on_progress)
