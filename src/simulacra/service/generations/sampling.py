"""The part of a generation that touches rows; runs in a child process."""

import dataclasses
import functools
from pathlib import Path
from typing import Any

from simulacra.engine import errors, pipeline
from simulacra.engine.progress import Progress, ProgressCallback
from simulacra.engine.validation.validation import Validation
from simulacra.service.generations import payloads


def generate(
    request: payloads.SamplingRequest, report: ProgressCallback
) -> payloads.SamplingResult:
    """Generate rows from a saved model, write them, and return the report.

    What an earlier generation has fitted or refitted is used if it can be read; otherwise what had
    to be made is written for the next one, if it can be.
    """
    model = pipeline.load(request.model_file)
    is_spared = load_fitted(model, request.fitted_file)
    kept = _load_refits(model, request)
    generation = model.generate(
        request.row_count,
        seed=request.rng_seed,
        **request.conditions,
        margins=request.margins or False,
        support_weight=request.support_weight,
        progress=report,
    )
    generation.write(
        request.artifact_file,
        format=request.output_format,
        layout=request.output_layout,
        values=request.output_values,
    )
    margins = generation.report.margins
    published = generation.report.to_json()
    published["margins"] = None if margins is None else margins.summary()
    return payloads.SamplingResult(
        generation.status,
        generation.rows_generated,
        published,
        has_fitted=not is_spared and _save_fitted(model, request),
        new_refits=_save_refits(model, request, kept),
        margins=None if margins is None else margins.to_json(),
        figures=_figures(generation, request.validation),
    )


def preview(request: payloads.PreviewRequest, report: ProgressCallback) -> payloads.PreviewResult:
    """Tell what a generation from a saved model would give; it fits and draws little.

    What it fits itself is not written: a preview leaves nothing behind. The model stays loaded for
    the next one, whose file need not be there any more.
    """
    report(Progress("reading", 0.0))
    model = _loaded(request.model_file)
    load_fitted(model, request.fitted_file)
    report(Progress("sampling", 0.5))
    made = model.preview(
        request.row_count,
        seed=request.rng_seed,
        **request.conditions,
        margins=request.margins or False,
        kept_refits=request.kept_refits,
        columns=request.columns,
    )
    return payloads.PreviewResult(made.to_json())


@functools.lru_cache(maxsize=1)
def _loaded(model_file: Path) -> pipeline.Model:
    """Return a model; a child process that stays is asked about one alone."""
    return pipeline.load(model_file)


def load_fitted(model: pipeline.Model, fitted_file: Path | None) -> bool:
    """Take over what was fitted before; return whether there was something that could be read."""
    if fitted_file is None:
        return False
    try:
        model.load_fitted(fitted_file)
    except (errors.SavedModelError, MemoryError):  # it is fitted again
        return False
    return True


def _figures(
    generation: pipeline.Generation, validation: dict[str, Any] | None
) -> dict[str, Any] | None:
    """Return what the full report has besides the report.

    The rows are there, and no limit may cost them now: without memory for it there is none.
    """
    if validation is not None:
        checked = Validation.from_json(validation)
        report = dataclasses.replace(generation.report, validation=checked)
        generation = dataclasses.replace(generation, report=report)
    try:
        return generation.full_report().figures.to_json()
    except MemoryError:
        return None


def _save_fitted(model: pipeline.Model, request: payloads.SamplingRequest) -> bool:
    """Return whether something was written; the rows are there, and no limit may cost them now."""
    try:
        return model.save_fitted(request.new_fitted_file, request.conditions)
    except (OSError, MemoryError):
        return False


def _load_refits(model: pipeline.Model, request: payloads.SamplingRequest) -> int:
    """Return how many models for margins need not be refitted."""
    if request.refits_file is None or request.margins is None:
        return 0
    try:
        return model.load_refits(request.refits_file, request.margins)
    except (errors.SavedModelError, MemoryError):  # they are refitted
        return 0


def _save_refits(model: pipeline.Model, request: payloads.SamplingRequest, kept: int) -> int:
    """Return how many were written; 0 if none is new, or if they cannot be."""
    if request.margins is None or kept == model.refits:
        return 0
    try:
        model.save_refits(request.new_refits_file)
    except (OSError, MemoryError):
        return 0
    return model.refits
