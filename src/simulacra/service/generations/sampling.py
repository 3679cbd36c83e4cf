"""The part of a generation that touches rows; runs in a child process."""

from pathlib import Path
from typing import Any

from simulacra.engine import pipeline
from simulacra.engine.progress import ProgressCallback


def generate(
    model: str,
    artifact: str,
    wanted: dict[str, Any],
    report: ProgressCallback,
) -> dict[str, Any]:
    """Load the file `model`, write the rows as the file `artifact`, and return the report."""
    made = pipeline.load(Path(model)).generate(
        wanted["row_count"],
        seed=wanted["seed"],
        categorical=wanted["conditions"]["categorical"],
        numeric=wanted["conditions"]["numeric"],
        progress=report,
    )
    made.write(Path(artifact), format=wanted["output_format"])
    return {
        "status": made.status,
        "rows_generated": made.rows_generated,
        "report": made.report.to_json(),
    }
