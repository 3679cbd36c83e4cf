"""`simulacra generate`: a model file becomes rows, without a server."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from simulacra.cli import failures, option_types, terminal
from simulacra.engine import limits

if TYPE_CHECKING:
    from simulacra.engine.pipeline import Generation

OPTIONS = {"categorical": "--share", "numeric": "--range"}
"""The option for each kind of condition."""


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser("generate", help="draw rows from a model file; needs no server")
    parser.add_argument(
        "model", metavar="MODEL", type=option_types.existing_file, help="what `simulacra fit` wrote"
    )
    parser.add_argument(
        "--rows",
        metavar="N",
        type=option_types.WholeNumber(1),
        required=True,
        help="number of rows",
    )
    parser.add_argument(
        "--share",
        metavar="COLUMN=LEVEL:SHARE",
        nargs="+",
        action="extend",
        default=[],
        type=_share,
        help="share of the rows with a level, 0 to 1: segment=Premium:0.55 channel=Online:0.7",
    )
    parser.add_argument(
        "--range",
        metavar="COLUMN=MIN:MAX",
        nargs="+",
        action="extend",
        default=[],
        type=option_types.span,
        help="both ends, numbers or ISO 8601 dates: age=25:44 joined=2024-01-01:2024-06-30",
    )
    parser.add_argument(
        "--seed",
        type=option_types.WholeNumber(0, limits.MAX_SEED),
        help="the same model, conditions, rows and seed give the same rows (default: a new one)",
    )
    parser.add_argument(
        "--margins",
        nargs="?",
        const="full",
        choices=["full", "quick"],
        help="margins of error from 20 refits to resampled respondents, or 8 (quick)",
    )
    parser.add_argument(
        "--output",
        metavar="FILE",
        type=_output,
        default=Path("synthetic.parquet"),
        help=".parquet, .csv or .arrow (default: synthetic.parquet)",
    )
    parser.add_argument(
        "--support-weight",
        action="store_true",
        help="add the column support_weight, which sums to the effective base of the rows",
    )
    parser.set_defaults(run=run)


def _share(text: str) -> tuple[tuple[str, str], float]:
    form = "COLUMN=LEVEL:SHARE, such as segment=Premium:0.55"
    column, value = option_types.name_and_value(text, form)
    level, colon, share = value.rpartition(":")
    if not colon:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form {form}")
    try:
        return (column, level), float(share)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"in {text!r} the share is {share!r}; write a fraction such as 0.55"
        ) from None


def _output(text: str) -> Path:
    from simulacra.engine.writing import files

    path = option_types.new_file(text)
    if path.suffix.lstrip(".").lower() not in files.WRITERS:
        raise argparse.ArgumentTypeError(
            f"{text!r} names no format; end it in .{', .'.join(files.WRITERS)}"
        )
    return path


def run(arguments: argparse.Namespace) -> int:
    """Generate rows, write them, and print their report."""
    from simulacra.engine import errors

    try:
        generation = _generate(arguments)
    except errors.ConditionError as error:
        faults = [f"{_option(fault.pointer)}: {fault.detail}" for fault in error.fields]
        raise failures.CommandError("\n".join(faults)) from None
    terminal.say(str(generation.report))
    rows, columns = generation.table.shape
    print(f"Wrote {arguments.output}: {rows:,} rows, {columns:,} columns.")
    return 0


def _generate(arguments: argparse.Namespace) -> "Generation":
    from simulacra.engine import pipeline
    from simulacra.engine.progress import Progress

    categorical: dict[str, dict[str, float]] = {}
    for (column, level), share in option_types.unique("--share", arguments.share).items():
        categorical.setdefault(column, {})[level] = share
    numeric = option_types.unique("--range", arguments.range)
    with terminal.progress() as on_progress:
        on_progress(Progress("reading", 0.0))
        model = pipeline.load(arguments.model)
        if arguments.support_weight and pipeline.SUPPORT_WEIGHT in model.schema:
            raise failures.CommandError(
                f"--support-weight: the study has a column {pipeline.SUPPORT_WEIGHT!r} of its own"
            )
        generation = model.generate(
            arguments.rows,
            seed=arguments.seed,
            categorical=categorical,
            numeric=numeric,
            margins=arguments.margins or False,
            support_weight=arguments.support_weight,
            progress=on_progress,
        )
        return generation.write(arguments.output)


def _option(pointer: str) -> str:
    """Return the option that a pointer into the conditions comes from."""
    return OPTIONS.get(pointer.split("/")[1], "conditions")
