"""Significance letters of tables, where nothing differs and where something does.

Studies are drawn again and again from one population, and rows are made from each of them.
"""

import dataclasses

import numpy as np

import simulacra
from benchmarks import page
from benchmarks.options import Options
from simulacra.engine.tabulating import tabulation
from simulacra.engine.tabulating.crosstab import Crosstab
from simulacra.engine.tabulating.sample import Sample
from tests.studies import independent
from tests.studies.independent import BANNER, RESPONDENTS, SCENARIO, SHOWN

STUDIES, QUICK_STUDIES = 100, 5
ROWS = (RESPONDENTS, 20_000)
EFFECT = 0.1
CASES = {"without conditions": None, "under a scenario": SCENARIO}

NOTES = f"""\
Pairs of columns with a letter at 95 %, over studies of {RESPONDENTS} respondents.
*Nothing differs*: the columns of the table tell nothing of its rows, so each letter is false,
and a right test gives about 5 % or fewer. *Differs*: from each of four areas to the next,
{EFFECT:.0%} more people buy and spending rises by 0.3 standard deviations within a segment;
pairs of areas alone. *By row count*: the same test, which takes the number of rows for the number
of respondents. The scenario has 45 % of a segment of 20 %. Columns with an effective base under 30
are not compared."""


def run(options: Options) -> None:
    """Count letters and write the page."""
    counts: dict[tuple[str, int], list[tuple[float, ...]]] = {}
    for index in range(QUICK_STUDIES if options.quick else STUDIES):
        nothing = simulacra.fit(independent.study(np.random.default_rng([1, index])))
        differs = simulacra.fit(independent.study(np.random.default_rng([2, index]), EFFECT))
        models = (nothing, differs)
        counts.setdefault(("study", RESPONDENTS), []).append(_rates([it.sample for it in models]))
        for case, scenario in CASES.items():
            for rows in ROWS:
                made = [it.generate(rows, seed=index, categorical=scenario).sample for it in models]
                counts.setdefault((f"rows {case}", rows), []).append(_rates(made))
    head = ["table of", "rows", "nothing differs", "by row count", "differs", "by row count"]
    lines = [
        [what, f"{rows:,}", *(f"{part:.1%}" for part in np.mean(rates, axis=0))]
        for (what, rows), rates in counts.items()
    ]
    parts = [page.table(head, lines), NOTES]
    page.write("letters", "Letters: significance in tables", parts, save=options.is_complete)


def _rates(samples: list[Sample]) -> tuple[float, ...]:
    """Return the part of pairs with a letter of each sample, by effective base and by row count."""
    tables = zip(samples, ((SHOWN, BANNER), (["buys", "spend"], "area")), strict=True)
    return tuple(
        _rate(tabulation.tabulate(counted, shown, banner))
        for sample, (shown, banner) in tables
        for counted in (sample, dataclasses.replace(sample, behind=None))
    )


def _rate(table: Crosstab) -> float:
    letters = sum(len(found) for found in table.table["letters"].to_pylist())
    return letters / table.compared
