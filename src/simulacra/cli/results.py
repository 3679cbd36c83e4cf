"""Results that are figures: a table of them in a file, or everything as JSON."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulacra.cli import generate, option_types

if TYPE_CHECKING:
    import pyarrow as pa


def add(parser: argparse.ArgumentParser, more: str = "") -> None:
    """Add the option that names the file; `more` says what a command does besides."""
    parser.add_argument(
        "--output",
        metavar="FILE",
        type=_output,
        help="write all figures to a .parquet, .csv, .arrow, .xlsx, .sav, .zsav or .dta file, or "
        f"everything to a .json file{more}",
    )


def _output(text: str) -> Path:
    path = option_types.new_file(text)
    if path.suffix.lower() != ".json" and generate.format_of(path) is None:
        known = generate.endings("json")
        raise argparse.ArgumentTypeError(f"{text!r} names no format; end it in {known}")
    return path


def is_workbook(path: Path | None) -> bool:
    """Tell whether a file is to be an Excel workbook."""
    return path is not None and path.suffix.lower() == ".xlsx"


def write(path: Path | None, table: "pa.Table", document: dict[str, Any]) -> None:
    """Write figures if a file was named, and say so."""
    from simulacra.engine.writing import files

    if path is None:
        return
    if path.suffix.lower() == ".json":
        path.write_text(json.dumps(document, indent=2), "utf-8")
    else:
        files.write(table, path)
    print(f"Wrote {path}.")
