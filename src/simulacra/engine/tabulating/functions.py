"""Tables and comparisons of whatever has them: of the library, or at the service.

`simulacra.client` has studies and generations with the same methods, so a notebook that moves to
the service keeps its calls of these functions. It loads no numerical code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from simulacra.engine.tabulating.naming import Names

First = TypeVar("First")
First_contra = TypeVar("First_contra", contravariant=True)
Answer = TypeVar("Answer")
Answer_co = TypeVar("Answer_co", covariant=True)


class Tabulated(Protocol[Answer_co]):
    """A study or rows that cross tables are made of."""

    def crosstab(
        self,
        rows: Names,
        columns: Names | None = None,
        *,
        banner: Names | None = None,
        weight: str | None = None,
    ) -> Answer_co:
        """Return a cross table."""


class Compared(Protocol[First_contra, Answer_co]):
    """Rows that are compared with a study or other rows."""

    def compare(self, first: First_contra, /, *, columns: Names | None = None) -> Answer_co:
        """Return the figures of both, with their changes."""


def crosstab(
    source: Tabulated[Answer],
    rows: Names,
    columns: Names | None = None,
    *,
    banner: Names | None = None,
    weight: str | None = None,
) -> Answer:
    """Return a cross table of a study, given as its model, or of a generation.

    See `Model.crosstab` and `Generation.crosstab`. A study or generation at the service will do as
    well.
    """
    return source.crosstab(rows, columns, banner=banner, weight=weight)


def compare(
    first: First, second: Compared[First, Answer], *, columns: Names | None = None
) -> Answer:
    """Return the figures of a study or generation and of a generation, with their changes.

    See `Generation.compare`. A study and a generation at the service will do as well.

    Args:
        first: the study, given as its model, or a generation.
        second: a generation.
        columns: names of columns or multiple-response sets; by default all columns that both have.
    """
    return second.compare(first, columns=columns)
