"""Rules that no respondent breaks: how many of 100,000 synthetic rows break them."""

import dataclasses

import numpy as np
import pandas as pd

import simulacra
from benchmarks import page, rulebook, rules
from benchmarks.options import Options
from benchmarks.rulebook import Case
from benchmarks.rules import Rule
from simulacra.engine import errors

ROWS, QUICK_ROWS = 100_000, 10_000

NOTES = """\
Rows in 100,000 that break a rule which no respondent breaks; the goal is 0. *Scenario*: the same
under target shares and a range for columns of the rules. *Independent columns* show how often
chance would break it. Rules that a respondent breaks are not counted, nor rules about columns
that cleaning has dropped. The studies `skips` to `products` are defined in code
(`questionnaires.py`, 1,500 respondents), the others are real."""


@dataclasses.dataclass(frozen=True)
class Count:
    """Broken rows in 100,000: of one rule of one case. None: nothing was generated."""

    rule: str
    plain: float
    scenario: float | None
    shuffled: float


def run(options: Options) -> None:
    """Count broken rules and write the page."""
    cases = [*rulebook.coded_cases()]
    if options.data.is_dir():
        cases += rulebook.real_cases(options.data)
    counts_by_case = {
        case.name: measure(case, QUICK_ROWS if options.quick else ROWS)
        for case in cases
        if options.includes(case.name)
    }
    parts = [summary(counts_by_case), NOTES, "## Rule by rule", details(counts_by_case)]
    page.write(
        "structure", "Structure: skips, functions, sums, orders", parts, save=options.is_complete
    )


def measure(case: Case, rows: int) -> list[Count]:
    """Fit a case and count the rows that break each rule."""
    model = simulacra.fit(case.study)
    modelled = {column.source_name for column in model.schema.columns}
    study = rules.frame(case.study)
    exact = [rule for rule in case.rules if not rule.broken_rows(study).any()]
    exact = [rule for rule in exact if modelled.issuperset(rule.columns)]
    print(f"{case.name}: {len(exact)} of {len(case.rules)} rules hold in the study", flush=True)
    rng = np.random.default_rng(0)
    shuffled = study.apply(lambda column: rng.permutation(column.to_numpy()))
    plain = rules.frame(model.generate(rows, seed=1).table, model.schema)
    scenario = _scenario(model, case, rows)
    return [
        Count(
            rule.text,
            per_100k(rule, plain),
            None if scenario is None else per_100k(rule, scenario),
            per_100k(rule, shuffled),
        )
        for rule in exact
    ]


def per_100k(rule: Rule, rows: pd.DataFrame) -> float:
    """Return the rows in 100,000 that break a rule."""
    return 1e5 * float(rule.broken_rows(rows).mean())


def _scenario(model: simulacra.Model, case: Case, rows: int) -> pd.DataFrame | None:
    if not case.categorical and not case.numeric:
        return None
    try:
        out = model.generate(rows, seed=2, categorical=case.categorical, numeric=case.numeric)
    except errors.EngineError as error:
        print(f"{case.name}: the scenario was refused: {error}")
        return None
    return rules.frame(out.table, model.schema)


def summary(counts_by_case: dict[str, list[Count]]) -> str:
    """Return one line a case: the sum over its rules."""
    lines = []
    for name, counts in counts_by_case.items():
        scenario = [count.scenario for count in counts if count.scenario is not None]
        lines.append(
            [
                name,
                str(len(counts)),
                page.at_most(sum(count.plain for count in counts), 0, 0),
                page.at_most(sum(scenario), 0, 0) if scenario else "",
                f"{sum(count.shuffled for count in counts):,.0f}",
            ]
        )
    return page.table(["study", "rules", "synthetic", "scenario", "independent columns"], lines)


def details(counts_by_case: dict[str, list[Count]]) -> str:
    """Return one line a rule that was broken."""
    lines = [
        [name, count.rule, f"{count.plain:,.0f}", _number(count.scenario), f"{count.shuffled:,.0f}"]
        for name, counts in counts_by_case.items()
        for count in counts
        if count.plain or count.scenario
    ]
    if not lines:
        return "No rule was broken."
    return page.table(["study", "rule", "synthetic", "scenario", "independent columns"], lines)


def _number(count: float | None) -> str:
    return "" if count is None else f"{count:,.0f}"
