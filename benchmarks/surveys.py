"""Real surveys: fidelity, correlations of batteries, missing answers, exclusive options."""

import dataclasses
import time
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

import simulacra
from benchmarks import batteries, classifier, judging, page, rules, studies, tables
from benchmarks.options import Options
from benchmarks.tables import Table
from simulacra.engine.columns.arrays import Floats
from simulacra.engine.columns.schema import Schema

NOTES = """\
A model is fitted to a random half of each file, the train rows; the other half is unseen. Shape
and Trend: error in percent against the train rows, see the page on fidelity. XGB-C2ST against
unseen rows; the line *unseen* has the figure of the train rows. *Correlations*: mean absolute
difference of Spearman's correlations among the Likert items from those of the train rows.
*Missing*: the same for the shares of rows in which two columns are missing together, in
percentage points. *Exclusive*: rows in 100,000 that choose "none of these" and something else
(three questions of the tracker). Levels that cleaning has pooled because they are rare are pooled
in the real rows too. *Unseen* rows show the error of sampling alone, which no model can be
expected to fall below."""


@dataclasses.dataclass(frozen=True)
class SurveyFigures:
    """The figures of one kind of rows, as fractions."""

    shape: float
    trend: float
    versus_unseen: float
    nearer: float
    copies: float
    correlations: float
    missing: float
    exclusive: float


def run(options: Options) -> None:
    """Judge the engine on the surveys and write the page."""
    lines: list[list[str]] = []
    alphas: list[list[str]] = []
    for name in filter(options.includes, studies.STUDIES):
        try:
            table = studies.halves(name, options.data)
        except OSError as error:
            print(f"{name} left out: {error}")
            continue
        started = time.perf_counter()
        figures_by_kind, seconds, kinds = measure(name, table)
        lines += [_line(name, kind, figures) for kind, figures in figures_by_kind.items()]
        lines[-len(figures_by_kind)][-1] = f"{seconds:.1f}"
        alphas += _alphas(studies.STUDIES[name].scales, kinds)
        print(f"{name}: {time.perf_counter() - started:.0f} s", flush=True)
    head = ["survey", "rows", "Shape", "Trend", "XGB-C2ST unseen", "nearer", "copies %"]
    head += ["correlations", "missing", "exclusive", "fit s"]
    parts = [page.table(head, lines), NOTES]
    if alphas:
        text = "Cronbach's alpha of the five scales of the Big Five inventory."
        parts += [
            "## Reliability",
            text,
            page.table(["scale", "train", "synthetic", "unseen"], alphas),
        ]
    page.write("surveys", "Real surveys", parts, save=options.is_complete)


def measure(
    name: str, table: Table
) -> tuple[dict[str, SurveyFigures], float, dict[str, pd.DataFrame]]:
    """Fit a survey and judge rows of all kinds; return the figures, seconds, and frames by kind."""
    rng = np.random.default_rng(0)
    started = time.perf_counter()
    model = simulacra.fit(table.train)
    seconds = time.perf_counter() - started
    coded = tables.coded(table, model, table.train.num_rows)
    modelled, train, unseen = coded.schema, coded.train, coded.unseen
    kinds = {
        "synthetic": coded.synthetic,
        "independent columns": judging.independent(train, rng),
        "bootstrap of train": train[rng.integers(len(train), size=len(train))],
        "unseen": unseen,
    }
    frames = {kind: as_frame(modelled, rows) for kind, rows in {"train": train, **kinds}.items()}
    figures = {
        kind: judge(name, modelled, train, unseen, train if kind == "unseen" else rows, rows)
        for kind, rows in kinds.items()
    }
    return figures, seconds, frames


def judge(
    name: str, schema: Schema, train: Floats, unseen: Floats, opponent: Floats, rows: Floats
) -> SurveyFigures:
    """Return the figures of rows; `opponent` is what the classifier sets against unseen rows."""
    real, synthetic = as_frame(schema, train), as_frame(schema, rows)
    items = [item for item in studies.STUDIES[name].likert if item in schema.names]
    return SurveyFigures(
        judging.shape(schema, train, rows),
        judging.trend(schema, train, rows),
        classifier.two_sample(schema, unseen, opponent),
        judging.nearer_to_train(schema, train, unseen, rows) if rows is not unseen else np.nan,
        judging.copies(train, rows),
        batteries.correlation_gap(real, synthetic, items) if items else np.nan,
        batteries.missing_gap(as_missing(schema, train), as_missing(schema, rows)),
        exclusive(name, synthetic),
    )


def as_missing(schema: Schema, rows: Floats) -> Floats:
    """Return rows in which a missing category is missing, not a level."""
    out = rows.copy()
    for position, column in enumerate(schema.columns):
        if column.type.is_categorical:
            out[rows[:, position] == column.levels.index(tables.MISSING), position] = np.nan
    return out


def as_frame(schema: Schema, rows: Floats) -> pd.DataFrame:
    """Return numbers as they are and categories as texts."""
    return pd.DataFrame(
        {
            column.name: pd.Series(np.array(column.levels, dtype=object)[values.astype(int)])
            if column.type.is_categorical and not np.isnan(values).any()
            else values
            for column, values in zip(schema.columns, rows.T, strict=True)
        }
    )


def exclusive(name: str, rows: pd.DataFrame) -> float:
    """Return the share of rows of the tracker that choose 'none' and something else."""
    if name != "burger":
        return np.nan
    broken = np.zeros(len(rows), dtype=bool)
    for question in ("Q1", "Q2", "Q4"):
        option = f"{question}_15"
        others = [f"{question}_{brand}" for brand in range(1, 15)]
        others = [other for other in others if other in rows]
        if option in rows and others:
            broken |= rules.exclusive_option(option, others).broken_rows(rows)
    return float(broken.mean())


def _line(name: str, kind: str, synthetic: SurveyFigures) -> list[str]:
    return [
        name,
        kind,
        f"{100 * (1 - synthetic.shape):.2f}",
        f"{100 * (1 - synthetic.trend):.2f}",
        f"{synthetic.versus_unseen:.3f}",
        _or_blank(synthetic.nearer, 3),
        f"{100 * synthetic.copies:.2f}",
        _or_blank(synthetic.correlations, 3),
        f"{100 * synthetic.missing:.2f}",
        _or_blank(1e5 * synthetic.exclusive, 0),
        "",
    ]


def _or_blank(figure: float, digits: int) -> str:
    return "" if np.isnan(figure) else f"{figure:,.{digits}f}"


def _alphas(
    scales: Mapping[str, Sequence[str]], kinds: Mapping[str, pd.DataFrame]
) -> Iterable[list[str]]:
    for scale, items in scales.items():
        shown = (kinds[kind] for kind in ("train", "synthetic", "unseen"))
        yield [scale, *(f"{batteries.alpha(frame, items):.2f}" for frame in shown)]
