"""Print the figures that the documentation quotes.

python benchmarks/run.py                         the known population
python benchmarks/run.py adult --data DIRECTORY  DIRECTORY/benchmark/adult_{train,test}.csv
"""

import argparse
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import truth

import simulacra
from simulacra.engine import encoding, judging, limits
from simulacra.engine.cleaning import clean
from simulacra.engine.encoding import Floats
from simulacra.engine.reading import source
from simulacra.engine.schema import Schema

SEED_ROWS, ROWS, POPULATION = 800, 5_000, 3_000_000
STUDIES = 10

SCENARIOS: dict[str, tuple[truth.Shares, truth.Ranges]] = {
    "mild": ({"segment": {"Premium": 0.30, "Mainstream": 0.40, "Value": 0.30}}, {}),
    "shares": (
        {
            "segment": {"Premium": 0.55, "Mainstream": 0.35, "Value": 0.10},
            "channel": {"Online": 0.70, "Retail": 0.20, "Club": 0.10},
        },
        {},
    ),
    "range": ({}, {"age": {"min": 25, "max": 34}}),
    "guide": (
        {
            "segment": {"Premium": 0.55, "Mainstream": 0.35, "Value": 0.10},
            "channel": {"Online": 0.70, "Retail": 0.20, "Club": 0.10},
        },
        {"age": {"min": 25, "max": 44}, "purchase_intent": {"min": 70, "max": 100}},
    ),
}


def quickstart() -> None:
    """Compare scenarios of a toy study with the population that it was drawn from."""
    population = pa.table(truth.shoppers(POPULATION, np.random.default_rng(1)))
    print(f"{STUDIES} studies of {SEED_ROWS} rows, {ROWS:,} rows generated a scenario; medians")
    print(f"{'scenario':<10}{'fit s':>8}{'rows s':>8}{'share error':>13}{'pair error':>12}", end="")
    print(f"{'raked seed':>12}{'support':>9}")
    for name, (shares, ranges) in SCENARIOS.items():
        known = truth.under(population, shares, ranges)
        figures = [_against(known, shares, ranges, study) for study in range(STUDIES)]
        fit, made, share, error, raked, support = np.median(figures, axis=0)
        print(f"{name:<10}{fit:>8.2f}{made:>8.2f}{share:>13.5f}", end="")
        print(f"{error:>12.3f}{raked:>12.3f}{support:>9.0f}")


def _against(
    known: tuple[pa.Table, Floats], shares: truth.Shares, ranges: truth.Ranges, study: int
) -> list[float]:
    """Return fit and scenario seconds, share error, and the errors of made and of raked rows."""
    seed = pa.table(truth.shoppers(SEED_ROWS, np.random.default_rng(100 + study)))
    started = time.perf_counter()
    model = simulacra.fit(seed)
    fitted = time.perf_counter()
    out = model.generate(ROWS, seed=study, categorical=shares, numeric=ranges)
    done = time.perf_counter()
    share = max((_share_error(out.table[name], shares[name]) for name in shares), default=0.0)
    raked = truth.under(seed, shares, ranges)
    errors = [
        judging.pair_error(
            model.schema,
            judging.matrix(model.schema, known[0]),
            judging.matrix(model.schema, rows),
            known[1],
            weights,
        )
        for rows, weights in ((out.table, np.ones(out.rows_generated)), raked)
    ]
    support = out.report.support.effective_sample_size
    return [fitted - started, done - fitted, share, *errors, support]


def _share_error(values: pa.ChunkedArray, wanted: Mapping[str, float]) -> float:
    texts = np.array(values.to_pylist())
    misses = [abs(float((texts == level).mean()) - share) for level, share in wanted.items()]
    return max(misses)


def adult(data: Path) -> None:
    """Judge unconditional rows of Adult against train and unseen rows, baselines beside them."""
    train_file = data / "benchmark" / "adult_train.csv"
    started = time.perf_counter()
    model = simulacra.fit(train_file)
    print(f"fit {time.perf_counter() - started:.1f} s")
    schema, train = model.schema, _study(train_file).values
    unseen = _unseen(schema, data / "benchmark" / "adult_test.csv")
    started = time.perf_counter()
    made = judging.matrix(schema, model.generate(len(train), seed=1).table)
    print(f"{len(train):,} rows in {time.perf_counter() - started:.1f} s")
    rng = np.random.default_rng(0)
    print(
        f"{'rows':<14}{'shape %':>9}{'trend %':>9}{'two-sample':>12}{'nearer':>8}{'copies %':>10}"
    )
    for name, rows in (
        ("generated", made),
        ("independent", judging.independent(train, rng)),
        ("unseen", unseen),
        ("bootstrap", train[rng.integers(len(train), size=len(train))]),
    ):
        some = rng.permutation(rows)[: len(unseen)]
        print(
            f"{name:<14}{100 * (1 - judging.shape(schema, train, rows)):>9.2f}"
            f"{100 * (1 - judging.trend(schema, train, rows)):>9.2f}"
            f"{judging.two_sample(unseen, some):>12.2f}"
            f"{judging.nearer_to_train(schema, rng.permutation(train), unseen, some[:2000]):>8.2f}"
            f"{100 * judging.copies(train, rows):>10.2f}"
        )


def _study(path: Path) -> clean.Study:
    return clean.clean(source.read(path, limits.DEFAULT), limits.DEFAULT)


def _unseen(schema: Schema, path: Path) -> Floats:
    """Return the rows of another file as the schema codes them; unknown levels are missing."""
    other = _study(path)
    made = np.full((len(other.values), len(schema.columns)), np.nan)
    for position, column in enumerate(schema.columns):
        values = other.values[:, other.schema.names.index(column.name)]
        if levels := other.schema[column.name].levels:
            known = [column.levels.index(x) if x in column.levels else np.nan for x in levels]
            values = np.array([*known, np.nan])[encoding.level_codes(values, len(levels))]
        made[:, position] = values
    return made


def main() -> None:
    """Run one benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("name", nargs="?", default="quickstart", choices=["quickstart", "adult"])
    parser.add_argument("--data", type=Path, help="the folder that holds the public data sets")
    asked = parser.parse_args()
    if asked.name == "quickstart":
        quickstart()
    elif asked.data is None:
        parser.error("adult needs --data")
    else:
        adult(asked.data)


if __name__ == "__main__":
    main()
