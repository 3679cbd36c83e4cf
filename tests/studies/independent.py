"""Studies of a population in which the columns of a table tell nothing of its rows, or do."""

import numpy as np
import pyarrow as pa

RESPONDENTS = 500
SHOWN, BANNER = ["buys", "rating", "spend"], ["area", "channel"]
SCENARIO = {"segment": {"c": 0.45}}
"""20 % of the population; it decides what people buy and spend, and nothing of the banner."""


def study(rng: np.random.Generator, effect: float = 0.0) -> pa.Table:
    """Return respondents.

    Args:
        rng: of the draws.
        effect: by which the share of buyers rises from one area to the next. What they spend rises
            by 30 times as much, and has a standard deviation of 10 within a segment.
    """
    segment = rng.choice(3, RESPONDENTS, p=[0.5, 0.3, 0.2])
    area = rng.choice(4, RESPONDENTS, p=[0.4, 0.3, 0.2, 0.1])
    buys = rng.random(RESPONDENTS) < np.array([0.2, 0.4, 0.6])[segment] + effect * (area - 1)
    spend = 50 + 8 * segment + 30 * effect * area + rng.normal(0, 10, RESPONDENTS)
    return pa.table(
        {
            "segment": np.array(list("abc"))[segment],
            "area": np.array(list("pqrs"))[area],
            "channel": rng.choice(list("klm"), RESPONDENTS, p=[0.5, 0.25, 0.25]),
            "buys": np.where(buys, "yes", "no"),
            "rating": rng.choice(list("fgh"), RESPONDENTS, p=[0.6, 0.3, 0.1]),
            "spend": np.round(spend).astype(int),
        }
    )
