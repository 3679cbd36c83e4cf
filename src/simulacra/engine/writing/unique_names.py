"""Names that a program takes, one for each name of a table."""

from collections.abc import Callable, Sequence


def of(
    names: Sequence[str],
    valid: Callable[[str], str],
    folded: Callable[[str], str],
    ended: Callable[[str, str], str],
) -> list[str]:
    """Return a valid and unique name for each name, in the same order.

    A name that is valid stays as it is, unless an earlier one is the same to the program; the same
    names always become the same.

    Args:
        names: of the table.
        valid: returns the name that the program takes in place of a name.
        folded: returns what the program tells names by.
        ended: returns a valid name with a number behind it, cut where it has to be.
    """
    kept = {folded(name) for name in names if valid(name) == name}
    taken: set[str] = set()
    found = []
    for name in names:
        new = base = valid(name)
        number = 2
        while folded(new) in taken or (new != name and folded(new) in kept):
            new, number = ended(base, f"_{number}"), number + 1
        taken.add(folded(new))
        found.append(new)
    return found
