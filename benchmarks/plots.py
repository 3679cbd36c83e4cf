"""Figures for the documentation: synthetic rows beside the study, and under two scenarios."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pyarrow as pa
from matplotlib import pyplot as plt

import simulacra
from benchmarks import rules, tables, truth
from benchmarks.options import Options
from benchmarks.page import ROOT
from simulacra.engine.columns.arrays import Floats

IMAGES = ROOT / "docs" / "images"
STUDY, SYNTHETIC, TRUE = "#9aa5b1", "#1f6fb2", "#c8511b"
OTHERS, DARK = "#d5dae0", "#4d5864"
STYLE: Any = {
    "font.size": 9,
    "font.family": "DejaVu Sans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
}
SHARES = {"owner": {"Yes": 0.8}, "area": {"City": 0.7, "Suburb": 0.2, "Country": 0.1}}
RANGES = {"age": {"min": 30, "max": 55}}
AUDIENCE = {"brand": {"Elva": 1.0}}
QUESTIONS: Mapping[str, tuple[str, Sequence[str] | Sequence[float]]] = {
    "channel": ("Channel", ("Online", "Shop", "Kiosk")),
    "spend": ("Spends a month", (0, 20, 35, 50, 70, 100)),
    "fair_trade": ("Fair trade matters", (1, 2, 3, 4, 5)),
    "recommend": ("Recommends it", (0, 5, 6, 7, 8, 9)),
    "shop_rating": ("Rates the shop", (0, 2, 4, 6, 8)),
}
"""By column: its title, and its levels or the lower ends of its parts."""
WIDTH = 6.2
"""Of a picture, in inches: on a phone the texts of a wider one are too small to read."""


def run(options: Options) -> None:
    """Draw the pictures; the first needs the data."""
    mpl.use("Agg")
    IMAGES.mkdir(exist_ok=True)
    with mpl.rc_context(STYLE):
        if options.data.is_dir():
            _save(fidelity(options.data), "fidelity.png", options)
        else:
            print(f"fidelity.png needs the data folder {options.data}. Left out.")
        _save(scenario(), "scenario.png", options)
        _save(low_incidence(), "low-incidence.png", options)


def fidelity(data: Path) -> Any:  # noqa: ANN401 - matplotlib has no types
    """Return Adult: single columns on the left, what depends on what on the right."""
    table = tables.load("adult", data)
    model = simulacra.fit(table.train)
    study = rules.frame(table.train)
    synthetic = rules.frame(model.generate(table.train.num_rows, seed=1).table, model.schema)
    sides = {"study, 32,561 rows": (study, STUDY), "synthetic": (synthetic, SYNTHETIC)}
    figure, axes = plt.subplots(3, 2, figsize=(WIDTH, 7.4))
    for position, (name, bins, title) in enumerate(
        (
            ("age", np.arange(16.5, 93, 3), "age"),
            ("hours_per_week", np.arange(-0.5, 100, 5), "hours a week"),
        )
    ):
        _histograms(axes[position, 0], name, bins, title, sides)
    _bars(axes[2, 0], "marital_status", "marital status", sides)
    _rich_by_age(axes[0, 1], sides)
    for axis, (name, (frame, _)) in zip(axes[1:, 1], sides.items(), strict=True):
        _map(axis, frame, name)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def scenario() -> Any:  # noqa: ANN401 - matplotlib has no types
    """Return a study in code under a scenario: conditions left, what follows right."""
    draw = truth.POPULATIONS["spenders"]
    study = pa.table(draw(1_000, np.random.default_rng(3)))
    out = simulacra.fit(study).generate(5_000, seed=1, categorical=SHARES, numeric=RANGES)
    known = truth.find(draw, SHARES, RANGES).sample(50_000, np.random.default_rng(0))
    sides = {
        "study, 1,000 rows": (rules.frame(study), STUDY),
        "synthetic, under the scenario": (rules.frame(out.table), SYNTHETIC),
        "truth, under the scenario": (rules.frame(known), TRUE),
    }
    figure, axes = plt.subplots(3, 2, figsize=(WIDTH, 7.4))
    _bars(axes[0, 0], "owner", "target: 80% own their home", sides)
    _bars(axes[1, 0], "area", "target: 70% city, 20% suburb", sides)
    _histograms(axes[2, 0], "age", np.arange(19.5, 86, 2), "target: ages 30 to 55", sides)
    _bars(axes[0, 1], "school", "follows: schooling", sides)
    _histograms(axes[1, 1], "fun", np.arange(0, 260, 13), "follows: money for fun", sides)
    _histograms(axes[2, 1], "income", np.arange(400, 6_400, 300), "follows: income", sides)
    figure.legend(*axes[1, 1].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def low_incidence() -> Any:  # noqa: ANN401 - matplotlib has no types
    """Return the buyers of a small brand, real, synthetic and true, beside all others."""
    draw = truth.POPULATIONS["drinkers"]
    study = pa.table(draw(1_000, np.random.default_rng((1_000, 0))))  # a study of `scenarios`
    out = simulacra.fit(study).generate(5_000, seed=1, categorical=AUDIENCE)
    known = rules.frame(truth.find(draw, AUDIENCE, {}).people)
    respondents = rules.frame(study)
    is_buyer = respondents["brand"] == "Elva"
    sides = {
        f"study: the other\n{(~is_buyer).sum()} respondents": (respondents[~is_buyer], OTHERS),
        f"study:\nthe {is_buyer.sum()} buyers": (respondents[is_buyer], STUDY),
        "synthetic:\n5,000 buyers": (rules.frame(out.table), SYNTHETIC),
        "truth:\nall buyers": (known, TRUE),
    }
    figure, axes = plt.subplots(
        len(QUESTIONS), len(sides), figsize=(WIDTH, 8.6), sharex="row", sharey="row"
    )
    for row, (name, (title, parts)) in enumerate(QUESTIONS.items()):
        true = _shares(known[name], parts)
        for axis, (frame, color) in zip(axes[row], sides.values(), strict=True):
            _bars_and_truth(axis, _shares(frame[name], parts), true, color)
        axes[row, 0].set_title(title)
        axes[row, 0].set_ylim(0, 1.2 * max(axis.dataLim.y1 for axis in axes[row]))
        for axis in axes[row]:
            _label_parts(axis, parts, len(true))
    for axis, (label, (_, color)) in zip(axes[0], sides.items(), strict=True):
        axis.annotate(
            label,
            (0, 1.32),
            xycoords="axes fraction",
            color=_ink(color),
            weight="bold",
            annotation_clip=False,
        )
    axes[0, 1].annotate(
        "truth",
        (1.3, _shares(known["channel"], QUESTIONS["channel"][1])[1]),
        (1.2, 45),
        color=TRUE,
        arrowprops={"arrowstyle": "-", "color": TRUE},
    )
    return figure


def _ink(color: str) -> str:
    """Return the color of text about bars of a color."""
    return DARK if color in {OTHERS, STUDY} else color


def _bars_and_truth(axis: Any, shares: Floats, true: Floats, color: str) -> None:  # noqa: ANN401
    """Draw shares as bars with their numbers, and lines where the truth is, if it is compared."""
    shares = np.pad(shares, (0, len(true) - len(shares)))
    places, tops = np.arange(len(true)), shares
    axis.bar(places, shares, 0.84, color=color)
    if color in {STUDY, SYNTHETIC}:
        tops = np.maximum(shares, true)
        axis.hlines(true, places - 0.42, places + 0.42, color=TRUE, linewidth=2)
        wrong = f"{np.abs(shares - true).sum() / 2:.0f}% misplaced"
        axis.set_title(wrong, fontsize=8.5, weight="normal", color=DARK)
    for place, top, share in zip(places, tops, shares, strict=True):
        axis.annotate(
            f"{share:.0f}",
            (place, top),
            (0, 2.5),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color=_ink(color),
        )
    axis.set_yticks([])
    axis.spines["left"].set_visible(False)


def _shares(values: pd.Series, parts: Sequence[str] | Sequence[float]) -> Floats:
    """Return the percentages of the parts, and last of those who did not answer, if anybody."""
    if isinstance(parts[0], str):
        positions = pd.Categorical(values, parts).codes
    else:
        positions = np.searchsorted(parts, values, side="right") - 1
    counts = np.bincount(np.where(values.isna(), len(parts), positions), minlength=len(parts))
    return np.asarray(100 * counts / counts.sum())


def _label_parts(axis: Any, parts: Sequence[str] | Sequence[float], count: int) -> None:  # noqa: ANN401
    """Name levels below their bars, and the ends of parts between them."""
    is_named = isinstance(parts[0], str) or len(parts) == parts[-1]
    places = np.arange(len(parts)) - (0 if is_named else 0.5)
    extra = [len(parts)] if count > len(parts) else []
    axis.set_xticks([*places, *extra], [*map(str, parts), *(["not\nasked"] if extra else [])])
    axis.tick_params(length=0 if is_named else 3, labelsize=8)


Sides = Mapping[str, tuple[pd.DataFrame, str]]


def _histograms(axis: Any, name: str, bins: Any, title: str, sides: Sides) -> None:  # noqa: ANN401
    for position, (label, (frame, color)) in enumerate(sides.items()):
        values = frame[name].dropna()
        weights = np.full(len(values), 100 / len(values))
        kind = {"alpha": 0.55} if position == 0 else {"histtype": "step", "linewidth": 1.6}
        axis.hist(values, bins, weights=weights, color=color, label=label, **kind)
    axis.set_title(title)
    axis.yaxis.set_major_formatter("{x:g}%")


def _bars(axis: Any, name: str, title: str, sides: Sides) -> None:  # noqa: ANN401
    order = next(iter(sides.values()))[0][name].value_counts().index
    height = 0.8 / len(sides)
    for position, (label, (frame, color)) in enumerate(sides.items()):
        shares = 100 * frame[name].value_counts(normalize=True).reindex(order, fill_value=0)
        axis.barh(
            np.arange(len(order)) + position * height, shares, height, color=color, label=label
        )
    axis.set_yticks(np.arange(len(order)) + 0.4 - height / 2, [_short(text) for text in order])
    axis.invert_yaxis()
    axis.set_title(title)
    axis.xaxis.set_major_formatter("{x:.0f}%")


def _short(text: str) -> str:
    words = {"civ": "", "AF": ", armed forces", "absent": ", absent"}
    if not text.startswith("Married-"):
        return text
    return "Married" + words[text.removeprefix("Married-").replace("spouse", "").strip("-")]


def _rich_by_age(axis: Any, sides: Sides) -> None:  # noqa: ANN401
    bands = np.arange(17, 73, 5)
    for education, style in (("Bachelors", "-"), ("HS-grad", "--")):
        for label, (frame, color) in sides.items():
            some = frame[frame["education"] == education]
            rich = (some["income"] == ">50K").groupby(pd.cut(some["age"], bands), observed=False)
            name = f"{label.split(',')[0]}, {education}"
            axis.plot(bands[:-1] + 2.5, 100 * rich.mean(), style, color=color, label=name)
    axis.set_ylim(0, 120)  # room for the legend
    axis.set_yticks(range(0, 81, 20))
    axis.set_title("earn over 50K, by age")
    axis.set_xlabel("age")
    axis.yaxis.set_major_formatter("{x:.0f}%")
    axis.legend(fontsize=8, loc="upper left")


def _map(axis: Any, frame: pd.DataFrame, label: str) -> None:  # noqa: ANN401
    counts, *_ = np.histogram2d(
        frame["age"], frame["education_num"], [np.arange(17, 91, 3), np.arange(0.5, 17)]
    )
    axis.imshow(
        np.sqrt(counts.T / counts.sum()),
        origin="lower",
        aspect="auto",
        cmap="Blues",
        extent=(17, 90, 0.5, 16.5),
        vmax=0.13,
    )
    axis.set_title(f"schooling: {label.split(',', maxsplit=1)[0]}")
    axis.set_xlabel("age")


def _save(figure: Any, name: str, options: Options) -> None:  # noqa: ANN401
    path = Path("/dev/null") if options.quick else IMAGES / name
    figure.savefig(path, dpi=110, format="png", metadata={"Software": None})
    plt.close(figure)
    print(f"wrote {path}")
