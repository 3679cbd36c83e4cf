"""SPSS files written for tests."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat

LABELS: dict[str, Any] = {
    "gender": {1.0: "Male", 2.0: "Female"},
    "agreement": {1.0: "never", 2.0: "sometimes", 3.0: "always", 9.0: "refused"},
    "region": {"n": "North", "s": "South"},
}
WIDTH_OF_FIRST_VARIABLE = 180
"""Where the first variable record says how wide the variable is."""


def survey(path: Path, rows: int = 400) -> bytes:
    """A survey with value labels, an ordered item and two multi-select options."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "gender": rng.integers(1, 3, rows).astype(float),
            "agreement": rng.choice([1.0, 2.0, 3.0, 9.0], rows, p=[0.3, 0.4, 0.2, 0.1]),
            "age": rng.integers(18, 80, rows).astype(float),
            "region": rng.choice(["n", "s"], rows),
        }
    )
    pyreadstat.write_sav(
        frame,
        path,
        compress=path.suffix == ".zsav",
        column_labels={"gender": "Gender", "agreement": "I like it"},
        variable_value_labels=LABELS,
        missing_ranges={"agreement": [9.0]},
        variable_measure={"agreement": "ordinal"},
    )
    return path.read_bytes()


def corrupt_survey(path: Path) -> bytes:
    """Write a file with one wrong byte, on which the parser crashes its process."""
    content = bytearray(survey(path))
    content[WIDTH_OF_FIRST_VARIABLE] ^= 0x7F
    path.write_bytes(content)
    return bytes(content)
