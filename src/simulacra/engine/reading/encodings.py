"""Text in the encodings that people's programs write, as UTF-8."""

import codecs
import re
import unicodedata

from simulacra.engine import errors

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
EIGHT_BIT = {"cp1252": "Windows-1252", "mac_roman": "Mac Roman"}
"""Encodings without a mark that are told apart by how their text reads; the first wins a tie."""

CYRILLIC = re.compile("[а-яё]")  # noqa: RUF001
DENSE = 0.6
"""Share of the bytes beyond ASCII in runs of three and more from which on a text is not western."""

SAMPLE_BYTES = 4 * 1024**2
HIGH = re.compile(rb"[\x80-\xff]+")
FOREIGN = re.compile(rb"[^\n]{0,2}[\x80-\xff]+[^\n]{0,2}")
PUNCTUATION = "\N{NO-BREAK SPACE}\N{EURO SIGN}\N{POUND SIGN}\N{DEGREE SIGN}‘’“”„–—…•«»®©™´"  # noqa: RUF001


def to_utf8(raw: bytes) -> tuple[bytes, str | None]:
    """Return a text file as UTF-8 with plain line feeds, and what was assumed about its encoding.

    It is decoded by its byte order mark, else as UTF-8, else as UTF-16 without a mark, else by how
    it reads as Windows-1252, as Mac Roman and as Windows-1251.

    Raises:
        errors.StudyError: the file is not what its byte order mark says, or its encoding cannot
            be told.
    """
    for mark, encoding in MARKS:
        if raw.startswith(mark):
            return _with_line_feeds(_strictly(raw, encoding)), None
    if b"\0" in raw[:4096]:
        little = raw[1:4096:2].count(0) > raw[0:4096:2].count(0)
        encoding = "utf-16-le" if little else "utf-16-be"
        return _with_line_feeds(_strictly(raw, encoding)), encoding.upper()
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        encoding = "cp1251" if _is_dense(raw) else _reads_best(raw)
        text = raw.decode(encoding, errors="replace")
        if encoding == "cp1251":
            _refuse_unless_cyrillic(text)
        return _with_line_feeds(text.encode()), EIGHT_BIT.get(encoding, "Windows-1251")
    return _with_line_feeds(raw), None


def _strictly(raw: bytes, encoding: str) -> bytes:
    try:
        return raw.decode(encoding).encode()
    except UnicodeError:
        raise errors.StudyError(
            f"The file is marked as {encoding.upper()} but is damaged; save it as UTF-8."
        ) from None


def _with_line_feeds(text: bytes) -> bytes:
    """Give every line the same end; a lone carriage return ends a line in old Macintosh files."""
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return text.strip(b"\n") + b"\n"


def _is_dense(raw: bytes) -> bool:
    runs = [len(run) for run in HIGH.findall(raw[:SAMPLE_BYTES])]
    return sum(length for length in runs if length > 2) > DENSE * sum(runs)  # größe has two


def _refuse_unless_cyrillic(text: str) -> None:
    foreign = [one for one in text[:SAMPLE_BYTES] if ord(one) > 127]
    if sum(CYRILLIC.match(one) is not None for one in foreign) < len(foreign) / 2:
        raise errors.StudyError(
            "The text is not UTF-8, and its encoding cannot be told. Save the file as CSV UTF-8."
        )


def _reads_best(raw: bytes) -> str:
    found = FOREIGN.findall(raw[:SAMPLE_BYTES])[:5000]
    return max(EIGHT_BIT, key=lambda encoding: sum(_score(piece, encoding) for piece in found))


def _score(piece: bytes, encoding: str) -> int:
    """Say how well the characters beyond ASCII fit between their neighbours."""
    text = piece.decode(encoding, errors="replace")
    return sum(_fit(text, place) for place, one in enumerate(text) if ord(one) > 127)


def _fit(text: str, place: int) -> int:
    one, before = text[place], text[place - 1] if place else " "
    kind = unicodedata.category(one)
    if one in PUNCTUATION:
        return 1
    if kind == "Ll":
        return 1
    if kind == "Lu":
        return -1 if before.islower() else 1
    return -2
