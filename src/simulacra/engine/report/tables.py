"""Tables of conditions for people, as reports and previews print them."""

from collections.abc import Sequence

Line = tuple[str, str, str, str]
"""A condition, its target, what becomes of it, and how many respondents are behind it."""
WIDTHS = (32, 14, 14, 12)
"""Of the columns of the table, at least."""


def lines(head: Line, rows: Sequence[Line]) -> list[str]:
    """Return the lines of a table whose columns are as wide as what they hold."""
    name, *others = (
        max(least, *(len(line[index]) for line in (head, *rows)))
        for index, least in enumerate(WIDTHS)
    )
    return [
        " ".join([f"{first:<{name}}", *map(str.rjust, cells, others)])
        for first, *cells in (head, *rows)
    ]
