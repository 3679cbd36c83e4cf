"""Evidence decides a split: chance is not learned, and what is there is, however small."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from scipy import stats

import simulacra
from simulacra.engine.model import growing

TRIALS = 4_000


def evidence_under_chance(
    shares: npt.NDArray[np.float64], size: int, of: int, *, is_scale: bool
) -> npt.NDArray[np.float64]:
    """Return the evidence for splits of rows that have nothing to do with their classes."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(TRIALS):
        classes = rng.choice(len(shares), of, p=shares)
        total = np.bincount(classes, minlength=len(shares)).astype(np.float64)
        left = np.bincount(classes[:size], minlength=len(shares)).astype(np.float64)
        found.append(growing._evidence(left, total, size, of, is_scale, 1.0))
    return np.array(found)


@pytest.mark.parametrize("is_scale", [False, True], ids=["levels", "scale"])
@pytest.mark.parametrize("size", [7, 60, 500])
@pytest.mark.parametrize(
    "shares",
    [[0.5, 0.5], [0.9, 0.08, 0.02], [0.2] * 5, [0.6, *[0.05] * 8]],
    ids=["two", "rare", "five", "many"],
)
def test_chance_rarely_shows_evidence(shares: list[float], size: int, *, is_scale: bool) -> None:
    """As often as a normal deviate would, and half as often again at most where rows are few.

    Beyond 2.5 lie 0.6 % of normal deviates, 25 of 4,000 trials. A false alarm needs 75 or more
    where at most 38 are expected: once in 10 million. The seed is fixed.
    """
    found = evidence_under_chance(np.array(shares), size, 1_000, is_scale=is_scale)
    assert (found > 2.5).sum() < 75
    assert (found > 3.5).sum() < 15


def test_evidence_is_that_of_a_chi_square_where_there_are_two_classes() -> None:
    """Of two classes the sum of chi-squares is one, corrected for continuity as Yates does."""
    left, total = np.array([60.0, 40.0]), np.array([900.0, 1_100.0])
    table = np.array([left, total - left])
    exact = stats.chi2_contingency(table, correction=True)
    deviate = stats.norm.isf(exact.pvalue)
    is_scale = False
    found = growing._evidence(left, total, 100, 2_000, is_scale, 1.0)
    assert found == pytest.approx(deviate, abs=0.15)


def buyers(rows: int, seed: int) -> pa.Table:
    """Return a study in which a fifth of 300 buys online by far more often, and noise beside."""
    rng = np.random.default_rng(seed)
    premium = rng.random(rows) < 0.2
    online = rng.random(rows) < np.where(premium, 0.9, 0.2)
    return pa.table(
        {
            "segment": np.where(premium, "Premium", "Value"),
            "channel": np.where(online, "Online", "Shop"),
            "age": rng.integers(18, 80, rows),
        }
    )


@pytest.mark.parametrize("seed", range(3))
def test_a_small_group_keeps_its_profile(seed: int) -> None:
    """Sixty of 300 respondents; what the study shows of them is kept to within five points.

    The rows are dealt, so that their error is below a point; the rest is what the trees learn.
    """
    study = buyers(300, seed)
    frame = study.to_pandas()
    seen = (frame.channel[frame.segment == "Premium"] == "Online").mean()
    shares = {"segment": {"Premium": 0.5, "Value": 0.5}}
    rows = simulacra.fit(study).generate(10_000, seed=1, categorical=shares).table.to_pandas()
    kept = (rows.channel[rows.segment == "Premium"] == "Online").mean()
    assert kept == pytest.approx(seen, abs=0.05)


def test_a_group_of_a_dozen_keeps_what_is_beyond_chance() -> None:
    """Fourteen of 400 respondents who all answer alike, where one in ten of the others does."""
    rng = np.random.default_rng(7)
    is_member = np.arange(400) < 14
    answers = is_member | (rng.random(400) < 0.1)
    study = pa.table(
        {
            "member": np.where(is_member, "yes", "no"),
            "aware": np.where(answers, "aware", "unaware"),
            "region": rng.choice(["north", "south", "east"], 400),
        }
    )
    rows = simulacra.fit(study).generate(20_000, seed=1).table.to_pandas()
    kept = (rows.aware[rows.member == "yes"] == "aware").mean()
    assert kept > 0.9


def test_nothing_is_learned_of_independent_columns() -> None:
    """Small groups of noise keep none of the profile that chance gives them.

    Over 12 studies, the slope of the synthetic lifts on those of the study, of groups of 10 to 40
    rows. Without evidence it was above 0.5 at leaves of seven rows.
    """
    products = squares = 0.0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        study = pa.table(
            {
                "group": rng.choice([f"g{i}" for i in range(12)], 300),
                "answer": rng.choice(["a", "b", "c"], 300),
                "brand": rng.choice(["x", "y"], 300),
            }
        )
        rows = simulacra.fit(study).generate(20_000, seed=1).table.to_pandas()
        frame = study.to_pandas()
        for answer in ("a", "b", "c"):
            lifts = [
                (table.answer == answer).groupby(table.group).mean()
                - (table.answer == answer).mean()
                for table in (frame, rows)
            ]
            products += float((lifts[0] * lifts[1]).sum())
            squares += float((lifts[0] ** 2).sum())
    assert products / squares < 0.25


@pytest.mark.parametrize("own", [0, 3, 6], ids=["first", "middle", "last"])
def test_one_level_stands_out_wherever_it_lies(own: int) -> None:
    """A level of 40 rows that differs is parted from six others, also at an end of their order.

    At an end a cut through the order parts it as well, but must stand up against all orders.
    """
    rng = np.random.default_rng(11)
    level = np.r_[np.full(40, own), rng.choice([i for i in range(7) if i != own], 480)]
    answer = np.r_[np.arange(40) < 28, np.arange(480) % 10 < 3].astype(np.int32)
    feature = level.astype(np.int32)[None, :]
    no_order, rows = np.zeros(1, np.bool_), np.arange(520, dtype=np.int32)
    growth = growing.Growth(min_rows=7, large=60, evidence=3.0, evidence_of_large=3.0)
    told = growing.Told(answer, np.ones(520))
    grown = growing.grow(feature, np.array([7]), no_order, told, 2, rows, growing.LEVELS, growth)
    assert grown[1][0] == ~own
