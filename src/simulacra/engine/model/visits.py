"""The visit sequence: in which order the columns of a study are drawn.

Columns come in the order of the file, since questionnaires ask the deciding questions first. The
exception is a question that rules out answers to many others and comes after them: "none of these"
behind a list, the brand bought last behind the brands known. Drawn last it would have to fit them
all, and rows that it does not fit would be drawn again, which shifts its shares; drawn first it
decides. And a total comes after its parts: drawn before them, it would leave the last part no
choice. What the columns so far settle, such as that total, comes at once, so that the columns after
it keep the rules about it. (The term is that of chained equations, van Buuren 2018, section 4.5.)
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from simulacra.engine.rules.ruleset import Rules

MIN_PARTNERS = 3
"""Columns that a column is tied to before it is moved."""
RATIO = 2
"""How many times as many it has as the one that it is moved before."""


def sequence(rules: Rules, columns: int) -> list[int]:
    """Return the positions of all columns, a permutation, in the order to draw them in."""
    parts = _parts(rules)
    partners = {
        position: sorted({*rules.partners(position)} - parts[position] - _totals(position, parts))
        for position in range(columns)
    }
    visits: list[int] = []
    visited: set[int] = set()
    for position in range(columns):
        _visit(position, partners, parts, visits, visited)
    return _settled_at_once(rules, visits)


def _settled_at_once(rules: Rules, visits: Sequence[int]) -> list[int]:
    """Move columns that others settle to right behind the last of those.

    What a price and a discount leave of the price is known with them, so that later columns keep
    the rules about it.
    """
    result: list[int] = []
    for position in visits:
        waiting = [position]
        while waiting:
            following = waiting.pop(0)
            if following not in result:
                waiting += rules.settled_by(following, result)
                result.append(following)
    return result


def conditioned_first(conditioned: Sequence[int], columns: Sequence[int]) -> list[int]:
    """Return a visit sequence with the columns of a scenario in front, all others as they were."""
    return [*conditioned, *(column for column in columns if column not in conditioned)]


def _parts(rules: Rules) -> defaultdict[int, set[int]]:
    """Return the parts of each total: the other columns of the rule that it is the total of."""
    parts: defaultdict[int, set[int]] = defaultdict(set)
    for rule in rules.rules:
        total = rule.total(rules.states)
        if total is not None:
            parts[total] |= {*rule.positions} - {total}
    return parts


def _totals(position: int, parts: Mapping[int, AbstractSet[int]]) -> set[int]:
    return {total for total, of in parts.items() if position in of}


def _visit(
    position: int,
    partners: Mapping[int, Sequence[int]],
    parts: Mapping[int, AbstractSet[int]],
    visits: list[int],
    visited: set[int],
) -> None:
    """Append a column, and before it its parts, and partners that have many more themselves."""
    if position in visited:
        return
    visited.add(position)
    for part in sorted(parts.get(position, ())):
        _visit(part, partners, parts, visits, visited)
    enough = max(MIN_PARTNERS, RATIO * len(partners[position]))
    for other in partners[position]:
        if len(partners[other]) >= enough:
            _visit(other, partners, parts, visits, visited)
    visits.append(position)
