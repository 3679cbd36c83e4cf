"""The part of training that touches rows; runs in a child process."""

from typing import Any

from simulacra.engine import pipeline
from simulacra.engine.progress import ProgressCallback
from simulacra.service.datasets import overrides, payloads


def fit(request: payloads.TrainingRequest, report: ProgressCallback) -> payloads.TrainingResult:
    """Fit a study, save the model, and return what is published of it."""
    stated = overrides.of(request.options)
    model = pipeline.fit_with(request.study_file, stated, progress=report)
    report(pipeline.SAVING)
    model.save(request.model_file)
    schema = model.schema
    return payloads.TrainingResult(schema.row_count, len(schema.columns), published(model))


def published(model: pipeline.Model) -> dict[str, Any]:
    """Return what is published of a model, in the words of the API."""
    document = model.schema.to_json() | {"privacy": model.privacy}
    if model.schema.overrides:
        document["overrides"] = payloads.as_fields(model.schema.overrides)
    if model.quality is not None:
        document["quality"] = model.quality.to_json()
    return document
