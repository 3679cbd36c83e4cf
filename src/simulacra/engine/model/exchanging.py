"""Exchanging values between synthetic rows, which keeps both the rules and the marginals.

A value that breaks a rule with the columns before could be drawn again until it breaks none. Then
the values that rules forbid most grow rare, and the others frequent: the marginal moves. Two rows
of one leaf that exchange their values both stay draws from that leaf, and the column keeps every
value that it has. (A permutation under restrictions, as in Besag & Clifford 1989.)
"""

import numpy as np

from simulacra.engine.columns.arrays import Floats, Int32s, Int64s
from simulacra.engine.rules.checker import Checker

TRIES = 8
"""Partners that a row looks at within its leaf, and then among all rows."""


def exchange(
    checker: Checker,
    donors: Int32s,
    values: Floats,
    leaves: Int32s,
    taken: Int32s,
    broken: Int64s,
    rng: np.random.Generator,
) -> Int64s:
    """Exchange the values of rows that break a rule with those of rows that break none, in place.

    A partner is looked for in the same leaf, and then among all rows. Neither row may break a rule
    afterwards, nor have two values of one respondent.

    Args:
        checker: of the column, against those before.
        donors: int32, shape (rows,): changed.
        values: float64, shape (rows,): changed.
        leaves: int32, shape (rows,): -1 for a row that keeps its value.
        taken: int32, shape (columns, rows): the donors of the columns before.
        broken: int64: the rows that break a rule.
        rng: chooses the partners.

    Returns:
        int64: the rows that still break a rule.
    """
    for scope in (leaves, np.minimum(leaves, 0)):
        is_partner = np.zeros(int(scope.max()) + 2, dtype=np.bool_)
        is_partner[scope[broken] + 1] = True
        among = np.flatnonzero(is_partner[scope + 1])  # the rows of the scopes that are asked for
        order = among[np.argsort(scope[among], kind="stable")]
        first = np.searchsorted(scope[order], scope[broken])
        count = np.searchsorted(scope[order], scope[broken], side="right") - first
        count = np.where(scope[broken] < 0, 0, count)
        fits = np.ones(len(values), dtype=np.bool_)
        fits[broken] = False
        for _ in range(TRIES):
            if not len(broken):
                return broken
            at = first + (rng.random(len(broken)) * count).astype(np.int64)
            partner = order[np.minimum(at, len(order) - 1)]
            possible = np.flatnonzero((count > 0) & fits[partner])
            possible = possible[np.unique(partner[possible], return_index=True)[1]]
            own, other = broken[possible], partner[possible]
            swapped = np.concatenate([values[other], values[own]])
            rows = np.concatenate([own, other])
            is_broken = checker.broken(swapped, rows).reshape(2, -1).any(axis=0)
            good = ~(
                is_broken
                | (taken[:, own] == donors[other]).any(axis=0)
                | (taken[:, other] == donors[own]).any(axis=0)
            )
            own, other = own[good], other[good]
            values[own], values[other] = values[other], values[own]
            donors[own], donors[other] = donors[other], donors[own]
            fits[own] = True
            left = np.ones(len(broken), dtype=np.bool_)
            left[possible[good]] = False
            broken, first, count = broken[left], first[left], count[left]
    return broken
