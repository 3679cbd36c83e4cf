"""The study that a command reads, and the options that say how."""

import argparse
import csv
from typing import TYPE_CHECKING

from simulacra.cli import option_types
from simulacra.engine import privacy_levels

if TYPE_CHECKING:
    from simulacra.engine.options import Options, TypeOverride


def add(parser: argparse.ArgumentParser) -> None:
    """Add the path of a study, and the overrides."""
    parser.add_argument(
        "study",
        metavar="STUDY",
        type=option_types.existing_file,
        help="CSV, .xlsx, .sav, .zsav or Parquet file",
    )
    parser.add_argument(
        "--types",
        metavar="COLUMN=TYPE",
        nargs="+",
        action="extend",
        default=[],
        type=_type,
        help="a type, or the levels in their order: zip=nominal agreement=never,sometimes,always",
    )
    for option, purpose in (
        ("--keep", "keep where a rule would drop them"),
        ("--drop", "leave out"),
    ):
        parser.add_argument(
            option,
            metavar="COLUMN",
            nargs="+",
            action="extend",
            default=[],
            help=f"columns to {purpose}",
        )
    parser.add_argument("--sheet", help="sheet of a workbook (default: the first with a table)")
    parser.add_argument(
        "--privacy",
        choices=privacy_levels.ALL,
        default=privacy_levels.STANDARD,
        help="strict: rows tell less about who took part; small groups lose part of their profile",
    )
    parser.add_argument(
        "--weight",
        metavar="COLUMN",
        help="column that says how many people each respondent stands for",
    )


def overrides(arguments: argparse.Namespace) -> "Options":
    """Return the overrides.

    Raises:
        failures.CommandError: the type of a column is given twice.
        errors.StudyError: they do not fit together.
    """
    from simulacra.engine import options

    return options.Options.of(
        option_types.unique("--types", arguments.types),
        arguments.keep,
        arguments.drop,
        arguments.sheet,
        arguments.privacy,
        arguments.weight,
    )


def _type(text: str) -> "tuple[str, TypeOverride]":
    column, value = option_types.name_and_value(text, "COLUMN=TYPE or COLUMN=LEVEL,LEVEL,...")
    levels = next(csv.reader([value], skipinitialspace=True))  # a level may hold a comma, in quotes
    return column, levels if len(levels) > 1 else value
