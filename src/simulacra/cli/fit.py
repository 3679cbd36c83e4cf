"""`simulacra fit`: a study file becomes a model file, without a server."""

import argparse
import csv
from pathlib import Path
from typing import TYPE_CHECKING

from simulacra.cli import arguments as of
from simulacra.cli import terminal

if TYPE_CHECKING:
    from simulacra.engine.options import TypeOverride
    from simulacra.engine.pipeline import Model

MOST_LINES = 20
"""Of columns, and of what cleaning did."""


def register(nouns: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = nouns.add_parser("fit", help="learn a study and save the model; needs no server")
    parser.add_argument(
        "study", metavar="STUDY", type=of.old_file, help="CSV, .xlsx, .sav, .zsav or Parquet file"
    )
    parser.add_argument(
        "--model",
        metavar="FILE",
        type=of.new_file,
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
    for option, what in (("--keep", "keep where a rule would drop them"), ("--drop", "leave out")):
        parser.add_argument(
            option,
            metavar="COLUMN",
            nargs="+",
            action="extend",
            default=[],
            help=f"columns to {what}",
        )
    parser.add_argument("--sheet", help="sheet of a workbook (default: the first with a table)")
    parser.set_defaults(run=run)


def _type(text: str) -> "tuple[str, TypeOverride]":
    column, said = of.named(text, "COLUMN=TYPE or COLUMN=LEVEL,LEVEL,...")
    levels = next(csv.reader([said], skipinitialspace=True))  # a level may hold a comma, in quotes
    return column, levels if len(levels) > 1 else said


def run(arguments: argparse.Namespace) -> int:
    """Fit, save, and say what came of it."""
    from simulacra.engine import pipeline

    written = arguments.model or of.new_file(arguments.study.with_suffix(".model").name)
    types = of.once("--types", arguments.types)
    with terminal.progress() as tell:
        model = pipeline.fit(
            arguments.study,
            types=types,
            keep=arguments.keep,
            drop=arguments.drop,
            sheet=arguments.sheet,
            progress=tell,
        )
        tell(pipeline.SAVING)
        model.save(written)
    _account(model, arguments.study)
    print(f"Wrote {written}.")
    return 0


def _account(model: "Model", study: Path) -> None:
    schema = model.schema
    terminal.say(f"{study.name}: {schema.row_count:,} rows, {len(schema.columns):,} columns")
    columns = [f"{column.name:<32} {column.type:<9} {column.values()}" for column in schema.columns]
    terminal.say_first(columns, MOST_LINES)
    if schema.cleaning:
        print("Cleaning:")
        terminal.say_first([str(action) for action in schema.cleaning], MOST_LINES)
