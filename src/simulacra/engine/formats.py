"""The format of a study file, detected from its bytes and never from its name."""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import BinaryIO

from simulacra.engine import errors


class Format(StrEnum):
    """The formats that can be read."""

    CSV = "csv"
    PARQUET = "parquet"
    XLSX = "xlsx"
    XLS = "xls"
    SAV = "sav"
    ZSAV = "zsav"
    POR = "por"
    DTA = "dta"
    SAS7BDAT = "sas7bdat"
    XPT = "xpt"
    TRIPLE_S = "triple-s"
    TRIPLE_S_DEFINITION = "triple-s-definition"
    """The definition of a triple-S study; its data are in another file."""


FILE_OPTIONS: Mapping[Format, tuple[str, ...]] = {
    Format.CSV: ("delimiter", "header_rows"),
    Format.XLSX: ("sheet", "header_rows"),
    Format.XLS: ("sheet", "header_rows"),
}
"""Those of `options.FileOptions` that mean something for a format; none if it is absent."""

HEAD_BYTES = 8192
UTF16_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")
EXPORT = "Export the study as CSV, Excel (.xlsx), SPSS (.sav) or Parquet and use that file."

SAS_MAGIC = bytes(12) + b"\xc2\xea\x81%b\xb3\x14\x11\xcf\xbd\x92\x08\0\x09\xc71\x8c\x18\x1f\x10\x11"

READABLE_MAGICS = {
    b"PAR1": Format.PARQUET,
    b"$FL2": Format.SAV,
    b"$FL3": Format.ZSAV,
    b"<stata_dta>": Format.DTA,
    b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!": Format.XPT,
    b"HEADER RECORD*******LIBV8   HEADER RECORD!!!!!!!": Format.XPT,
    SAS_MAGIC % b"`": Format.SAS7BDAT,
}
ZIP = b"PK\x03\x04"

# Files that cannot be read: magic bytes -> what the owner of the file would call it.
UNREADABLE_MAGICS = {
    b"PK\x05\x06": "an empty zip archive",
    b"PK\x07\x08": "a part of a zip archive",
    SAS_MAGIC % b"c": "a catalog of SAS formats (.sas7bcat), which holds no rows",
    b"**COMPRESSED** **COMPRESSED**": "a SAS file of PROC CPORT",
    b"\x89PNG\r\n\x1a\n": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "a gzip archive",
    b"ARROW1": "an Arrow file",
}
ENCRYPTED_SPSS = b"ENCRYPTEDSAV"
COMPOUND = (
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # of Office files until 2003, and of ones with a password
)
JSON = re.compile(rb'\s*(?:\{\s*"(?:[^"\\]|\\.)*"\s*:|\[\s*[\[{])')
PORTABLE_SPSS, PORTABLE_SPSS_AT = b"SPSSPORT", 456
"""A signature behind five titles and a table of characters."""
CARD = 80  # bytes of a line of portable files, without what separates lines

STATA_VERSIONS = range(104, 116)  # of files without a name in their first bytes
STATA_BYTE_ORDERS = (1, 2)

TRIPLE_S_ROOT = re.compile(r"<sss[\s>]")
PROLOG = {"<?": "?>", "<!--": "-->", "<!DOCTYPE": ">"}
"""What may stand before the root of an XML document: how it begins, and how it ends."""
TRIPLE_S_KEYWORDS = re.compile(rb"\s*SSS\s+VERSION\s+1\.[01]\s", re.IGNORECASE)
MAX_TRIPLE_S_PARTS = 20
BOUNDED_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Of compression, those of which the first bytes can be had alone: with the others, `zipfile`
unpacks all that a piece of the archive holds, which may be a hundred megabytes."""
DAMAGE_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError),
    *(ValueError, KeyError),
)
"""What `zipfile` raises when an archive is damaged or uses a feature that it does not support."""
MARKUP = (b"<!doctype", b"<html", b"<?xml", b"{\\rtf")

# Archives that cannot be read: a name in the directory of a zip archive -> what the file is.
UNREADABLE_PARTS = {
    b"xl/workbook.bin": "a binary Excel workbook (.xlsb)",
    b"word/document": "a Word document",
    b"ppt/presentation": "a PowerPoint presentation",
    b"content.xml": "an OpenDocument file",
}
WORKBOOK_PARTS = (b"workbook.xml", b"xl/work", b"worksheets/")  # in any folder

# What a compound file is, by the name of a stream in it -> what it is called; None can be read.
STREAMS = {
    "EncryptedPackage": "an Office file with a password",
    "Workbook": None,
    "Book": None,  # of Excel 95
    "WordDocument": "an old Word document (.doc)",
    "PowerPoint Document": "an old PowerPoint presentation (.ppt)",
}
CHUNK_BYTES = 1024**2
MAX_PARTS = 10_000
MAX_DIRECTORY = 4 * 1024**2
END_OF_DIRECTORY = struct.Struct("<4s4H2LH")  # APPNOTE.TXT 4.3.16


def detect(file: BinaryIO) -> Format:
    """Return the format of a seekable file, whose position is then its beginning.

    Raises:
        errors.StudyError: the file is empty, or of a kind that cannot be read.
    """
    file.seek(0)
    head = file.read(HEAD_BYTES)
    try:
        if head.startswith(ZIP):
            return _detect_archive(file)
        return _detect_compound(file) if head.startswith(COMPOUND) else _detect_by_head(head)
    finally:
        file.seek(0)


def _detect_by_head(head: bytes) -> Format:
    if not head.strip():
        raise errors.StudyError("The file is empty. " + EXPORT)
    for magic, file_format in READABLE_MAGICS.items():
        if head.startswith(magic):
            return file_format
    for file_format, is_recognised in READABLE_BEGINNINGS.items():
        if is_recognised(head):
            return file_format
    _refuse_unreadable(head)
    if (
        b"\0" in head
        and not head.startswith(UTF16_BYTE_ORDER_MARKS)
        and not _looks_like_utf16(head)
    ):
        raise errors.StudyError(f"The file is binary, not text. {EXPORT}")
    return Format.CSV


def _refuse_unreadable(head: bytes) -> None:
    for magic, name in UNREADABLE_MAGICS.items():
        if head.startswith(magic):
            raise _refusal(name)
    _refuse_known(head)


def _refuse_known(head: bytes) -> None:
    """Refuse a file by what stands near its beginning."""
    if ENCRYPTED_SPSS in head[:64]:
        raise errors.StudyError(
            "The file is an SPSS file with a password. Open it in SPSS, save it without a password "
            "and use that file."
        )
    if TRIPLE_S_KEYWORDS.match(head):
        raise _refusal("a triple-S definition of before XML")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(MARKUP):
        raise errors.StudyError(f"The file is a web page or a document, not a table. {EXPORT}")
    if JSON.match(head.removeprefix(b"\xef\xbb\xbf")):
        raise errors.StudyError(
            "The file is JSON, which says too little about what its rows are. Make a table of it "
            "with a row for each respondent and a column for each question, such as with "
            f"pandas.json_normalize. {EXPORT}"
        )


def _is_portable_spss(head: bytes) -> bool:
    lines = head[: 2 * CARD * CARD].replace(b"\r\n", b"\n").split(b"\n")
    text = b"".join(line.ljust(CARD) for line in lines[:CARD])
    return text.startswith(PORTABLE_SPSS, PORTABLE_SPSS_AT)


def _is_old_stata(head: bytes) -> bool:
    """Tell a Stata file of before version 117: its version, byte order, a one, and its columns."""
    if len(head) < 10 or head[0] not in STATA_VERSIONS or head[1] not in STATA_BYTE_ORDERS:
        return False
    return head[2] == 1 and head[3] in (0, 1) and any(head[4:6])


def is_triple_s(head: bytes) -> bool:
    """Tell whether a file begins as the definition of a triple-S study does."""
    is_utf16 = head.startswith(UTF16_BYTE_ORDER_MARKS)
    text = head.decode("utf-16" if is_utf16 else "utf-8", errors="replace").lstrip("\ufeff")
    while not TRIPLE_S_ROOT.match(text := text.lstrip()):
        end = next((end for begin, end in PROLOG.items() if text.startswith(begin)), None)
        if end == ">" and "[" in text.partition(end)[0]:  # with declarations
            end = "]>"
        if end is None or end not in text:
            return False
        _, _, text = text.partition(end)
    return True


READABLE_BEGINNINGS: Mapping[Format, Callable[[bytes], bool]] = {
    Format.POR: _is_portable_spss,
    Format.DTA: _is_old_stata,
    Format.TRIPLE_S_DEFINITION: is_triple_s,
}
"""Files without a magic number, and what tells them from text by their first bytes."""


def _refusal(name: str) -> errors.StudyError:
    return errors.StudyError(f"The file is {name}, which cannot be read here. {EXPORT}")


def _looks_like_utf16(head: bytes) -> bool:
    """Detect UTF-16 without a byte order mark: in western text, every other byte is zero."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    return max(even, odd) > 0.4 * len(head) / 2 and min(even, odd) < 0.02 * len(head)


def _detect_compound(file: BinaryIO) -> Format:
    """Detect what a compound file is by the names of its streams, which may be anywhere in it."""
    file.seek(0)
    found, before = set(), b""
    while chunk := file.read(CHUNK_BYTES):
        piece = before + chunk
        found |= {stream for stream in STREAMS if _stream_name(stream) in piece}
        before = piece[-128:]
    for stream, name in STREAMS.items():
        if stream in found:
            if name is None:
                return Format.XLS
            raise _refusal(name)
    raise _refusal("an old Office file")


def _stream_name(stream: str) -> bytes:
    """Return the beginning of the entry of a stream: its name in 64 bytes, and their length."""
    name = f"{stream}\0".encode("utf-16-le")
    return name.ljust(64, b"\0") + struct.pack("<H", len(name))


def _detect_archive(file: BinaryIO) -> Format:
    """Detect a workbook by the names in the directory at the end of a zip archive."""
    directory = _directory(file)
    for part, name in UNREADABLE_PARTS.items():
        if part in directory:
            raise _refusal(name)
    if any(part in directory for part in WORKBOOK_PARTS):
        return Format.XLSX
    if _holds_triple_s(file):
        return Format.TRIPLE_S
    raise _refusal("a zip archive")


def _holds_triple_s(file: BinaryIO) -> bool:
    """Tell whether an archive of few files has the definition of a triple-S study among them."""
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            return len(parts) <= MAX_TRIPLE_S_PARTS and any(
                is_triple_s(archive.open(part).read(HEAD_BYTES))
                for part in parts
                if part.compress_type in BOUNDED_METHODS
            )
    except DAMAGE_ERRORS:
        return False


def _directory(file: BinaryIO) -> bytes:
    """Return the central directory of a zip archive; its size is bounded, nothing is unpacked."""
    size = file.seek(0, io.SEEK_END)
    tail_start = max(0, size - 65_535 - END_OF_DIRECTORY.size)
    file.seek(tail_start)
    tail = file.read()
    position = tail.rfind(b"PK\x05\x06")
    if position < 0 or len(tail) - position < END_OF_DIRECTORY.size:
        raise errors.StudyError(f"The file is a zip archive that ends too early. {EXPORT}")
    fields = END_OF_DIRECTORY.unpack_from(tail, position)
    parts, length = fields[4], fields[5]
    if parts > MAX_PARTS or length > MAX_DIRECTORY:
        raise errors.StudyError(f"The file is an archive with too many parts. {EXPORT}")
    file.seek(max(0, tail_start + position - length))
    return file.read(length)
