"""Contingency tables: which combinations of groups occur, and which particle falls where."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array, vstack

from simulacra.engine.columns.arrays import Int64s


@dataclasses.dataclass(frozen=True)
class ContingencyTable:
    """The occupied cells of some marginals.

    Attributes:
        cells: int64, shape (marginals, cells): the group of each marginal that a cell lies in; in
            lexicographic order.
        cell_of: int64, shape (particles,): the cell of each particle.
    """

    cells: Int64s
    cell_of: Int64s


def cross(marginals: Sequence[Int64s]) -> ContingencyTable:
    """Cross the marginals, each the group of every particle."""
    cell_of = np.zeros(len(marginals[0]), dtype=np.int64)
    cells = np.zeros((0, 1), dtype=np.int64)
    for groups in marginals:
        width = int(groups.max(initial=0)) + 1
        codes, cell_of = np.unique(cell_of * width + groups, return_inverse=True)
        cells = np.vstack([cells[:, codes // width], codes % width])
    return ContingencyTable(cells, cell_of)


def incidence(cells: Int64s, sizes: Sequence[int]) -> csr_array:
    """Return the matrix that adds cells up to groups: the groups of all marginals x cells.

    Args:
        cells: int64, shape (marginals, cells).
        sizes: how many groups each marginal has.
    """
    number = cells.shape[1]
    return vstack(
        [
            csr_array((np.ones(number), (groups, np.arange(number))), (size, number))
            for groups, size in zip(cells, sizes, strict=True)
        ]
    ).tocsr()
