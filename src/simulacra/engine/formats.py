"""What kind of file an upload is, told from its first bytes and never from its name."""

from enum import StrEnum

from simulacra.engine import errors


class Format(StrEnum):
    """Formats that can be read."""

    CSV = "csv"
    PARQUET = "parquet"


UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
PARQUET_MAGIC = b"PAR1"
EXPORT = "Export the study as CSV or Parquet and upload that."

# magic bytes -> what the file is, as its owner would call it
OTHERS = {
    b"PK\x03\x04": "a zip archive or an Excel workbook (.xlsx)",
    b"$FL2": "an SPSS file (.sav)",
    b"$FL3": "a compressed SPSS file (.zsav)",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old Office file (.xls)",
    b"\x89PNG\r\n\x1a\n": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "a gzip archive",
    b"ARROW1": "an Arrow file",
}
MARKUP = (b"<!doctype", b"<html", b"<?xml", b"{\\rtf")


def detect(head: bytes) -> Format:
    """Return the format of a file that begins with `head` (a few hundred bytes are enough).

    Raises:
        errors.UploadError: the file is empty, or of a kind that cannot be read.
    """
    if not head.strip():
        raise errors.UploadError("The file is empty. " + EXPORT)
    if head.startswith(PARQUET_MAGIC):
        return Format.PARQUET
    for magic, name in OTHERS.items():
        if head.startswith(magic):
            raise errors.UploadError(f"The file is {name}, which cannot be read here. {EXPORT}")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(MARKUP):
        raise errors.UploadError(f"The file is a web page or a document, not a table. {EXPORT}")
    if b"\0" in head and not head.startswith(UTF16_MARKS) and not _looks_like_utf16(head):
        raise errors.UploadError(f"The file is binary, not text. {EXPORT}")
    return Format.CSV


def _looks_like_utf16(head: bytes) -> bool:
    """Tell UTF-16 without a mark: of mostly western text, every other byte is zero."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    return max(even, odd) > 0.4 * len(head) / 2 and min(even, odd) < 0.02 * len(head)
