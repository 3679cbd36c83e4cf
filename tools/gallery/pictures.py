"""Pictures of a study beside synthetic rows, for the documents.

The study is an outline, the rows are filled: both are told apart without colour and in print.
"""

import io
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pyarrow as pa
from matplotlib import patches
from matplotlib import pyplot as plt

import simulacra
from tools.gallery.studies import Panel

ROWS, STUDY, QUIET, ASKED = "#2f6ea8", "#3b4552", "#5b6675", "#8a4b00"
WIDTH, PANEL_HEIGHT, DOTS = 7.4, 1.75, 110
"""Inches, and dots for each: of a picture that is as wide as a page of text."""
MOST_LEVELS, BINS = 8, 14
STYLE: Any = {
    "font.size": 9,
    "font.family": "DejaVu Sans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#b4bcc6",
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "xtick.color": QUIET,
    "ytick.color": "#1b222c",
    "xtick.labelsize": 8,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.h_pad": 0.06,
    "savefig.facecolor": "white",
}


def before_and_after(
    model: simulacra.Model,
    made: simulacra.Generation,
    panels: Sequence[Panel],
    weights: np.ndarray | None = None,
) -> bytes:
    """Return a picture, PNG, with a panel for each column and the support below.

    Args:
        model: of the study.
        made: its rows.
        panels: from left to right and from top to bottom.
        weights: of the respondents, in their order.
    """
    mpl.use("Agg")
    rows = -(-len(panels) // 2)
    with mpl.rc_context(STYLE):
        figure, axes = plt.subplots(
            rows, 2, figsize=(WIDTH, 0.62 + PANEL_HEIGHT * rows), squeeze=False
        )
        for axis, panel in zip(axes.flat, panels, strict=False):
            _draw(axis, model, made.table[panel.column], panel, weights)
        for axis in axes.flat[len(panels) :]:
            axis.set_axis_off()
        support = made.report.support
        study = f"the study, {model.study.num_rows:,} respondents"
        worth = round(support.effective_sample_size)
        synthetic = f"{made.table.num_rows:,} synthetic rows, worth {worth:,} respondents"
        handles = [
            patches.Rectangle((0, 0), 1, 1, fill=False, edgecolor=STUDY, linewidth=1.1),
            patches.Rectangle((0, 0), 1, 1, color=ROWS),
        ]
        figure.legend(handles, [study, synthetic], loc="outside lower left", ncols=2, fontsize=9)
        file = io.BytesIO()
        # Without the name and version of the program, which would change the file for nothing.
        figure.savefig(file, dpi=DOTS, metadata={"Software": None})
        plt.close(figure)
    return file.getvalue()


def _draw(
    axis: Any,  # noqa: ANN401 - matplotlib has no types
    model: simulacra.Model,
    made: pa.ChunkedArray,
    panel: Panel,
    weights: np.ndarray | None,
) -> None:
    study, column = model.study[panel.column], model.schema[panel.column]
    mark = "asked for" if panel.is_asked else "follows"
    axis.set_title(panel.title, pad=6)
    axis.set_title(mark, loc="right", color=ASKED if panel.is_asked else QUIET, size=8.5, pad=6)
    known = set(study.unique().to_pylist()) - {None}
    if column.type.is_categorical or len(known) <= MOST_LEVELS:
        levels = [it for it in panel.levels or column.levels or () if it in known]
        _bars(axis, study, made, levels or sorted(known), weights)
    else:
        _bins(axis, study, made, weights)


def _bars(
    axis: Any,  # noqa: ANN401 - matplotlib has no types
    study: pa.ChunkedArray,
    made: pa.ChunkedArray,
    levels: Sequence[Any],
    weights: np.ndarray | None,
) -> None:
    """Draw the share of each level, those of the study above those of the rows."""
    before, after = _shares(study, levels, weights), _shares(made, levels, None)
    places = np.arange(len(levels))
    axis.barh(places - 0.2, before, 0.36, fill=False, edgecolor=STUDY, linewidth=1.1)
    axis.barh(places + 0.2, after, 0.38, color=ROWS)
    for place, old, new in zip(places, before, after, strict=True):
        axis.text(old + 0.012, place - 0.2, f"{old:.0%}", va="center", size=7.5, color=STUDY)
        weight = {"weight": "bold", "color": ROWS, "size": 7.5, "va": "center"}
        axis.text(new + 0.012, place + 0.2, f"{new:.0%}", **weight)
    axis.set_yticks(places, [str(it) for it in levels])
    axis.set_ylim(len(levels) - 0.45, -0.55)
    axis.set_xlim(0, 1.14 * max(before.max(), after.max()))
    axis.set_xticks([])
    axis.tick_params(length=0)
    axis.spines["bottom"].set_visible(False)


def _bins(
    axis: Any,  # noqa: ANN401 - matplotlib has no types
    study: pa.ChunkedArray,
    made: pa.ChunkedArray,
    weights: np.ndarray | None,
) -> None:
    """Draw the shares of parts of a range, and both means."""
    before, after = (it.to_numpy().astype(float) for it in (study, made))
    edges = _edges(before, after)
    kinds: tuple[tuple[np.ndarray, np.ndarray | None, dict[str, Any]], ...] = (
        (after, None, {"color": ROWS, "alpha": 0.9, "histtype": "stepfilled"}),
        (before, weights, {"color": STUDY, "linewidth": 1.2, "histtype": "step"}),
    )
    for values, of_each, look in kinds:
        counted = np.ones(len(values)) if of_each is None else of_each
        axis.hist(values, edges, weights=counted / counted.sum(), **look)
    means = f"mean {_short(np.average(before, weights=weights))} → {_short(after.mean())}"
    axis.text(0.99, 0.97, means, transform=axis.transAxes, ha="right", va="top", size=8.5)
    axis.set_ylim(0, 1.12 * axis.get_ylim()[1])
    axis.yaxis.set_major_formatter(mpl.ticker.PercentFormatter(1, decimals=0))
    axis.yaxis.set_major_locator(mpl.ticker.MaxNLocator(3))
    axis.tick_params(axis="y", labelsize=8, labelcolor=QUIET)


def _edges(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return bins of one width, up to where hardly any value lies; of whole numbers whole ones."""
    low = min(before.min(), after.min())
    high = max(float(np.quantile(it, 0.99)) for it in (before, after))
    if np.all(before == np.round(before)):
        width = int(np.ceil((high - low + 1) / BINS))
        bins = int(np.ceil((high - low + 1) / width))
        return np.array([low - 0.5 + width * it for it in range(bins + 1)])
    return np.linspace(low, high, BINS + 1)


def _shares(
    values: pa.ChunkedArray, levels: Sequence[Any], weights: np.ndarray | None
) -> np.ndarray:
    given = np.array(values.to_pylist(), dtype=object)
    counted = np.ones(len(given)) if weights is None else weights
    return np.array([counted[given == it].sum() / counted.sum() for it in levels])


def _short(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.1f}"
