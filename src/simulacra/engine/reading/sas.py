"""What only files of SAS need: the extent of transport files, and labels that are elsewhere."""

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path

from simulacra.engine import errors
from simulacra.engine.columns.schema import CleaningAction
from simulacra.engine.reading import clocks

CARD = 80
"""Bytes of a record of a transport file."""

MEMBER = re.compile(rb"HEADER RECORD\*{7}(MEMBER  |MEMBV8  )HEADER RECORD!{7}")
FIELDS = re.compile(rb"HEADER RECORD\*{7}(NAMESTR |NAMSTV8 )HEADER RECORD!{7}0{6}(\d{4})")
ROWS = re.compile(rb"HEADER RECORD\*{7}(OBS     |OBSV8   )HEADER RECORD!{7}")
LENGTH_AT = 4
"""Where the description of a variable says how many bytes it has, in two bytes."""

DESCRIPTION_AT = 74
"""Where the header of a data set says how many bytes the description of a variable has."""

BUILT_IN = re.compile(
    r"|\$(CHAR|F|VARYING|ASCII|EBCDIC|HEX|BINARY|OCTAL|UPCASE|QUOTE|REVER[JS]|KANJIX?|UTF8X?|MSGCASE)?|"
    r"BESTD?|[FEDZ]|ZD|NUMX|COMMAX?|DOLLARX?|EUROX?|YEN|PERCENTN?|NEGPAREN|FRACT|ROMAN|SSN|WORD[FS]|"
    r"HEX|BINARY|OCTAL|IEEE|FLOAT|IB|IBR|PD|PIB|PIBR|PK|RB|S370F[A-Z]+|BITS|VAXRB|"
    r"PVALUE|ODDSR|SIZEKM?B?|SIZEK|NL(BEST|MNY|MNL|NUM|PCT|PVALUE)[A-Z]*"
)
"""Formats that are part of SAS, besides those of dates and times; a number may have none."""

SHOWN = 3


@dataclasses.dataclass
class Extent:
    """The rows of a data set, and what is to be said about the file.

    Attributes:
        rows: of the data set.
        actions: what the report says.
    """

    rows: int
    actions: list[CleaningAction]


def first_member(path: Path) -> Extent:
    """Return how many rows the first data set of a transport file has.

    The file does not say so, and the reader takes the data sets behind it for more rows.

    Raises:
        errors.StudyError: the file has no data set, or is damaged.
    """
    content = path.read_bytes()
    members = [found.start() for found in MEMBER.finditer(content) if found.start() % CARD == 0]
    fields, rows = FIELDS.search(content), ROWS.search(content)
    width = _width(content, members[0], fields) if members and fields else 0
    if rows is None or width == 0:
        raise errors.StudyError(
            "The SAS transport file is damaged or holds no data set. Write it anew, or export the "
            "study as CSV."
        )
    begin = rows.start() + CARD
    end = members[1] if len(members) > 1 else len(content)
    count = max(end - begin, 0) // width
    while count and _is_padding(content[begin + (count - 1) * width : end], width):
        count -= 1
    return Extent(count, _others(len(members) - 1))


def _width(content: bytes, member: int, fields: re.Match[bytes]) -> int:
    """Return the bytes of a row, the sum of those of the variables; 0 if it is not readable."""
    size = content[member + DESCRIPTION_AT : member + CARD].split()
    if not size or not size[0].isdigit() or int(size[0]) <= LENGTH_AT:
        return 0
    first, each = fields.start() + CARD, int(size[0])
    return sum(
        int.from_bytes(content[start + LENGTH_AT : start + LENGTH_AT + 2], "big")
        for start in range(first, first + each * int(fields[2]), each)
    )


def _is_padding(rest: bytes, width: int) -> bool:
    """Tell whether the last row is blanks that fill up the last record, and so is what follows."""
    return len(rest) < CARD and not rest[:width].strip(b" ")


def _others(count: int) -> list[CleaningAction]:
    if not count:
        return []
    reason = f"the first data set was read, {count} other(s) were not"
    return [CleaningAction(None, "read", reason, count)]


def without_catalog(display_formats: Mapping[str, str | None]) -> list[CleaningAction]:
    """Return what the report says of columns whose labels are in a catalog beside the file.

    Args:
        display_formats: of all columns, by their names; None if a column has none.
    """
    foreign = {
        name: base
        for name, display_format in display_formats.items()
        if not BUILT_IN.fullmatch(base := clocks.base_name(display_format))
        and clocks.sas(display_format) is None
    }
    if not foreign:
        return []
    listed = ", ".join(sorted(set(foreign.values()))[:SHOWN])
    reason = (
        f"the labels of {len(foreign)} column(s) are in a catalog of formats ({listed}), which is "
        "not in the file; their codes were read"
    )
    return [CleaningAction(None, "read", reason, len(foreign))]
