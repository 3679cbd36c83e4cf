"""The part of tables and comparisons that touches rows; runs in a child process."""

from collections.abc import Iterable

from simulacra.engine import pipeline
from simulacra.engine.margins.margins import Margins
from simulacra.engine.progress import Progress, ProgressCallback
from simulacra.engine.tabulating import comparing, naming, tabulation
from simulacra.engine.tabulating.sample import Sample
from simulacra.service.generations import payloads, sampling, tabulation_schemas


def tabulate(
    request: payloads.CrosstabRequest, report: ProgressCallback
) -> payloads.CrosstabResult:
    """Return a cross table of a study or of rows that were made of it.

    Of the study, figures that few respondents stand behind are left out.
    """
    report(Progress("reading", 0.0))
    model = pipeline.load(request.model_file)
    asked = [*request.rows, *request.banner, *filter(None, [request.weight])]
    sample = _sample(model, request.made, asked)
    report(Progress("sampling", 0.5))
    table = tabulation.tabulate(
        sample, request.rows, request.banner, request.weight, is_published=True
    )
    return payloads.CrosstabResult(table.to_json())


def compare(
    request: payloads.ComparisonRequest, report: ProgressCallback
) -> payloads.ComparisonResult:
    """Return the figures of a study, or of rows that were made of it, and of other rows."""
    report(Progress("reading", 0.0))
    model = pipeline.load(request.model_file)
    names = model.schema.names if request.columns is None else request.columns
    first, second = (_sample(model, made, names) for made in (request.first, request.second))
    report(Progress("sampling", 0.5))
    margins = None
    if request.margins is not None:
        margins = Margins.from_json(request.margins)
    found = comparing.compare(first, second, names, margins, is_published=True).to_json()
    told = found["figures"][: tabulation_schemas.MAX_FIGURES]
    columns = {figure["column"] for figure in told}
    labels = {name: label for name, label in found["labels"].items() if name in columns}
    return payloads.ComparisonResult(found | {"figures": told, "labels": labels})


def _sample(model: pipeline.Model, made: payloads.MadeRows | None, names: Iterable[str]) -> Sample:
    """Return the study, or the columns of made rows that are asked for.

    Rows of which the file does not say all are made again: the same model, conditions and seed give
    the same rows.
    """
    if made is None:
        return model.sample
    sampling.load_fitted(model, made.fitted_file)
    if not model.can_read(made.output_format, made.output_layout, made.output_values):
        asked = made.conditions
        seed = made.rng_seed
        return model.generate(made.row_count, seed=seed, progress=False, **asked).sample
    return model.sample_of(
        made.file,
        made.output_format,
        naming.columns_of(model.schema, names),
        row_count=made.row_count,
        seed=made.rng_seed,
        asked=made.conditions,
    )
