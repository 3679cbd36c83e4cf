"""Real studies in which a rule holds without exception, as cases like those written in code."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks import rules, studies, tables
from benchmarks.questionnaires import QUESTIONNAIRES
from benchmarks.rules import Rule
from simulacra.engine import errors, limits
from simulacra.engine.reading import source

RESPONDENTS = 1_500


@dataclasses.dataclass(frozen=True)
class Case:
    """A study, the rules that hold in it, and a scenario for it."""

    name: str
    study: pa.Table
    rules: Sequence[Rule]
    categorical: Mapping[str, Mapping[str, float]] = dataclasses.field(default_factory=dict)
    numeric: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)


def coded_cases() -> Iterator[Case]:
    """Return the studies written in code."""
    for name, questionnaire in QUESTIONNAIRES.items():
        study = pa.table(questionnaire.draw(RESPONDENTS, np.random.default_rng(1)))
        yield Case(
            name,
            study,
            questionnaire.rules,
            questionnaire.categorical,
            questionnaire.numeric,
        )


def real_cases(data: Path) -> Iterator[Case]:
    """Return the real studies that are in the data folder and can be read."""
    for make in (_adult, _shoppers, _thanksgiving, _springer, _burger):
        try:
            yield make(data)
        except (OSError, errors.StudyError) as error:
            print(f"{make.__name__.lstrip('_')} left out: {error}")


def _adult(data: Path) -> Case:
    rows = tables.load("adult", data).train
    alone = ("Never-married", "Divorced", "Separated", "Widowed", "Married-spouse-absent")
    married = ("Married-civ-spouse", "Married-AF-spouse")
    held_rules: list[Rule] = [
        rules.lookup("education_num", "education", DEGREES),
        rules.lookup("education", "education_num", NAMES),
        rules.implies("relationship", ("Husband", "Wife"), "marital_status", married),
        rules.implies("relationship", ("Unmarried",), "marital_status", alone),
        rules.implies("workclass", ("Never-worked", None), "occupation", (None,)),
    ]
    shares = {"education": {"Doctorate": 0.3, "Masters": 0.4}, "relationship": {"Wife": 0.4}}
    return Case("adult", rows, held_rules, shares, {"age": {"min": 25, "max": 44}})


def _shoppers(data: Path) -> Case:
    rows = tables.load("shoppers", data).train
    kinds = ("Administrative", "Informational", "ProductRelated")
    held_rules = [rules.implies(kind, (0.0,), f"{kind}_Duration", (0.0,)) for kind in kinds]
    return Case("shoppers", rows, held_rules, {"Revenue": {"true": 0.6, "false": 0.4}})


def _thanksgiving(data: Path) -> Case:
    rows = source.read(data / "messy/thanksgiving2015.csv", limits.DEFAULT).table
    gate = rows.column_names[1]
    dishes = [rows.column_names[position] for position in (2, 4, 6, 8, 10)]
    held_rules = [rules.skip(name, gate, ("Yes",), always=False) for name in dishes]
    return Case("thanksgiving", rows, held_rules)


def _springer(data: Path) -> Case:
    file = data / "messy/springer_nature_data_sharing_survey.xlsx"
    rows = source.read(file, limits.DEFAULT).table
    gate, asked = (rows.column_names[position] for position in (6, 7))
    for name in (gate, asked):  # 0 and 1, which cleaning takes for numbers
        position = rows.column_names.index(name)
        rows = rows.set_column(position, name, rows[name].cast("float64"))
    return Case("springer", rows, [rules.skip(asked, gate, (1.0,), always=False)])


def _burger(data: Path) -> Case:
    rows = studies.load("burger", data)
    brands = range(1, 15)
    held_rules: list[Rule] = []
    for question in ("Q1", "Q2", "Q4"):
        options = tuple(f"{question}_{brand}" for brand in brands)
        held_rules.append(rules.exclusive_option(f"{question}_15", options))
    for low, high in (("Q2", "Q3"), ("Q3", "Q1"), ("Q2", "Q1"), ("Q4", "Q1")):
        held_rules += [
            rules.implies(f"{low}_{brand}", ("Selected",), f"{high}_{brand}", ("Selected",))
            for brand in brands
        ]
    held_rules += [
        rules.skip(f"Q5_{brand}", f"Q2_{brand}", ("Selected",), always=False) for brand in brands
    ]
    return Case("burger", rows, held_rules)


DEGREES = {
    "Preschool": 1.0,
    "1st-4th": 2.0,
    "5th-6th": 3.0,
    "7th-8th": 4.0,
    "9th": 5.0,
    "10th": 6.0,
    "11th": 7.0,
    "12th": 8.0,
    "HS-grad": 9.0,
    "Some-college": 10.0,
    "Assoc-voc": 11.0,
    "Assoc-acdm": 12.0,
    "Bachelors": 13.0,
    "Masters": 14.0,
    "Prof-school": 15.0,
    "Doctorate": 16.0,
}
NAMES = {number: name for name, number in DEGREES.items()}
