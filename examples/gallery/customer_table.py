"""Customer table: churn, if more contracts were annual."""

import numpy as np
import pyarrow as pa

import simulacra
from examples.gallery import figures

CUSTOMERS, SEED = 1_500, 14


def population(
    size: int, rng: np.random.Generator, *, all_annual: bool = False
) -> dict[str, np.ndarray]:
    """Return `size` customers; with `all_annual` everybody is given an annual contract.

    Who means to stay anyway takes the annual contract. The contract itself holds few back.
    """
    loyal = rng.normal(0, 1, size)
    annual = (rng.random(size) < 1 / (1 + np.exp(0.9 - 1.3 * loyal))) | all_annual
    tenure = np.clip(rng.exponential(22 + 7 * np.clip(loyal, -2, 2), size), 1, 96).astype(int)
    plan = rng.choice(["Basic", "Family", "Pro"], size, p=[0.5, 0.3, 0.2])
    fee = np.select([plan == "Basic", plan == "Family"], [19.0, 34.0], 49.0) - 3.0 * annual
    calls = rng.poisson(np.clip(1.5 - 0.5 * loyal, 0.2, 5))
    odds = -1.5 - 1.0 * loyal - 0.35 * annual + 0.30 * calls - tenure / 60
    left = rng.random(size) < 1 / (1 + np.exp(-odds))
    return {
        "contract": np.where(annual, "annual", "monthly"),
        "plan": plan,
        "tenure_months": tenure,
        "monthly_fee": fee,
        "support_calls": calls,
        "left": np.where(left, "yes", "no"),
    }


def study() -> pa.Table:
    """Return the table of customers."""
    return pa.table(population(CUSTOMERS, np.random.default_rng(SEED)))


def truth() -> str:
    """Say how many leave if 60% have annual contracts because monthly ones were moved."""
    now, moved = (
        population(400_000, np.random.default_rng(0), all_annual=it) for it in (False, True)
    )
    annual = np.mean(now["contract"] == "annual")
    part = (0.60 - annual) / (1 - annual)  # of the monthly contracts, by lot
    leaves = [float(np.mean(it["left"] == "yes")) for it in (now, moved)]
    return (
        f"Of all customers {leaves[0]:.1%} leave. If monthly contracts were moved until 60% are "
        f"annual, {(1 - part) * leaves[0] + part * leaves[1]:.1%} would."
    )


def run() -> tuple[simulacra.Model, simulacra.Generation]:
    """Ask for 60% annual contracts, then for a mean that hardly any customer supports."""
    model = simulacra.fit(study())
    out = model.generate(5_000, seed=1, categorical={"contract": {"annual": 0.60}}, margins=True)
    print(out.report)
    print("\nleft within a year:", figures.change(out, "left", "yes"), "\n")
    for months in (20, 40, 60, 80):
        support = model.preview(5_000, seed=1, means={"tenure_months": months}).support
        print(f"mean tenure {months}: {support.effective_sample_size:.0f} effective customers")
    return model, out
