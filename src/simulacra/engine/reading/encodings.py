"""Text files in any encoding that common programs write, converted to UTF-8."""

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
"""Encodings without a byte order mark; the most plausible text decides, the first wins a tie."""

CYRILLIC = re.compile("[а-яё]")  # noqa: RUF001
DENSE = 0.6
"""A text is not western if a larger share of its non-ASCII bytes is in runs of three or more."""

SAMPLE_BYTES = 4 * 1024**2
HIGH = re.compile(rb"[\x80-\xff]+")
FOREIGN = re.compile(rb"[^\n]{0,2}[\x80-\xff]+[^\n]{0,2}")
PUNCTUATION = "\N{NO-BREAK SPACE}\N{EURO SIGN}\N{POUND SIGN}\N{DEGREE SIGN}‘’“”„–—…•«»®©™´"  # noqa: RUF001


def to_utf8(raw: bytes) -> tuple[bytes, str | None]:
    """Return a text file as UTF-8 with plain line feeds, and its encoding if that is a guess.

    It is decoded by its byte order mark, or else as UTF-16 if it has NUL bytes, or else as UTF-8,
    or else as the most plausible of Windows-1252, Mac Roman and Windows-1251.

    Raises:
        errors.StudyError: the file does not have the encoding of its byte order mark, or its
            encoding is unknown.
    """
    for mark, encoding in MARKS:
        if raw.startswith(mark):
            return _with_line_feeds(_decoded(raw, encoding)), None
    if b"\0" in raw[:4096]:
        little = raw[1:4096:2].count(0) > raw[0:4096:2].count(0)
        encoding = "utf-16-le" if little else "utf-16-be"
        return _with_line_feeds(_decoded(raw, encoding)), encoding.upper()
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        encoding = "cp1251" if _is_dense(raw) else _most_plausible(raw)
        text = raw.decode(encoding, errors="replace")
        if encoding == "cp1251":
            _refuse_unless_cyrillic(text)
        return _with_line_feeds(text.encode()), EIGHT_BIT.get(encoding, "Windows-1251")
    return _with_line_feeds(raw), None


def _decoded(raw: bytes, encoding: str) -> bytes:
    try:
        return raw.decode(encoding).encode()
    except UnicodeError:
        raise errors.StudyError(
            f"The file is marked as {encoding.upper()} but is damaged; save it as UTF-8."
        ) from None


def _with_line_feeds(text: bytes) -> bytes:
    """Return a text whose lines end with a line feed; old Macintosh files have carriage returns."""
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return text.strip(b"\n") + b"\n"


def _is_dense(raw: bytes) -> bool:
    runs = [len(run) for run in HIGH.findall(raw[:SAMPLE_BYTES])]
    return sum(length for length in runs if length > 2) > DENSE * sum(
        runs
    )  # the word "größe" has two


def _refuse_unless_cyrillic(text: str) -> None:
    foreign = [letter for letter in text[:SAMPLE_BYTES] if ord(letter) > 127]
    if sum(CYRILLIC.match(letter) is not None for letter in foreign) < len(foreign) / 2:
        raise errors.StudyError(
            "The text is not UTF-8, and its encoding cannot be told. Save the file as CSV UTF-8."
        )


def _most_plausible(raw: bytes) -> str:
    pieces = FOREIGN.findall(raw[:SAMPLE_BYTES])[:5000]
    return max(EIGHT_BIT, key=lambda encoding: sum(_score(piece, encoding) for piece in pieces))


def _score(piece: bytes, encoding: str) -> int:
    """Return how plausible the non-ASCII characters of a text are between their neighbours."""
    text = piece.decode(encoding, errors="replace")
    return sum(_fit(text, index) for index, letter in enumerate(text) if ord(letter) > 127)


def _fit(text: str, index: int) -> int:
    letter, before = text[index], text[index - 1] if index else " "
    category = unicodedata.category(letter)
    if letter in PUNCTUATION:
        return 1
    if category == "Ll":
        return 1
    if category == "Lu":
        return -1 if before.islower() else 1
    return -2
