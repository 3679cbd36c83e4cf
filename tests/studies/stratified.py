"""A population, and studies of it in which some people are asked far more often than others."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from simulacra.engine.columns.arrays import Floats

REGIONS, SEGMENTS, CHANNELS = np.array(list("ABCD")), np.array(["lo", "hi"]), ["shop", "net"]
RATES = np.array([8.0, 4.0, 1.5, 1.0])
"""How often people of each region are asked."""

Population = Mapping[str, np.ndarray]


def population(people: int, rng: np.random.Generator) -> Population:
    """Return people: region and age decide the segment, the segment the channel, and so on."""
    region, age = rng.choice(4, people, p=[0.1, 0.2, 0.3, 0.4]), rng.integers(18, 80, people)
    segment = rng.random(people) < 1 / (1 + np.exp(-(age - 45) / 12 + region * 0.4))
    channel = rng.random(people) < 0.15 + 0.5 * segment + 0.05 * region
    rating = 5 + 1.5 * channel - segment + 0.5 * region + rng.normal(0, 1.5, people)
    spend = np.exp(3 + 0.3 * segment + 0.02 * (age - 45) + 0.4 * rng.normal(size=people))
    return {
        "region": region,
        "age": age,
        "segment": segment.astype(np.int64),
        "channel": channel.astype(np.int64),
        "rating": np.clip(np.round(rating), 0, 10),
        "spend": np.round(spend, 2),
    }


def sample(people: Population, respondents: int, rng: np.random.Generator) -> pa.Table:
    """Return a study of some people, with the weight that takes its design back."""
    rate = RATES[people["region"]] * np.where(people["age"] < 35, 0.5, 1.3)
    chosen = rng.choice(len(rate), respondents, replace=False, p=rate / rate.sum())
    return table({name: column[chosen] for name, column in people.items()}).append_column(
        "wgt", pa.array(1 / rate[chosen])
    )


def table(people: Population) -> pa.Table:
    """Return people as a study shows them."""
    levels = {"region": REGIONS, "segment": SEGMENTS, "channel": np.array(CHANNELS)}
    shown = {name: levels[name][column] for name, column in people.items() if name in levels}
    return pa.table(dict(people) | shown)


def figures(rows: pa.Table, weights: Floats | None = None) -> Floats:
    """Return the shares of all levels, and the means of all numbers in their standard deviations.

    Args:
        rows: people, respondents or synthetic rows.
        weights: float64, one a row: how much each counts; None if all alike.
    """
    known = {name: rows[name].to_numpy(zero_copy_only=False) for name in rows.column_names}
    found = [np.average(known["region"] == level, weights=weights) for level in REGIONS]
    found += [np.average(known["segment"] == level, weights=weights) for level in SEGMENTS]
    found += [np.average(known["channel"] == level, weights=weights) for level in CHANNELS]
    for name, spread in (("age", 17.9), ("rating", 2.1), ("spend", 14.5)):
        found.append(np.average(known[name], weights=weights) / spread)
    return np.array(found)
