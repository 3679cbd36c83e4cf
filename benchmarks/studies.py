"""Real survey files as tables: what a person who knows the questionnaire would upload."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyreadstat
from pyarrow import csv

from benchmarks import tables
from benchmarks.options import Options

HALF = 0.5
BURGER = "sav/displayr_Burger_Brand_Tracking_Dec_2017.sav"


@dataclasses.dataclass(frozen=True)
class Study:
    """A survey.

    Attributes:
        path: below the data folder.
        read: makes a table of it.
        likert: columns that are one battery or several, for correlations.
        scales: batteries whose items are summed; a minus marks a reversed item.
    """

    path: str
    read: Callable[[Path], pa.Table]
    likert: tuple[str, ...] = ()
    scales: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)


def populations(options: Options, surveys: Sequence[str]) -> Iterator[tuple[str, pa.Table]]:
    """Yield name and all rows of the standard tables and of some surveys, as options choose."""
    for name in filter(options.includes, tables.SOURCES):
        table = tables.load(name, options.data)
        yield name, pa.concat_tables([table.train, table.unseen]).unify_dictionaries()
    for name in filter(options.includes, surveys):
        yield name, load(name, options.data)


def load(name: str, data: Path) -> pa.Table:
    """Return all rows of one of `STUDIES`.

    Raises:
        OSError: its file is not there.
    """
    study = STUDIES[name]
    return study.read(data / study.path)


def halves(name: str, data: Path) -> tables.Table:
    """Return a study, a fixed random half to learn from, the other unseen."""
    return tables.split(name, load(name, data), HALF)


def _csv(*codes: str) -> Callable[[Path], pa.Table]:
    """Return a reader of plain files; `codes` are categories, other whole numbers integers."""

    def read(path: Path) -> pa.Table:
        nulls = csv.ConvertOptions(null_values=["", "NA"], strings_can_be_null=True)
        rows = csv.read_csv(path, convert_options=nulls)
        for position, name in enumerate(rows.column_names):
            values = rows[name]
            if pa.types.is_floating(values.type) and pc.all(pc.equal(pc.floor(values), values)):
                rows = rows.set_column(position, name, values.cast(pa.int64()))
        texts = [field.name for field in rows.schema if not _is_number(field.type)]
        return tables.as_categories(rows, [*texts, *codes])

    return read


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _sav(path: Path) -> pa.Table:
    """Return an SPSS file, labels in place of codes; identifier, weight and texts left out."""
    frame, meta = pyreadstat.read_sav(str(path), apply_value_formats=True)
    texts = [name for name in frame if pd.api.types.is_string_dtype(frame[name].dtype)]
    texts = [name for name in texts if name not in meta.variable_value_labels and name != "date"]
    return pa.Table.from_pandas(frame.drop(columns=["ID", "wgt", *texts]), preserve_index=False)


BIG_FIVE = {
    "Agreeableness": ("-A1", "A2", "A3", "A4", "A5"),
    "Conscientiousness": ("C1", "C2", "C3", "-C4", "-C5"),
    "Extraversion": ("-E1", "-E2", "E3", "E4", "E5"),
    "Neuroticism": ("N1", "N2", "N3", "N4", "N5"),
    "Openness": ("O1", "-O2", "O3", "O4", "-O5"),
}
ITEMS = tuple(name.lstrip("-") for items in BIG_FIVE.values() for name in items)
BEPS_ITEMS = (
    "economic.cond.national",
    "economic.cond.household",
    "Blair",
    "Hague",
    "Kennedy",
    "Europe",
    "political.knowledge",
)

STUDIES = {
    "bfi": Study("survey/psych_bfi.csv", _csv("gender", "education"), ITEMS, BIG_FIVE),
    "beps": Study("survey/carData_BEPS.csv", _csv(), BEPS_ITEMS),
    "wvs": Study("survey/carData_WVS.csv", _csv()),
    "caravan": Study("survey/ISLR_Caravan.csv", _csv("MOSTYPE", "MOSHOOFD")),
    "burger": Study(BURGER, _sav),
}
