"""The part of a generation that touches rows; runs in a child process."""

from simulacra.engine import pipeline
from simulacra.engine.progress import ProgressCallback
from simulacra.service.generations import payloads


def generate(
    request: payloads.SamplingRequest, report: ProgressCallback
) -> payloads.SamplingResult:
    """Generate rows from a saved model, write them, and return the report."""
    generation = pipeline.load(request.model_file).generate(
        request.row_count,
        seed=request.rng_seed,
        categorical=request.categorical,
        numeric=request.numeric,
        progress=report,
    )
    generation.write(request.artifact_file, format=request.output_format)
    return payloads.SamplingResult(
        generation.status, generation.rows_generated, generation.report.to_json()
    )
