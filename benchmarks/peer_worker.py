"""Fit a peer and generate with it; started by `peers.py` in the peer's own environment.

python peer_worker.py PEER FOLDER: reads FOLDER/train.parquet, writes as many rows to
FOLDER/synthetic.parquet, and prints the seconds of both steps as JSON. Each peer runs
with its own defaults.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

Generate = Callable[[int], pd.DataFrame]


def synthpop(train: pd.DataFrame) -> Generate:
    """Fit synthpop-py: a chain of single classification and regression trees."""
    synthesiser = importlib.import_module("synthpop").Synthesiser(random_seed=1).fit(train)
    return lambda rows: synthesiser.generate(rows, random_seed=1)


def arfpy(train: pd.DataFrame) -> Generate:
    """Fit arfpy: adversarial random forests."""
    forest = importlib.import_module("arfpy.arf").arf(x=train, verbose=False)
    forest.forde()
    return lambda rows: forest.forge(n=rows)


def sdv(name: str) -> Callable[[pd.DataFrame], Generate]:
    """Return how to fit one of SDV's synthesizers."""

    def fit(train: pd.DataFrame) -> Generate:
        metadata: Any = importlib.import_module("sdv.metadata").Metadata
        single: Any = importlib.import_module("sdv.single_table")
        synthesizer = getattr(single, name)(metadata.detect_from_dataframe(train))
        synthesizer.fit(train)
        sample: Generate = synthesizer.sample
        return sample

    return fit


def mostlyai(train: pd.DataFrame) -> Generate:
    """Fit the TabARGN of mostlyai-engine."""
    model = importlib.import_module("mostlyai.engine").TabularARGN(random_state=1)
    model.fit(train)
    return lambda rows: model.sample(n_samples=rows)


PEERS: dict[str, Callable[[pd.DataFrame], Generate]] = {
    "synthpop-py": synthpop,
    "arfpy": arfpy,
    "SDV GaussianCopula": sdv("GaussianCopulaSynthesizer"),
    "SDV CTGAN": sdv("CTGANSynthesizer"),
    "SDV TVAE": sdv("TVAESynthesizer"),
    "mostlyai-engine": mostlyai,
}


def main(peer: str, folder: Path) -> None:
    """Fit, generate, write."""
    train = pd.read_parquet(folder / "train.parquet")
    texts = [name for name in train if not pd.api.types.is_numeric_dtype(train[name].dtype)]
    train[texts] = train[texts].astype(object)
    started = time.perf_counter()
    generate = PEERS[peer](train)
    fitted = time.perf_counter()
    synthetic = generate(len(train))
    done = time.perf_counter()
    synthetic.to_parquet(folder / "synthetic.parquet", index=False)
    print(json.dumps({"fit": fitted - started, "generate": done - fitted}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
