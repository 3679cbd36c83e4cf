"""`simulacra fit`: a study file becomes a model file, without a server."""

import argparse
import csv
from pathlib import Path
from typing import TYPE_CHECKING

from simulacra.cli import option_types, terminal
from simulacra.engine import privacy_levels

if TYPE_CHECKING:
    from simulacra.engine.options import TypeOverride
    from simulacra.engine.pipeline import Model

MAX_LINES = 20
"""The most columns, and the most cleaning actions, that are printed."""


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser("fit", help="learn a study and save the model; needs no server")
    parser.add_argument(
        "study",
        metavar="STUDY",
        type=option_types.existing_file,
        help="CSV, .xlsx, .sav, .zsav or Parquet file",
    )
    parser.add_argument(
        "--model",
        metavar="FILE",
        type=option_types.new_file,
        help="model file to write (default: the study's name with .model, in this directory)",
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
    parser.set_defaults(run=run)


def _type(text: str) -> "tuple[str, TypeOverride]":
    column, value = option_types.name_and_value(text, "COLUMN=TYPE or COLUMN=LEVEL,LEVEL,...")
    levels = next(csv.reader([value], skipinitialspace=True))  # a level may hold a comma, in quotes
    return column, levels if len(levels) > 1 else value


def run(arguments: argparse.Namespace) -> int:
    """Fit a model, save it, and print its schema and its quality."""
    from simulacra.engine import pipeline

    path = arguments.model or option_types.new_file(arguments.study.with_suffix(".model").name)
    types = option_types.unique("--types", arguments.types)
    with terminal.progress() as on_progress:
        model = pipeline.fit(
            arguments.study,
            types=types,
            keep=arguments.keep,
            drop=arguments.drop,
            sheet=arguments.sheet,
            privacy=arguments.privacy,
            weight=arguments.weight,
            progress=on_progress,
        )
        on_progress(pipeline.SAVING)
        model.save(path)
    _print_schema(model, arguments.study)
    print(f"Wrote {path}.")
    return 0


def _print_schema(model: "Model", study: Path) -> None:
    schema = model.schema
    terminal.say(f"{study.name}: {schema.row_count:,} rows, {len(schema.columns):,} columns")
    columns = [f"{column.name:<32} {column.type:<9} {column.values()}" for column in schema.columns]
    terminal.say_first(columns, MAX_LINES)
    if schema.cleaning:
        print("Cleaning:")
        terminal.say_first([str(action) for action in schema.cleaning], MAX_LINES)
    if model.quality is not None:
        print("Quality:")
        terminal.say_first(str(model.quality).splitlines(), MAX_LINES)
