from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest

from simulacra.engine import chain
from simulacra.engine.schema import Column, ColumnType, Schema

ROWS = 500


def numbers(count: int) -> Schema:
    return Schema(
        tuple(
            Column(f"c{i}", f"c{i}", f"c{i}", ColumnType.NUMBER, 0.0, min=-5, max=5, decimals=9)
            for i in range(count)
        ),
        (),
        ROWS,
    )


@pytest.fixture(scope="module")
def related() -> npt.NDArray[np.float64]:
    """Columns of noise; the last but one and the third make the last."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(ROWS, 60))
    values[:, -1] = values[:, -2] - values[:, 2] + 0.1 * values[:, -1]
    return values


def silent(_fraction: float) -> None:
    pass


def test_a_wide_table_is_screened_for_the_strongest_predecessors(
    related: npt.NDArray[np.float64],
) -> None:
    link = chain.fit(numbers(60), related, 59, list(range(59)))
    assert len(link.predecessors) == chain.MAX_PREDECESSORS
    assert {2, 58} <= set(link.predecessors)


def test_a_narrow_table_keeps_all_predecessors(related: npt.NDArray[np.float64]) -> None:
    assert chain.fit(numbers(60), related, 5, [0, 3, 4]).predecessors == (0, 3, 4)


def test_fitting_twice_gives_the_same_trees(related: npt.NDArray[np.float64]) -> None:
    one, other = (chain.fit(numbers(60), related, 59, [1, 2, 58]) for _ in range(2))
    np.testing.assert_array_equal(one.forest.donors, other.forest.donors)
    np.testing.assert_array_equal(one.forest.threshold, other.forest.threshold)


def test_a_link_serves_again_when_the_same_columns_come_before_it(
    related: npt.NDArray[np.float64],
) -> None:
    schema, values = numbers(5), related[:, :5]
    known = chain.fit_all(schema, values, range(5), (), silent)
    links = chain.fit_all(schema, values, [2, 0, 1, 3, 4], known, silent)
    assert [link.column for link in links] == [2, 0, 1, 3, 4]
    assert [link in known for link in links] == [False, False, False, True, True]
    assert links[2].predecessors == (0, 2)


def test_progress_is_told_after_each_link(related: npt.NDArray[np.float64]) -> None:
    told: list[float] = []
    chain.fit_all(numbers(4), related[:, :4], range(4), (), told.append)
    assert told == [0.25, 0.5, 0.75, 1.0]


def test_streams_of_different_names_and_seeds_are_different() -> None:
    draws = {
        float(chain.generator(seed, *names).random())
        for seed in (0, 1, 2**63 - 1)
        for names in (("rows", "a"), ("rows", "b"), ("rowsa",), ("rows a",))
    }
    assert len(draws) == 12
    assert chain.generator(5, "x").random() == chain.generator(5, "x").random()


@pytest.fixture
def holes(related: npt.NDArray[np.float64]) -> Iterator[npt.NDArray[np.float64]]:
    values = related[:, :4].copy()
    values[:, 0] = np.random.default_rng(1).integers(0, 3, ROWS)
    values[::3, 0] = np.nan
    values[1::2, 1] = np.nan
    values[:, 2] = np.where(np.arange(ROWS) % 4, 1.0, np.nan)  # one value, or none
    values[:, 3] = np.where(np.isnan(values[:, 1]), np.nan, values[:, 3])
    yield values


def test_missing_values_on_both_sides_of_a_link(holes: npt.NDArray[np.float64]) -> None:
    first = Column("c0", "c0", "c0", ColumnType.NOMINAL, 0.3, levels=("a", "b", "c"))
    schema = Schema((first, *numbers(4).columns[1:]), (), ROWS)
    link = chain.fit(schema, holes, 3, [0, 1, 2])
    drawn = {position: holes[:, position] for position in range(3)}
    rng = np.random.default_rng(2)
    leaves = link.forest.leaves(link.features(schema, drawn, ROWS), rng)
    made = holes[link.forest.draw(leaves, rng), 3]
    assert np.mean(np.isnan(made) == np.isnan(holes[:, 3])) > 0.97
