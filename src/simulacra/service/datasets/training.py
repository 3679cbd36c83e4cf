"""The part of training that touches rows; runs in a child process."""

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
    published = schema.to_json() | {"privacy": model.privacy}
    if schema.overrides:
        published["overrides"] = payloads.as_fields(schema.overrides)
    if model.quality is not None:
        published["quality"] = model.quality.to_json()
    return payloads.TrainingResult(schema.row_count, len(schema.columns), published)
