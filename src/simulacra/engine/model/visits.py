"""The visit sequence: in which order the columns of a study are drawn.

Columns come in the order of the file, as questionnaires ask the deciding questions first. But for a
question that rules out answers to many others and comes after them: "none of these" behind a list,
the brand bought last behind the brands known. Drawn last it would have to fit them all, and rows
that it does not fit would be drawn anew, which shifts its shares; drawn first it decides.
"""

from collections.abc import Mapping

from simulacra.engine.rules import Rules

LEAST_PARTNERS = 3
"""Columns that a column is tied to before it is moved."""
RATIO = 2
"""How many times as many it has as the one that it is moved before."""


def of(rules: Rules, columns: int) -> list[int]:
    """Return the positions of all columns, a permutation, in the order to draw them in."""
    ties = {place: rules.exclusions.beside(place) for place in range(columns)}
    sequence: list[int] = []
    placed: set[int] = set()
    for place in range(columns):
        _visit(place, ties, sequence, placed)
    return sequence


def _visit(
    place: int, ties: Mapping[int, Mapping[int, object]], sequence: list[int], placed: set[int]
) -> None:
    """Append a column, and before it those with many more ties that it is tied to."""
    if place in placed:
        return
    placed.add(place)
    least = max(LEAST_PARTNERS, RATIO * len(ties[place]))
    for other in sorted(ties[place]):
        if len(ties[other]) >= least:
            _visit(other, ties, sequence, placed)
    sequence.append(place)
