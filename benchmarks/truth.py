"""Populations written in code, and what is true of them under a scenario.

The truth under a scenario is the population inside the ranges, raked to the shares: the same
projection that a model is asked for, made of as many people as it takes.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from simulacra.engine import raking
from simulacra.engine.encoding import Floats

Columns = dict[str, np.ndarray]
Shares = Mapping[str, Mapping[str, float]]
Ranges = Mapping[str, Mapping[str, float]]


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


def under(people: pa.Table, shares: Shares, ranges: Ranges) -> tuple[pa.Table, Floats]:
    """Return the people inside the ranges, and the weights that give them the shares.

    Used on a large population this is the truth; used on the seed rows it is the classic remedy,
    re-weighting, that generated rows have to beat.
    """
    inside = np.ones(people.num_rows, dtype=bool)
    for name, wanted in ranges.items():
        values = people[name].to_numpy()
        inside &= (values >= wanted["min"]) & (values <= wanted["max"])
    kept = people.filter(pa.array(inside))
    margins = [_margin(kept[name], wanted) for name, wanted in shares.items()]
    weights = raking.rake(np.ones(kept.num_rows), margins).weights
    return kept, weights


def _margin(values: pa.ChunkedArray, wanted: Mapping[str, float]) -> raking.Margin:
    codes = np.array([list(wanted).index(value) for value in values.to_pylist()], dtype=np.int64)
    return raking.Margin(codes, np.array(list(wanted.values())))
