"""Populations defined in code, and the truth about them under a scenario.

The truth under a scenario is the population inside the ranges, raked to the shares: the same
I-projection that a model approximates, computed from as many people as it needs.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulacra.engine.columns.arrays import Floats
from simulacra.engine.scenario import raking

Columns = dict[str, Any]
Draw = Callable[[int, np.random.Generator], Columns]
Shares = Mapping[str, Mapping[str, float]]
Ranges = Mapping[str, Mapping[str, float]]

BATCH, ENOUGH, MOST = 1_000_000, 100_000, 20_000_000
"""People who are drawn at a time, who are enough under a scenario, and who are drawn at most."""


def shoppers(size: int, rng: np.random.Generator) -> Columns:
    """Return shoppers whose purchase intent hangs on segment, channel and age."""
    age = rng.integers(18, 66, size)
    segment = rng.choice(["Mainstream", "Premium", "Value"], size, p=[0.45, 0.20, 0.35])
    channel = rng.choice(["Club", "Online", "Retail"], size, p=[0.15, 0.35, 0.50])
    lean = 18.0 * (segment == "Premium") + 8.0 * (channel == "Online")
    seniority = np.clip((age - 35) / 3, -8, 8)
    intent = np.rint(42 + lean + seniority + rng.normal(0, 10, size))
    return {
        "age": age,
        "segment": segment,
        "channel": channel,
        "region": rng.choice(["Midwest", "Northeast", "South", "West"], size),
        "purchase_intent": np.clip(intent, 0, 100).astype(np.int64),
    }


def battery(size: int, rng: np.random.Generator) -> Columns:
    """Return two Likert scales of four items, behind each a factor that segment and age move."""
    age = rng.integers(18, 80, size)
    segment = rng.choice(["Critic", "Follower", "Pioneer"], size, p=[0.25, 0.50, 0.25])
    trust = 0.9 * (segment == "Pioneer") - 0.9 * (segment == "Critic") + rng.normal(0, 1, size)
    thrift = 0.4 * trust - 0.02 * (age - 45) + rng.normal(0, 1, size)
    items = {
        f"{name}_{item}": _likert(0.8 * factor, 0.3 * (item - 2), rng)
        for name, factor in (("trust", trust), ("thrift", thrift))
        for item in range(1, 5)
    }
    recommend = np.clip(np.rint(6 + 1.3 * trust - 0.5 * thrift + rng.normal(0, 1.5, size)), 0, 10)
    return {
        "age": age,
        "gender": rng.choice(["Female", "Male"], size),
        "segment": segment,
        **items,
        "recommend": recommend.astype(np.int64),
    }


def _likert(factor: Floats, hardness: float, rng: np.random.Generator) -> Any:  # noqa: ANN401
    felt = factor - hardness + rng.normal(0, 0.8, len(factor))
    return np.searchsorted([-1.3, -0.5, 0.4, 1.2], felt) + 1


def spenders(size: int, rng: np.random.Generator) -> Columns:
    """Return households with skewed money, an interaction, and incomes that some keep back.

    Fun money rises with income in the city only; the old and the rich answer less.
    """
    age = rng.integers(20, 85, size)
    school = rng.choice(["Basic", "Middle", "High"], size, p=[0.3, 0.45, 0.25])
    area = rng.choice(["City", "Suburb", "Country"], size, p=[0.35, 0.40, 0.25])
    height = 0.35 * (school == "Middle") + 0.8 * (school == "High")
    log_income = 7.4 + height - ((age - 50) / 60) ** 2 + rng.normal(0, 0.35, size)
    fun = np.where(area == "City", 0.9, 0.15) * (log_income - 7.5) + rng.gamma(2, 0.4, size)
    owner = rng.random(size) < 1 / (1 + np.exp(1.5 - 0.05 * (age - 40) - 1.2 * (area == "Country")))
    silent = rng.random(size) < 0.03 + 0.002 * (age - 20) + 0.06 * (log_income > 8.3)
    return {
        "age": age,
        "school": school,
        "area": area,
        "income": pa.array(np.rint(np.exp(log_income) / 10) * 10, mask=silent),
        "owner": np.where(owner, "Yes", "No"),
        "food": np.round(np.exp(0.4 * log_income + 2.2 + rng.normal(0, 0.3, size)), 1),
        "fun": np.round(40 * np.maximum(fun, 0), 1),
        "children": np.minimum(rng.poisson(1.1 * np.exp(-(((age - 40) / 18) ** 2)), size), 5),
    }


def buyers(size: int, rng: np.random.Generator) -> Columns:
    """Return buyers who choose among the brands that they know: a logit with a multi-select."""
    age = rng.integers(18, 75, size)
    segment = rng.choice(["Family", "Senior", "Single"], size, p=[0.40, 0.25, 0.35])
    thrift = rng.normal(0.6 * (segment == "Family") - 0.01 * (age - 45), 0.8)
    lean = np.stack([(segment == "Single") * 1.0, thrift, 0.02 * (age - 45), -thrift], axis=1)
    known = rng.random((size, 4)) < 1 / (1 + np.exp(-(np.array([1.5, 1.0, 0.2, -0.2]) + lean)))
    known[~known.any(axis=1), 0] = True
    value = np.array([0.6, 0.2, 0.0, 0.1]) + 1.5 * lean + rng.gumbel(0, 1, (size, 4))
    choice = np.where(known, value, -np.inf).argmax(axis=1)
    liking = np.clip(
        np.rint(6.5 + 0.8 * lean[np.arange(size), choice] + rng.normal(0, 1.6, size)), 0, 10
    )
    aware = {
        f"knows_{brand}": np.where(known[:, position], "Selected", "Not selected")
        for position, brand in enumerate(BRANDS)
    }
    return {
        "age": age,
        "segment": segment,
        **aware,
        "choice": np.array(BRANDS)[choice],
        "liking": np.clip(np.rint(liking), 0, 10).astype(np.int64),
        "price_matters": np.clip(np.rint(3 + 1.1 * thrift), 1, 5).astype(np.int64),
    }


BRANDS = ("Asta", "Brio", "Corvo", "Dado")


def drinkers(size: int, rng: np.random.Generator) -> Columns:
    """Return coffee drinkers of three large brands and a small one, whose buyers are unlike others.

    They are young, buy online, pay more, and mostly have no shop to rate. Older buyers of the small
    brand spend less, older buyers of the large ones more.
    """
    brand = rng.choice(["Asta", "Brio", "Corvo"], size, p=[0.55, 0.28, 0.17])
    is_small = rng.random(size) < AUDIENCES["drinkers"]["brand"]["Elva"]
    age = np.where(is_small, np.clip(rng.normal(31, 7, size), 18, 74), rng.integers(18, 75, size))
    age = np.rint(age).astype(np.int64)
    online = np.where(is_small, 0.80, 0.26 - 0.002 * (age - 18))
    draw = rng.random(size)
    channel = np.where(
        draw < online, "Online", np.where(draw < 0.6 + 0.4 * online, "Shop", "Kiosk")
    )
    slope = np.where(is_small, -0.020, 0.006)
    log_spend = np.where(is_small, 3.7, 2.9) + slope * (age - 40) + rng.normal(0, 0.4, size)
    values = np.where(is_small, 1.5, -0.2) + rng.normal(0, 0.8, size)
    liking = 5.8 + 0.5 * values + 1.2 * is_small + rng.normal(0, 1.6, size)
    rating = np.clip(np.rint(7 - 2.5 * is_small + rng.normal(0, 1.5, size)), 0, 10)
    is_unrated = rng.random(size) < np.where(channel == "Online", 0.75, 0.04)
    return {
        "age": age,
        "gender": rng.choice(["Female", "Male"], size),
        "brand": np.where(is_small, "Elva", brand),
        "channel": channel,
        "spend": np.round(np.exp(log_spend), 1),
        "cups": np.minimum(rng.poisson(np.where(is_small, 3.2, 1.8)), 9),
        "fair_trade": _likert(values, 0.0, rng),
        "price_matters": _likert(-0.8 * values, 0.0, rng),
        "shop_rating": pa.array(rating.astype(np.int64), mask=is_unrated),
        "recommend": np.clip(np.rint(liking), 0, 10).astype(np.int64),
    }


def clients(size: int, rng: np.random.Generator) -> Columns:
    """Return clients of a bank: private ones, and few students, firms and farmers.

    Each group has its own ages, incomes, fees and habits, and its own questions left open.
    """
    small = AUDIENCES["clients"]["account"]
    account = rng.choice(["Private", *small], size, p=[1 - sum(small.values()), *small.values()])
    is_student, is_firm, is_farm = (account == name for name in small)
    age = np.rint(
        np.select(
            [is_student, is_firm, is_farm],
            [rng.normal(22, 2.5, size), rng.normal(46, 9, size), rng.normal(55, 10, size)],
            rng.uniform(20, 85, size),
        )
    )
    age = np.clip(age, 18, 85).astype(np.int64)
    height = np.select(
        [is_student, is_firm, is_farm], [6.5, 8.9, 7.6], 7.8 - ((age - 52) / 50) ** 2
    )
    income = np.exp(height + rng.normal(0, np.where(is_firm, 0.7, 0.35), size))
    is_silent = rng.random(size) < np.select([is_student, is_firm, is_farm], [0.02, 0.55, 0.3], 0.1)
    is_rural = rng.random(size) < np.select([is_student, is_firm, is_farm], [0.05, 0.2, 0.95], 0.35)
    eager = np.select([is_student, is_firm, is_farm], [1.8, 1.2, -1.3], 0.025 * (50 - age))
    app = np.searchsorted([-0.8, 0.2, 1.2], eager + rng.normal(0, 0.8, size))
    fee = np.select([is_student, is_firm], [0, 24 + rng.gamma(2, 6, size)], rng.gamma(3, 1.5, size))
    content = 4.6 + 0.9 * is_student - 0.4 * is_firm + 0.7 * is_farm - 0.04 * fee
    return {
        "age": age,
        "account": account,
        "area": np.where(is_rural, "Country", "City"),
        "income": pa.array(np.rint(income / 10) * 10, mask=is_silent),
        "app": np.array(["Never", "Monthly", "Weekly", "Daily"])[app],
        "visits": rng.poisson(np.select([is_student, is_firm, is_farm], [0.1, 2.5, 4.0], 0.8)),
        "fee": np.round(fee, 2),
        "loans": np.minimum(
            rng.poisson(0.3 + 1.2 * is_firm + 0.9 * is_farm - 0.25 * is_student), 5
        ),
        "content": np.clip(np.rint(content + rng.normal(0, 1.1, size)), 1, 7).astype(np.int64),
    }


AUDIENCES: Mapping[str, Mapping[str, Mapping[str, float]]] = {
    "drinkers": {"brand": {"Elva": 0.04}},
    "clients": {"account": {"Student": 0.08, "Firm": 0.05, "Farm": 0.03}},
}
"""The low-incidence audiences: by population and column, levels with their shares of it."""


def condition(people: pa.Table, shares: Shares, ranges: Ranges) -> tuple[pa.Table, Floats]:
    """Return the people inside the ranges, and the weights that give them the shares.

    Used on a large population this is the truth; used on the study it is the classic remedy,
    re-weighting, that generated rows have to beat. Levels that a map does not name share the rest
    as they stand, a level with the share 0 is left out, and so is who did not answer. The weights
    add up to less than 1 where the people cannot have the shares.
    """
    remaining = people.filter(pa.array(are_inside(people, shares, ranges)))
    if not remaining.num_rows:
        return remaining, np.zeros(0)
    marginals = [_marginal(remaining[name], target) for name, target in shares.items()]
    return remaining, raking.rake(np.ones(remaining.num_rows), marginals).weights


def are_inside(people: pa.Table, shares: Shares, ranges: Ranges) -> Any:  # noqa: ANN401 - an array
    """Return who lies in the ranges, answered, and has no level that is left out."""
    is_inside = np.ones(people.num_rows, dtype=bool)
    for name, target in ranges.items():
        values = pc.fill_null(people[name].cast(pa.float64()), np.nan).to_numpy()
        is_inside &= (values >= target["min"]) & (values <= target["max"])
    for name, shared in shares.items():
        positions = _level_positions(people[name], list(shared))
        left_out = [position for position, share in enumerate(shared.values()) if share == 0]
        is_inside &= ~np.isin(positions, left_out) & ~people[name].is_null().to_numpy()
        if np.isclose(sum(shared.values()), 1):
            is_inside &= positions >= 0
    return is_inside


@dataclasses.dataclass(frozen=True)
class Truth:
    """The truth under a scenario.

    Attributes:
        people: true rows.
        weights: of them; they give them the shares.
        left: effective size (Kish 1965) of the weighted rows, in people drawn: near 1 for a
            scenario that changes nothing, 1e-4 for one that one person in 10,000 fits.
    """

    people: pa.Table
    weights: Floats
    left: float

    def sample(self, size: int, rng: np.random.Generator) -> pa.Table:
        """Return true rows under the scenario, drawn with replacement."""
        return self.people.take(draw_positions(self.weights, size, rng))


def find(draw: Draw, shares: Shares, ranges: Ranges) -> Truth:
    """Return what is true of a population under a scenario."""
    parts: list[pa.Table] = []
    size = 0
    while sum(part.num_rows for part in parts) < ENOUGH and size < MOST:
        people = pa.table(draw(BATCH, np.random.default_rng((7, size))))
        parts.append(people.filter(pa.array(are_inside(people, shares, ranges))))
        size += BATCH
    remaining, weights = condition(pa.concat_tables(parts), shares, ranges)
    left = weights.sum() ** 2 / (weights**2).sum() / size
    if remaining.num_rows > ENOUGH:
        some = np.random.default_rng(8).permutation(remaining.num_rows)[:ENOUGH]
        remaining, weights = remaining.take(some), weights[some]
    return Truth(remaining, weights, left)


def draw_positions(weights: Floats, size: int, rng: np.random.Generator) -> Any:  # noqa: ANN401 - an array
    """Return the positions of rows drawn with replacement in proportion to their weights."""
    return rng.choice(len(weights), size, p=weights / weights.sum())


def _marginal(values: pa.ChunkedArray, target: Mapping[str, float]) -> raking.Marginal:
    positions = _level_positions(values, list(target))
    shares = np.array([*target.values(), max(1 - sum(target.values()), 0)])
    return raking.Marginal(np.where(positions < 0, len(target), positions), shares)


def _level_positions(values: pa.ChunkedArray, levels: list[str]) -> Any:  # noqa: ANN401 - an array
    """Return the position of each value among the levels, -1 for another."""
    positions = pc.index_in(values.cast(pa.string()), pa.array(levels, pa.string()))
    return pc.fill_null(positions, -1).to_numpy().astype(np.int64)


POPULATIONS: Mapping[str, Draw] = {
    "shoppers": shoppers,
    "battery": battery,
    "spenders": spenders,
    "buyers": buyers,
    "drinkers": drinkers,
    "clients": clients,
}
