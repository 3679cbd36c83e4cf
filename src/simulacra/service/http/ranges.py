"""The Range header (RFC 9110, section 14), one range of bytes."""

import re

from simulacra.service.http import problems

ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.IGNORECASE)


def parse(header: str | None, size: int) -> tuple[int, int] | None:
    """Return the wanted bytes as start and stop, or None for all of them.

    A header that is not one plain byte range is ignored, as the RFC allows.

    Raises:
        problems.Problem: the range lies behind the end.
    """
    match = ONE_RANGE.fullmatch(header or "")
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if first == "":
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1 if last else size)
    if last and first and int(last) < int(first):
        return None
    if start >= size or (first == "" and int(last) == 0):
        raise problems.Problem(
            "simio_range_not_satisfiable",
            f"The artifact has {size} bytes.",
            headers={"Content-Range": f"bytes */{size}"},
        )
    return start, stop
