"""Single figures of a generation, as a sentence about it quotes them."""

import pyarrow as pa
import pyarrow.compute as pc

import simulacra


def change(made: simulacra.Generation, column: str, level: str | None = None) -> str:
    """Return a share or a mean of the study and of the rows, the latter with its margin."""
    margins = made.report.margins
    if margins is None:
        raise ValueError("the rows were made without margins of error")
    kind = "mean" if level is None else "share"
    (it,) = [
        it for it in margins.figures if (it.column, it.kind, it.level) == (column, kind, level)
    ]
    form = "{:.2f}" if level is None else "{:.1%}"
    study, value, low, high = (
        form.format(number)
        for number in (it.study.figure, it.scenario.figure, it.scenario.low, it.scenario.high)
    )
    return f"{study} -> {value} ({low} to {high})"


def net_promoter_score(scores: pa.ChunkedArray) -> float:
    """Return the percentage of those who score 9 or 10, less that of those up to 6."""
    promoters = pc.mean(pc.cast(pc.greater_equal(scores, 9), pa.float64())).as_py()
    detractors = pc.mean(pc.cast(pc.less_equal(scores, 6), pa.float64())).as_py()
    return 100 * float(promoters - detractors)
