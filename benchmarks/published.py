"""The best published figure of each measure on each standard table, and where it is published."""

import dataclasses
from collections.abc import Mapping

from benchmarks import page


@dataclasses.dataclass(frozen=True)
class Published:
    """One figure.

    Attributes:
        figure: in the unit of our pages.
        generator: what it was measured on.
        source: a key of `SOURCES`.
    """

    figure: float
    generator: str
    source: int


SOURCES: Mapping[int, str] = {
    1: "Scassola et al. 2026, *A Sobering Look at Tabular Data Generation via Probabilistic "
    "Circuits*, arXiv 2603.23016, which introduces TabPC and measures the others again. Figures "
    "with four digits are in the tables of its repository, `april-tools/tabpc`, folder "
    "`article_material/article_tables`: `shape`, `trend`, `xgb_detection`, `alpha_precision`, "
    "`beta_recall`, `mle` and `nmi_l1_weighted`. Its fully factorised model (FF) does not count: "
    "it keeps no relation between columns, as our independent columns.",
    2: "Shi et al. 2025, *TabDiff: a Mixed-type Diffusion Model for Tabular Data Generation*, "
    "ICLR, arXiv 2410.20626, tables of the error rates of Shape and Trend.",
}

BEST: Mapping[str, Mapping[str, Published]] = {
    "Shape": {
        "adult": Published(0.58, "TabPC", 1),
        "default": Published(0.54, "TabPC", 1),
        "shoppers": Published(0.90, "TabPC", 1),
        "magic": Published(0.78, "TabDiff", 2),
        "beijing": Published(0.57, "TabPC", 1),
    },
    "Trend": {
        "adult": Published(1.44, "TabPC", 1),
        "default": Published(2.29, "shallow mixture", 1),
        "shoppers": Published(1.74, "TabDiff", 2),
        "magic": Published(0.76, "TabDiff", 2),
        "beijing": Published(2.19, "TabPC", 1),
    },
    "XGB-C2ST train": {
        "adult": Published(0.855, "TabPC", 1),
        "default": Published(0.591, "TabDiff", 1),
        "shoppers": Published(0.894, "TabPC", 1),
        "magic": Published(0.860, "TabPC", 1),
        "beijing": Published(0.772, "TabDiff", 1),
    },
    "alpha-precision": {
        "adult": Published(0.996, "TabPC", 1),
        "default": Published(0.995, "TabPC", 1),
        "shoppers": Published(0.992, "TabPC", 1),
        "magic": Published(0.995, "TabPC", 1),
        "beijing": Published(0.995, "TabPC", 1),
    },
    "beta-recall": {
        "adult": Published(0.526, "TabDiff", 1),
        "default": Published(0.515, "TabDiff", 1),
        "shoppers": Published(0.511, "TabDiff", 1),
        "magic": Published(0.510, "CoDi", 1),
        "beijing": Published(0.642, "shallow mixture", 1),
    },
    "prediction": {
        "adult": Published(0.916, "TabPC", 1),
        "default": Published(0.763, "TabDiff", 1),
        "shoppers": Published(0.917, "TabDiff", 1),
        "magic": Published(0.937, "TabSyn", 1),
        "beijing": Published(0.558, "shallow mixture", 1),
    },
    "information": {
        "adult": Published(0.0067, "TabPC", 1),
        "default": Published(0.0106, "TabPC", 1),
        "shoppers": Published(0.0073, "TabPC", 1),
        "magic": Published(0.0029, "TabSyn", 1),
        "beijing": Published(0.0073, "TabDiff", 1),
    },
}
"""Shape and Trend are errors in percent; source 1 prints them as likenesses, 1 less the error."""


def figure(measure: str, table: str) -> float:
    """Return the best published figure of a measure on a table."""
    return BEST[measure][table].figure


def table() -> str:
    """Return the figures as a table, with the numbers of their sources."""
    tables = next(iter(BEST.values()))
    lines = [
        [measure, *(f"{best.figure:g} {best.generator} [{best.source}]" for best in row.values())]
        for measure, row in BEST.items()
    ]
    return page.table(["measure", *tables], lines)


def sources() -> str:
    """Return the sources as a list."""
    return "\n".join(f"- [{number}] {source}" for number, source in SOURCES.items())
