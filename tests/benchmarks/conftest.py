"""Classifiers in one thread, which does not wait for another."""

from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # has no stubs


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Keep OpenMP from sharing work that is small.

    Its threads wait for each other after every step, without giving up their processors: where
    other tests have these, a classifier takes twenty times as long.
    """
    with threadpool_limits(1):
        yield
