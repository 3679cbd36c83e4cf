"""Contingency tables: which combinations of groups occur, and which particle falls where."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, vstack

Groups = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True)
class Table:
    """The occupied cells of some margins.

    Attributes:
        cells: int64, margins x cells: the group of each margin that a cell lies in; in
            lexicographic order.
        cell_of: int64, the cell of each particle.
    """

    cells: Groups
    cell_of: Groups


def cross(margins: Sequence[Groups]) -> Table:
    """Cross the margins, each the group of every particle."""
    cell_of = np.zeros(len(margins[0]), dtype=np.int64)
    cells = np.zeros((0, 1), dtype=np.int64)
    for groups in margins:
        width = int(groups.max(initial=0)) + 1
        codes, cell_of = np.unique(cell_of * width + groups, return_inverse=True)
        cells = np.vstack([cells[:, codes // width], codes % width])
    return Table(cells, cell_of)


def incidence(cells: Groups, sizes: Sequence[int]) -> csr_array:
    """Return the matrix that adds cells up to groups: the groups of all margins x cells.

    Args:
        cells: int64, margins x cells.
        sizes: how many groups each margin has.
    """
    number = cells.shape[1]
    return vstack(
        [
            csr_array((np.ones(number), (groups, np.arange(number))), (size, number))
            for groups, size in zip(cells, sizes, strict=True)
        ]
    ).tocsr()
