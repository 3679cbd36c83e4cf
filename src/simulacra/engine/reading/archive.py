"""Workbooks are archives of XML; what they unpack to is bounded before they are parsed."""

import dataclasses
import re
import zipfile
import zlib
from pathlib import Path

from simulacra.engine import errors, limits

CELL_BYTES = 64
"""What a cell takes once it is parsed; sheets are held as full rectangles."""

UNPACKED_SHARE = 0.25
"""Share of the memory bound that the XML itself may take."""

REFERENCE = re.compile(rb"""\br\s{0,8}=\s{0,8}["']([A-Za-z]{1,3})(\d{1,7})["']""")
DAMAGES = (
    *(zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError),
    *(ValueError, KeyError),
)
"""What reading an archive raises when it is damaged or uses a feature that is not known here."""

CHUNK_BYTES = 1024**2
OVERLAP = 64  # a reference may lie across two chunks


@dataclasses.dataclass
class Extent:
    """How far the cells of a sheet reach."""

    columns: int = 0
    rows: int = 0
    cells: int = 0

    def add(self, text: bytes) -> None:
        """Take in the references in a piece of a sheet."""
        found = REFERENCE.findall(text)
        self.cells += len(found)
        if found:
            self.columns = max(
                self.columns, *(_column(letters) for letters in {f[0] for f in found})
            )
            self.rows = max(self.rows, *(int(number) for number in {f[1] for f in found}))


def check(path: Path, bounds: limits.StudyBounds) -> None:
    """Refuse a workbook that would unpack to more than the bounds.

    A single cell in the last corner makes a parser reserve room for 17 billion cells, so that the
    references are read before it is called.

    Raises:
        errors.StudyError: too large, or damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_sizes(archive, bounds)
            for part in archive.infolist():
                if part.filename.lower().endswith(".xml"):
                    _check_extent(archive, part, bounds)
    except DAMAGES:
        raise errors.StudyError(
            "The workbook is damaged or protected. Open it in Excel, save it as .xlsx, and upload "
            "that."
        ) from None


def _check_sizes(archive: zipfile.ZipFile, bounds: limits.StudyBounds) -> None:
    unpacked = sum(part.file_size for part in archive.infolist())
    most = int(UNPACKED_SHARE * bounds.max_cell_bytes)
    if unpacked > most:
        raise errors.StudyError(
            f"The workbook unpacks to {unpacked:,} bytes; up to {most:,} are read. Save the sheet "
            f"as CSV and upload that."
        )


def _check_extent(
    archive: zipfile.ZipFile, part: zipfile.ZipInfo, bounds: limits.StudyBounds
) -> None:
    extent, before = Extent(), b""
    most = bounds.max_cell_bytes // CELL_BYTES
    with archive.open(part) as file:
        while chunk := file.read(CHUNK_BYTES):
            extent.add(before + chunk)
            before = chunk[-OVERLAP:]
            if max(extent.columns * extent.rows, extent.cells) > most:
                raise errors.StudyError(
                    f"A sheet of the workbook reaches to column {extent.columns:,} and row "
                    f"{extent.rows:,}; up to {most:,} cells are read. Delete what lies outside "
                    f"the table, or save the sheet as CSV."
                )


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number
