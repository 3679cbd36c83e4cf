import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine.tabulating import significance
from simulacra.engine.tabulating.estimates import Mean, Share
from simulacra.engine.tabulating.sample import Overlap

BASES = st.floats(30, 1e5)
SHARES = st.builds(Share, st.floats(0, 1), BASES)
MEANS = st.builds(Mean, st.floats(-100, 100), BASES, st.floats(0, 1e4))


def test_shares_are_compared_as_in_a_text_book() -> None:
    # Pooled 0.55; standard error sqrt(0.55 * 0.45 * (1/100 + 1/100)) = 0.07036; z = 1.4213.
    assert significance.p_value(Share(0.6, 100), Share(0.5, 100)) == pytest.approx(0.1552, abs=1e-4)


def test_means_are_compared_by_the_test_of_welch() -> None:
    # Standard error sqrt(4/50 + 9/40) = 0.5523; t = 1.8107 at 65.2 degrees of freedom.
    found = significance.p_value(Mean(10, 50, 4.0), Mean(11, 40, 9.0))
    assert found == pytest.approx(0.0748, abs=5e-4)


@given(st.one_of(st.tuples(SHARES, SHARES), st.tuples(MEANS, MEANS)))
def test_the_order_of_a_pair_does_not_matter(pair: tuple[Share, Share] | tuple[Mean, Mean]) -> None:
    found = significance.p_value(*pair)
    assert 0 <= found <= 1
    assert significance.p_value(pair[1], pair[0]) == pytest.approx(found)


@given(SHARES, SHARES, st.floats(1, 10))
def test_a_larger_base_makes_no_difference_less_significant(
    first: Share, second: Share, factor: float
) -> None:
    larger = [Share(each.value, each.base * factor) for each in (first, second)]
    assert significance.p_value(larger[0], larger[1]) <= significance.p_value(first, second) + 1e-12


@given(st.lists(SHARES, min_size=2, max_size=6))
def test_a_letter_stands_at_the_larger_of_two_figures(shares: list[Share]) -> None:
    names = [significance.name(index) for index in range(len(shares))]
    found, compared = significance.letters(shares, names)
    assert compared == len(shares) * (len(shares) - 1) // 2
    for first, second in itertools.permutations(range(len(shares)), 2):
        if names[second] in found[first]:
            assert shares[first].value > shares[second].value


def test_a_column_on_too_small_a_base_is_not_compared() -> None:
    shares = [Share(0.9, 29.9), Share(0.1, 500), Share(0.5, 500)]
    assert significance.letters(shares, ["A", "B", "C"]) == (["", "", "B"], 1)


def test_equal_and_certain_figures_do_not_differ() -> None:
    assert significance.p_value(Share(1, 100), Share(1, 50)) == 1
    assert significance.p_value(Mean(3, 100, 0), Mean(3, 50, 0)) == 1


def test_columns_beyond_z_have_two_letters() -> None:
    assert [significance.name(index) for index in (0, 25, 26, 51, 52)] == [
        "A",
        "Z",
        "AA",
        "AZ",
        "BA",
    ]


def test_the_level_is_the_share_of_pairs_that_are_marked_where_nothing_differs() -> None:
    # 20,000 pairs, of which 5 % are to be marked: standard error 0.15 points. A right test fails
    # here less than once in 1,000 times (3.3 standard errors), and the seed is fixed besides.
    rng = np.random.default_rng(1)
    counts = rng.binomial(400, 0.4, (20_000, 2)) / 400
    marked = [significance.p_value(Share(a, 400), Share(b, 400)) < 0.05 for a, b in counts.tolist()]
    assert np.mean(marked) == pytest.approx(0.05, abs=0.005)


def test_overlapping_columns_are_compared_by_who_is_in_one_of_both_only() -> None:
    # Of 200 and 200 respondents 100 are in both: as 100 against 100 others of half the difference,
    # standard error sqrt(0.25 * (1/200 + 1/200 - 2 * 100 / (200 * 200))) = 0.03536; z = 1.4142.
    shared = 100 / (200 * 200)
    found = significance.p_value(Share(0.525, 200), Share(0.475, 200), shared)
    assert found == pytest.approx(0.1573, abs=5e-4)
    assert found < significance.p_value(Share(0.525, 200), Share(0.475, 200))
    means = Mean(10.5, 200, 12.5), Mean(9.5, 200, 12.5)
    # Standard error sqrt(12.5 * 0.005) = 0.25; t = 4 at 398 degrees of freedom.
    assert significance.p_value(*means, shared) == pytest.approx(7.5e-5, rel=0.05)


def test_a_column_is_not_compared_with_the_same_people() -> None:
    shares = [Share(0.5, 500), Share(0.4, 500)]
    assert significance.p_value(shares[0], shares[1], 1 / 500) == 1
    nearly = Overlap(np.full((2, 2), 0.9 / 500), np.full((2, 2), 29.0))
    assert significance.letters(shares, ["A", "B"], nearly) == (["", ""], 0)
    apart = Overlap(np.full((2, 2), 0.9 / 500), np.full((2, 2), 31.0))
    assert significance.letters(shares, ["A", "B"], apart) == (["B", ""], 1)
