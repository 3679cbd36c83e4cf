import numpy as np
import numpy.typing as npt
import pytest

from simulacra.engine.columns.arrays import Float32s, Int32s
from simulacra.engine.model import screening
from simulacra.engine.model.screening import Screen

ROWS = 1_500


def quarters(target: npt.NDArray[np.float64]) -> Float32s:
    """Code a target by quarters."""
    return (target[:, None] <= np.quantile(target, [0.25, 0.5, 0.75])).astype(np.float32)


def ranks(values: npt.NDArray[np.float64]) -> Int32s:
    """Code each column by the rank of its values."""
    return values.argsort(axis=1).argsort(axis=1).astype(np.int32)


@pytest.mark.parametrize("strong", [0, 31, 59])
def test_a_strong_predecessor_is_chosen_among_sixty(strong: int) -> None:
    rng = np.random.default_rng(strong)
    values = rng.normal(size=(60, ROWS))
    screen = Screen.of(ranks(values))
    target = quarters(values[strong] + 0.5 * rng.normal(size=ROWS))
    assert screening.strongest(screen.strength(target[screen.rows]), range(60), 1) == [strong]


def test_a_predecessor_with_a_relation_that_is_not_monotone_is_chosen() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(60, ROWS))
    screen = Screen.of(ranks(values))
    target = quarters(np.abs(values[7]) + 0.2 * rng.normal(size=ROWS))
    assert screening.strongest(screen.strength(target[screen.rows]), range(60), 1) == [7]


def test_many_values_are_no_advantage() -> None:
    """Of two columns of noise, the one of 500 values is the stronger in about half of 600 draws.

    A standard error of 0.02, so that 0.1 is five of them.
    """
    rng = np.random.default_rng(2)
    chosen = []
    for _ in range(600):
        noise = np.stack([rng.integers(0, size, ROWS) for size in (2, 500)])
        screen = Screen.of(noise.astype(np.int32))
        target = quarters(rng.normal(size=ROWS))
        chosen += screening.strongest(screen.strength(target[screen.rows]), range(2), 1)
    assert np.mean(chosen) == pytest.approx(0.5, abs=0.1)


def test_a_weak_binary_predecessor_is_stronger_than_noise_of_many_values() -> None:
    """It moves a quarter of the rows across the median: ten standard errors of noise."""
    rng = np.random.default_rng(3)
    binary = rng.integers(0, 2, ROWS)
    noise = rng.integers(0, 500, (59, ROWS))
    screen = Screen.of(np.concatenate([binary[None, :], noise]).astype(np.int32))
    target = quarters(rng.normal(size=ROWS) + 0.5 * binary)
    assert screening.strongest(screen.strength(target[screen.rows]), range(60), 1) == [0]


def test_columns_come_in_order_and_are_never_more_than_asked_for() -> None:
    rng = np.random.default_rng(4)
    screen = Screen.of(rng.integers(0, 5, (20, ROWS)).astype(np.int32))
    strength = screen.strength(quarters(rng.normal(size=ROWS))[screen.rows])
    for at_most in (1, 5, 12, 20):
        chosen = screening.strongest(strength, [19, 3, *range(5, 15)], at_most)
        assert chosen == sorted(chosen)
        assert set(chosen) <= {19, 3, *range(5, 15)}
        assert len(chosen) == min(at_most, 12)


def test_a_row_is_in_one_bin_of_every_column() -> None:
    rng = np.random.default_rng(5)
    codes = np.stack([rng.integers(0, size, 5_000) for size in (1, 2, 12, 13, 4_000)])
    screen = Screen.of(codes.astype(np.int32))
    assert len(screen.rows) == screening.MAX_ROWS
    ends = [*screen.first[1:].tolist(), len(screen.member)]
    for first, end in zip(screen.first.tolist(), ends, strict=True):
        assert end - first <= screening.BINS
        np.testing.assert_array_equal(screen.member[first:end].sum(axis=0), 1)


def test_rows_of_one_code_share_their_bin() -> None:
    codes = np.random.default_rng(6).zipf(1.4, 3_000).clip(max=400).astype(np.int32)
    bins = screening._bins(codes)
    pairs = set(zip(codes.tolist(), bins.tolist(), strict=True))
    assert len(pairs) == len(np.unique(codes))
    ordered = [place for _, place in sorted(pairs)]
    assert ordered == sorted(ordered)
    assert set(ordered) == set(range(max(ordered) + 1))


def test_a_relation_of_many_people_is_stronger_than_one_of_many_respondents() -> None:
    """A tenth of the respondents stand for nine in ten people.

    Among them the target is column 0, among all others column 1.
    """
    rng = np.random.default_rng(7)
    values = rng.integers(0, 2, (20, ROWS))
    is_heavy = np.arange(ROWS) % 10 == 0
    target = np.where(is_heavy, values[0], values[1])[:, None].astype(np.float32)
    codes, weights = values.astype(np.int32), np.where(is_heavy, 9.0, 1 / 9)
    for given, strongest in ((None, 1), (weights, 0)):
        strength = Screen.of(codes, given).strength(target)
        assert screening.strongest(strength, range(20), 1) == [strongest]


def test_chance_is_taken_off_under_weights_too() -> None:
    """Of a target of noise nothing is explained on average, whatever the weights.

    Over 200 draws the mean over 20 columns has a standard error of about 2 % of what 12 bins
    explain by chance, so that 10 % is five of them.
    """
    rng = np.random.default_rng(8)
    weights = rng.lognormal(0, 1, ROWS)
    weights /= weights.mean()
    found = []
    for _ in range(200):
        codes = rng.integers(0, 12, (20, ROWS)).astype(np.int32)
        target = rng.normal(size=(ROWS, 1)).astype(np.float32)
        found.append(Screen.of(codes, weights).strength(target).mean())
    by_chance = 11 * (weights**2).sum() / weights.sum()
    assert abs(np.mean(found)) < 0.1 * by_chance


def test_equal_weights_change_nothing() -> None:
    rng = np.random.default_rng(9)
    codes = rng.integers(0, 12, (40, ROWS)).astype(np.int32)
    target = quarters(rng.normal(size=ROWS))
    without, equal = (Screen.of(codes, given) for given in (None, np.ones(ROWS)))
    np.testing.assert_allclose(equal.strength(target), without.strength(target), atol=0.05)
