"""The visit sequence: in which order the columns of a study are drawn.

Columns come in the order of the file, since questionnaires ask the deciding questions first. The
exception is a question that rules out answers to many others and comes after them: "none of these"
behind a list, the brand bought last behind the brands known. Drawn last it would have to fit them
all, and rows that it does not fit would be drawn again, which shifts its shares; drawn first it
decides. (The term is that of chained equations, van Buuren 2018, section 4.5.)
"""

from collections.abc import Mapping, Sequence

from simulacra.engine.rules.ruleset import Rules

MIN_PARTNERS = 3
"""Columns that a column is tied to before it is moved."""
RATIO = 2
"""How many times as many it has as the one that it is moved before."""


def sequence(rules: Rules, columns: int) -> list[int]:
    """Return the positions of all columns, a permutation, in the order to draw them in."""
    partners = {position: sorted(rules.partners(position)) for position in range(columns)}
    visits: list[int] = []
    visited: set[int] = set()
    for position in range(columns):
        _visit(position, partners, visits, visited)
    return visits


def _visit(
    position: int, partners: Mapping[int, Sequence[int]], visits: list[int], visited: set[int]
) -> None:
    """Append a column, and before it its partners that have many more partners themselves."""
    if position in visited:
        return
    visited.add(position)
    enough = max(MIN_PARTNERS, RATIO * len(partners[position]))
    for other in partners[position]:
        if len(partners[other]) >= enough:
            _visit(other, partners, visits, visited)
    visits.append(position)
