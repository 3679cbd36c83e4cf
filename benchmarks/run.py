"""Run a benchmark: print its tables, and write them to docs/benchmarks/NAME.md.

python -m benchmarks.run NAME [--data DIRECTORY] [--quick] [--only CASE ...]
python -m benchmarks.run all     those that need no data, the others where the data is; neither
                                 peers nor growth
"""

import argparse
import importlib
import sys
from pathlib import Path
from typing import Any

from benchmarks.options import Options
from benchmarks.page import ROOT

WITH_DATA = ("fidelity", "surveys", "small", "privacy", "holdout", "cost", "delivery")
ASKED_ONLY = ("peers", "growth")  # what it takes is not everywhere
NEEDING_DATA = (*WITH_DATA, "peers")
WITHOUT_DATA = ("structure", "scenarios", "kinds", "margins", "letters", "plots", "start")


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", choices=[*WITHOUT_DATA, *WITH_DATA, *ASKED_ONLY, "all"])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions; docs stay as is")
    parser.add_argument("--only", nargs="+", default=[], metavar="CASE", help="some of its cases")
    arguments = parser.parse_args()
    options = Options(arguments.data, arguments.quick, tuple(arguments.only))
    for name in (*WITHOUT_DATA, *WITH_DATA) if arguments.name == "all" else (arguments.name,):
        if name in NEEDING_DATA and not options.data.is_dir():
            message = f"{name}: there is no data folder {options.data}; name it with --data."
            if arguments.name != "all":
                sys.exit(message)
            print(f"{message} Left out.")
            continue
        _benchmark(name).run(options)


def _benchmark(name: str) -> Any:  # noqa: ANN401 - a module
    try:
        return importlib.import_module(f"benchmarks.{name}")
    except ModuleNotFoundError as error:
        sys.exit(f"{name} needs {error.name}: `uv sync --all-extras --group bench` installs it.")


if __name__ == "__main__":
    main()
