"""How many processors the engine uses, and how it shares work among them."""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # has no stubs

Item = TypeVar("Item")
Result = TypeVar("Result")


def count() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2


def share(
    work: Callable[[Item], Result], items: Sequence[Item], *, uses_blas: bool = False
) -> Iterator[Result]:
    """Do the work on each item, on all processors at once, and yield the results in their order.

    The work must release the interpreter's lock where it takes long: compiled loops and NumPy do.

    Args:
        work: what to do with one item.
        items: the items.
        uses_blas: the work calls linear algebra, whose own threads would compete with ours, and
            whose last digits depend on how many of them there are.
    """
    limit = threadpool_limits(1, "blas") if uses_blas else contextlib.nullcontext()
    with limit, ThreadPoolExecutor(max(1, min(count(), len(items)))) as pool:
        yield from pool.map(work, items)
