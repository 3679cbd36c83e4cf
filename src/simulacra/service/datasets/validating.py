"""The part of a validation that touches rows; runs in a child process."""

from typing import Any

from simulacra.engine import pipeline
from simulacra.engine.progress import Progress, ProgressCallback
from simulacra.engine.validation.validation import Validation
from simulacra.service.datasets import payloads

MAX_FIGURES = 3_000
"""Of all segments together: those of a study of 500 columns would be megabytes, which stand in the
row of the job and are read with it."""


def validate(
    request: payloads.ValidationRequest, report: ProgressCallback
) -> payloads.ValidationResult:
    """Validate the study of a saved model."""
    report(Progress("reading", 0.0))
    model = pipeline.load(request.model_file)
    found = model.validate(
        segment=request.segment, repeats=request.repeats, seed=request.seed, progress=report
    )
    summary = found.summary() if request.segment is None else None
    return payloads.ValidationResult(bounded(found), summary)


def bounded(found: Validation) -> dict[str, Any]:
    """Return a validation as JSON; of many figures those that are furthest off, by their chance."""
    document = found.to_json()
    most = MAX_FIGURES // max(len(found.comparisons), 1)
    for one in document["comparisons"]:
        figures = one["figures"]
        one["figure_count"] = len(figures)
        if len(figures) > most:
            far_off = sorted(figures, key=_in_standard_errors, reverse=True)
            one["figures"] = far_off[:most]
    return document


def _in_standard_errors(figure: dict[str, Any]) -> float:
    return float(abs(figure["difference"]) / max(figure["chance"], 1e-12))
