"""Bounds on the archive of XML files that a workbook is, checked before it is parsed."""

import dataclasses
import re
import zipfile
from pathlib import Path

from simulacra.engine import errors, formats, limits

CELL_BYTES = 64
"""Bytes of a parsed cell; the parser holds a sheet as a full rectangle of cells."""

UNPACKED_SHARE = 0.25
"""The largest share of the memory bound that the unpacked XML may take."""

REFERENCE = re.compile(rb"""\br\s{0,8}=\s{0,8}["']([A-Za-z]{1,3})(\d{1,7})["']""")
CHUNK_BYTES = 1024**2
OVERLAP = 64  # a reference may be split between two chunks


@dataclasses.dataclass
class Extent:
    """The last column and row of a sheet that have a cell, and the number of cells."""

    columns: int = 0
    rows: int = 0
    cells: int = 0

    def add(self, text: bytes) -> None:
        """Count the cells in a piece of a sheet."""
        references = REFERENCE.findall(text)
        self.cells += len(references)
        if references:
            self.columns = max(
                self.columns,
                *(_column(letters) for letters in {letters for letters, _ in references}),
            )
            self.rows = max(
                self.rows, *(int(number) for number in {number for _, number in references})
            )


def check(path: Path, bounds: limits.StudyBounds) -> None:
    """Refuse a workbook that would unpack to more than the bounds allow.

    A single cell in the last row and column makes a parser reserve memory for 17 billion cells, so
    the references of all cells are read before it is called.

    Raises:
        errors.StudyError: the workbook is too large or damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_sizes(archive, bounds)
            for part in archive.infolist():
                _check_extent(archive, part, bounds)  # a sheet may have any name
    except formats.DAMAGE_ERRORS:
        raise errors.StudyError(
            "The workbook is damaged or protected. Open it in Excel, save it as .xlsx and use that "
            "file."
        ) from None


def most_bytes(bounds: limits.StudyBounds) -> int:
    """Return how many bytes a workbook may have before it is parsed."""
    return int(UNPACKED_SHARE * bounds.max_cell_bytes)


def _check_sizes(archive: zipfile.ZipFile, bounds: limits.StudyBounds) -> None:
    unpacked = sum(part.file_size for part in archive.infolist())
    most = most_bytes(bounds)
    if unpacked > most:
        raise errors.StudyError(
            f"The workbook unpacks to {unpacked:,} bytes; up to {most:,} are read. Save the sheet "
            f"as CSV and use that file."
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
                    f"{extent.rows:,}; up to {most:,} cells are read. Delete what is outside "
                    f"the table, or save the sheet as CSV."
                )


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number
