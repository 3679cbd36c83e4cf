"""Which columns of a table of respondents are left out where it is published.

Statistical offices call it primary and secondary suppression (Hundepool et al., Statistical
Disclosure Control, 2012): a figure on fewer respondents than the disclosure threshold is left out,
and so is another one if it could be worked out from the total and the columns beside it.
"""

from collections.abc import Sequence

from simulacra.engine import disclosure

LEAST = disclosure.THRESHOLD
NOTE = (
    f"Figures of fewer than {LEAST} respondents are left out with their bases, and so are others "
    "that would reveal them."
)


def withheld(
    counts: Sequence[int], effective: Sequence[float], variables: Sequence[tuple[slice, bool]]
) -> set[int]:
    """Return the positions of the columns of a table that are left out.

    Args:
        counts: respondents of each column, the total first.
        effective: likewise, their effective numbers: one who outweighs all others stands alone.
        variables: of the columns of each banner variable: where they are, and whether they overlap.
    """
    sizes = [min(pair) for pair in zip(counts, effective, strict=True)]
    few = {at for at, count in enumerate(counts) if count and sizes[at] < LEAST}
    if 0 in few:
        return {at for at, count in enumerate(counts) if count}
    for where, overlaps in variables:
        columns = [at for at in range(*where.indices(len(counts))) if counts[at]]
        if overlaps:  # who is not in a column is the total without it
            few |= {at for at in columns if 0 < counts[0] - counts[at] < LEAST}
            continue
        rest = float(counts[0]) - sum(counts[at] for at in columns)  # those in none of the columns
        rest += sum(sizes[at] for at in columns if at in few)
        shown = sorted((at for at in columns if at not in few), key=lambda at: counts[at])
        while shown and 0 < rest < LEAST:
            few.add(shown[0])
            rest += sizes[shown.pop(0)]
    return few
