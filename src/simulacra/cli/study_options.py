"""The study that a command reads, and the options that say how."""

import argparse
import csv
import io
import shlex
from typing import TYPE_CHECKING, Any

from simulacra.cli import failures, option_types
from simulacra.engine import privacy_levels
from simulacra.engine.columns.texts.conventions import DATE_ORDERS, DECIMAL_MARKS
from simulacra.engine.limits import MAX_HEADER_ROWS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulacra.engine.options import MissingValues, StudyArguments, TypeOverride


def add(parser: argparse.ArgumentParser) -> None:
    """Add the path of a study, and the overrides."""
    parser.add_argument(
        "study",
        metavar="STUDY",
        type=option_types.existing_file,
        help="CSV, .xlsx, .xls, .sav, .zsav, .por, .dta, .sas7bdat, .xpt or Parquet file, or "
        "triple-S: the definition with its data beside it, or a zip archive of both",
    )
    reading = parser.add_argument_group("how the study is read")
    option_types.several(
        reading,
        "--types",
        metavar="COLUMN=TYPE",
        type=_type,
        help="a type, or the levels in their order: zip=nominal agreement=never,sometimes,always",
    )
    for option, purpose in (
        ("--keep", "keep where a rule would drop them"),
        ("--drop", "leave out"),
    ):
        option_types.several(
            reading,
            option,
            metavar="COLUMN",
            help=f"columns to {purpose}",
        )
    option_types.several(
        reading,
        "--missing",
        metavar="VALUE",
        help="values that stand for no answer, in every column: --missing -99 refused; or of one "
        "column, all that do: --missing hours=98,99 region=",
    )
    option_types.several(
        reading,
        "--sets",
        metavar="SET=COLUMN,COLUMN",
        type=_set,
        help="multiple-response sets and the columns that are their options",
    )
    option_types.several(
        reading,
        "--separators",
        metavar="COLUMN=TEXT",
        type=_separator,
        help="what stands between the answers in a cell: channels=; (channels= for one answer)",
    )
    option_types.several(
        reading,
        "--dates",
        metavar="COLUMN=ORDER",
        type=_date_order,
        help=f"order of day, month and year: {', '.join(DATE_ORDERS)}",
    )
    reading.add_argument("--decimal", choices=DECIMAL_MARKS, help="the mark before decimals")
    reading.add_argument(
        "--delimiter",
        type=_delimiter,
        help="the character between two fields of a CSV file, \\t for a tab; a second one is the "
        "quotation mark",
    )
    reading.add_argument(
        "--header-rows",
        metavar="N",
        type=option_types.WholeNumber(0, MAX_HEADER_ROWS),
        help="how many rows of a CSV file or a sheet hold the names of the columns",
    )
    reading.add_argument("--sheet", help="sheet of a workbook (default: the first with a table)")
    reading.add_argument(
        "--privacy",
        choices=privacy_levels.ALL,
        default=privacy_levels.STANDARD,
        help="strict: rows tell less about who took part; small groups lose part of their profile",
    )
    reading.add_argument(
        "--weight",
        metavar="COLUMN",
        help="column that says how many people each respondent stands for",
    )


def overrides(arguments: argparse.Namespace) -> "StudyArguments":
    """Return the overrides, as arguments of `simulacra.fit`.

    Raises:
        failures.CommandError: the type of a column is given twice.
    """
    return {
        "types": option_types.unique("--types", arguments.types),
        "keep": arguments.keep,
        "drop": arguments.drop,
        "missing": _missing(arguments.missing),
        "sets": option_types.unique("--sets", arguments.sets),
        "separators": option_types.unique("--separators", arguments.separators),
        "dates": option_types.unique("--dates", arguments.dates),
        "decimal": arguments.decimal,
        "delimiter": arguments.delimiter,
        "header_rows": arguments.header_rows,
        "sheet": arguments.sheet,
        "privacy": arguments.privacy,
        "weight": arguments.weight,
    }


def written(overrides: "Mapping[str, Any]") -> str:
    """Return overrides as options for a shell."""
    parts: list[str] = []
    for name, value in overrides.items():
        parts.append(f"--{name.replace('_', '-')}")
        if isinstance(value, dict):
            parts += [f"{column}={_joined(each)}" for column, each in value.items()]
        else:
            parts += value if isinstance(value, list) else [str(value)]
    return shlex.join(_visible(part) for part in parts)


def _joined(value: str | list[str]) -> str:
    """Return what `_listed` parts again; a text that is no list stays as it is."""
    if isinstance(value, str):
        return value
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(value)
    return line.getvalue()


def _visible(text: str) -> str:
    return text.replace("\t", "\\t").replace("\n", "\\n")


def _missing(given: list[str]) -> "MissingValues | None":
    """Return the values that stand for no answer, of every column or by column."""
    pairs = [text.partition("=") for text in given]
    by_column = [(column, _listed(values)) for column, equals, values in pairs if equals]
    if len(by_column) not in (0, len(given)):
        raise failures.CommandError(
            "--missing names values of some columns and values of all columns; give one of both."
        )
    return option_types.unique("--missing", by_column) or given or None


def _set(text: str) -> tuple[str, list[str]]:
    name, columns = option_types.name_and_value(text, "SET=COLUMN,COLUMN")
    return name, _listed(columns)


def _separator(text: str) -> tuple[str, str]:
    column, equals, separator = text.partition("=")
    if not (column and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form COLUMN=TEXT")
    return column, separator.replace("\\n", "\n")


def _date_order(text: str) -> tuple[str, str]:
    return option_types.name_and_value(text, "COLUMN=ORDER, such as visit=mdy")


def _delimiter(text: str) -> str:
    return text.replace("\\t", "\t")


def _listed(text: str) -> list[str]:
    """Return what commas part; what holds a comma itself stands in quotes."""
    return next(csv.reader([text], skipinitialspace=True), [])


def _type(text: str) -> "tuple[str, TypeOverride]":
    column, value = option_types.name_and_value(text, "COLUMN=TYPE or COLUMN=LEVEL,LEVEL,...")
    levels = _listed(value)
    return column, levels if len(levels) > 1 else value
