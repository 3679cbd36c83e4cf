"""The part of a copy that touches rows; runs in a child process."""

import dataclasses
import hashlib
from pathlib import Path

from simulacra.engine import pipeline
from simulacra.engine.margins.margins import Margins
from simulacra.engine.progress import Progress, ProgressCallback
from simulacra.engine.report.report import Report
from simulacra.service.generations import payloads, sampling


def copy(request: payloads.CopyRequest, report: ProgressCallback) -> payloads.CopyResult:
    """Write rows that exist in another format.

    Those of a file that holds all that rows are, are read from it. Others are made again; whether
    they are the same is told by their file, which has the same bytes then.
    """
    report(Progress("reading", 0.0))
    model, made = pipeline.load(request.model_file), request.made
    margins = None if request.margins is None else Margins.from_json(request.margins)
    published = Report.from_json(request.report, margins)
    known = dataclasses.replace(published, validation=None)  # which files of rows do not have
    if model.can_read(made.output_format, made.output_layout, made.output_values):
        rows = model.read_rows(made.file, made.output_format, support_weight=made.support_weight)
    else:
        sampling.load_fitted(model, made.fitted_file)
        rows = model.generate(
            made.row_count,
            seed=made.rng_seed,
            support_weight=made.support_weight,
            **made.conditions,
        ).table
        again = request.artifact_file.with_name("again")
        model.write_rows(
            *(rows, known, made.conditions, again, made.output_format),
            layout=made.output_layout,
            values=made.output_values,
        )
        if _digest(again) != _digest(made.file):
            return payloads.CopyResult(is_same=False)
        again.unlink()
    report(Progress("writing", 0.5))
    model.write_rows(
        *(rows, known, made.conditions, request.artifact_file, request.output_format),
        layout=request.output_layout,
        values=request.output_values,
    )
    return payloads.CopyResult(is_same=True)


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
