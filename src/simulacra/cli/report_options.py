"""The file of a full report, for the commands that write one."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from simulacra.cli import option_types

if TYPE_CHECKING:
    from simulacra.engine.full_report.full_report import FullReport

FORMATS = (".html", ".json")


def file(text: str) -> Path:
    """Return the path of a report to write.

    Raises:
        argparse.ArgumentTypeError: it has another ending, or its folder does not exist.
    """
    path = option_types.new_file(text)
    if path.suffix.lower() not in FORMATS:
        raise argparse.ArgumentTypeError(f"{text!r} is no report; end it in .html or .json")
    return path


def add_name(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the report."""
    parser.add_argument(
        "--name", metavar="TEXT", help="title of the page, such as the study and the scenario"
    )


def write(path: Path, full: "FullReport", name: str, made_on: str | None = None) -> None:
    """Write a full report in the format that its path says."""
    if path.suffix.lower() == ".json":
        path.write_text(json.dumps(full.to_json(), indent=2, ensure_ascii=False), "utf-8")
    else:
        path.write_text(full.to_html(name, made_on), "utf-8")
