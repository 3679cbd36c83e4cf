"""`simulacra sample`: a study to try things out with.

800 fictional people answer a questionnaire about a meal-kit brand. The population is defined in
code, so the truth under a scenario is known: draw many people, keep those who meet the scenario,
and compare them with the synthetic rows.
"""

import argparse
import csv
from pathlib import Path
from typing import TYPE_CHECKING

from simulacra.cli import failures, option_types

if TYPE_CHECKING:
    import numpy as np

RESPONDENTS, SEED = 800, 2026
SEGMENTS = {"Value": 0.40, "Mainstream": 0.42, "Premium": 0.18}
CHANNELS = {"Retail": 0.48, "Online": 0.37, "Club": 0.15}
REGIONS = {"North": 0.22, "East": 0.24, "South": 0.31, "West": 0.23}


def population(size: int, rng: "np.random.Generator") -> "dict[str, np.ndarray]":
    """Return `size` respondents, column by column."""
    import numpy as np

    segment = rng.choice(list(SEGMENTS), size, p=list(SEGMENTS.values()))
    channel = rng.choice(list(CHANNELS), size, p=list(CHANNELS.values()))
    age = np.clip(rng.normal(43, 14, size) - 5 * (channel == "Online"), 18, 79).astype(int)
    appetite = (
        48
        + 16 * (segment == "Premium")
        - 7 * (segment == "Value")
        + 7 * (channel == "Online")
        - (age - 43) / 4
        + rng.normal(0, 11, size)
    )
    spend = np.exp(3.1 + 0.45 * (segment == "Premium") + appetite / 90 + rng.normal(0, 0.3, size))
    return {
        "respondent": np.arange(1, size + 1),
        "age": age,
        "region": rng.choice(list(REGIONS), size, p=list(REGIONS.values())),
        "segment": segment,
        "channel": channel,
        "purchase_intent": np.clip(appetite, 0, 100).round().astype(int),
        "Would recommend (0-10)": np.clip(appetite / 10 + rng.normal(0, 1.2, size), 0, 10)
        .round()
        .astype(int),
        "monthly_spend": spend.round(2),
    }


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser(
        "sample",
        help="write a study to try things out with",
        description=f"Write the answers of {RESPONDENTS} fictional people to a questionnaire about "
        "a meal-kit brand, as a CSV file, always the same.",
    )
    parser.add_argument("file", metavar="FILE.csv", type=_csv_file, help="the file to write")
    parser.set_defaults(run=run)


def _csv_file(text: str) -> Path:
    path = option_types.new_file(text)
    if path.suffix.lower() != ".csv":
        raise argparse.ArgumentTypeError(f"{text!r}: the sample is CSV; end the name in .csv")
    return path


def run(arguments: argparse.Namespace) -> int:
    """Write the study, in the place of no other file."""
    try:
        write(arguments.file, mode="x")
    except FileExistsError:
        raise failures.CommandError(
            f"{arguments.file} is there already and stays as it is. Name another file."
        ) from None
    print(f"Wrote {arguments.file}: {RESPONDENTS} respondents of a fictional study.")
    return 0


def write(path: Path, size: int = RESPONDENTS, seed: int = SEED, *, mode: str = "w") -> None:
    """Write the answers of `size` respondents as a CSV file.

    Raises:
        OSError: it cannot be written, or is there already and `mode` is ``x``.
    """
    import numpy as np

    columns = population(size, np.random.default_rng(seed))
    with path.open(mode, newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
