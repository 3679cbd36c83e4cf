"""The part of training that touches rows; runs in a child process."""

from pathlib import Path
from typing import Any

from simulacra.engine import pipeline
from simulacra.engine.progress import ProgressCallback


def fit(seed: str, model: str, options: dict[str, Any], report: ProgressCallback) -> dict[str, Any]:
    """Fit the file `seed`, save the model as the file `model`, and return its schema.

    `options` are those of `pipeline.fit`: types, keep, drop, sheet.
    """
    fitted = pipeline.fit(Path(seed), **options, progress=report)
    report(pipeline.SAVING)
    fitted.save(Path(model))
    return fitted.schema.to_json()
