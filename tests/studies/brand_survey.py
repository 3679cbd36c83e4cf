"""A small survey on which every kind of condition can be asked for."""

import datetime as dt

import numpy as np
import pyarrow as pa

SET = "Which.brands.do.you.know"
"""What cleaning calls the multiple-response set."""
BRANDS = {"Acme": 0.5, "Brio": 0.35, "Corvo": 0.2}


def survey(rows: int = 500, seed: int = 3) -> pa.Table:
    """Return the answers: ratings, money, dates, options, and a question for owners alone."""
    rng = np.random.default_rng(seed)
    region = rng.choice(["North", "South", "East"], rows, p=[0.5, 0.3, 0.2])
    owns = rng.random(rows) < np.where(region == "North", 0.6, 0.35)
    rating = np.clip(rng.normal(3 + 0.6 * owns, 1.1, rows).round(), 1, 5).astype(int)
    age = np.clip(rng.normal(44, 15, rows), 18, 80).astype(int)
    spend = (20 + 6 * rating + 0.2 * age + rng.gamma(2, 6, rows)).round(2)
    days = 60 * rating + 3 * age + rng.integers(0, 400, rows)
    joined = [dt.date(2020, 1, 1) + dt.timedelta(days=int(day)) for day in days]
    chosen = {
        brand: rng.random(rows) < share + 0.03 * (rating - 3) for brand, share in BRANDS.items()
    }
    knows = {
        f"Which brands do you know? - {brand}": pa.array([brand] * rows, mask=~is_chosen)
        for brand, is_chosen in chosen.items()
    }
    return pa.table(
        {
            "region": region,
            "owns": np.where(owns, "yes", "no"),
            "rating": rating,
            "age": age,
            "spend": spend,
            "joined": joined,
            "visits": pa.array(rng.poisson(5, rows), mask=~owns),
            **knows,
        }
    )
