"""`simulacra generate`: a model file becomes rows, without a server."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from simulacra.cli import failures, option_types, report_options, scenario_options, terminal
from simulacra.engine.progress import Progress

if TYPE_CHECKING:
    from simulacra.engine.errors import ConditionError
    from simulacra.engine.pipeline import Generation, Model
    from simulacra.engine.progress import ProgressCallback


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser("generate", help="draw rows from a model file; needs no server")
    add_model(parser)
    scenario_options.add(parser)
    parser.add_argument(
        "--output",
        metavar="FILE",
        type=_output,
        default=Path("synthetic.parquet"),
        help=".parquet, .csv, .arrow, .xlsx, .sav, .zsav, .dta or .zip, which is triple-S "
        "(default: synthetic.parquet)",
    )
    parser.add_argument(
        "--report",
        metavar="FILE",
        type=report_options.file,
        help="also write the full report: a .html page to hand on, or its figures as .json",
    )
    scenario_options.add_margins(parser)
    scenario_options.add_shape(parser)
    parser.set_defaults(run=run)


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add the path of a model."""
    parser.add_argument(
        "model", metavar="MODEL", type=option_types.existing_file, help="what `simulacra fit` wrote"
    )


def _output(text: str) -> Path:
    path = option_types.new_file(text)
    if format_of(path) is None:
        raise argparse.ArgumentTypeError(f"{text!r} names no format; end it in {endings()}")
    return path


def format_of(path: Path) -> str | None:
    """Return the format that the suffix of a path says; None if it says none."""
    from simulacra.engine import outputs
    from simulacra.engine.writing import registry

    found = outputs.format_of(path.suffix.lstrip("."))
    return found if found in registry.FORMATS else None


def endings(*more: str) -> str:
    """Return the suffixes of all formats, and others behind them."""
    from simulacra.engine import outputs
    from simulacra.engine.writing import registry

    return f".{', .'.join((*map(outputs.suffix_of, registry.FORMATS), *more))}"


def run(arguments: argparse.Namespace) -> int:
    """Generate rows, write them, and print their report."""
    from simulacra.engine import outputs, pipeline

    try:
        outputs.check_rows(format_of(arguments.output) or "", arguments.rows)
    except ValueError as error:
        raise failures.CommandError(f"--rows: {error}") from None
    with terminal.progress() as on_progress:
        on_progress(Progress("reading", 0.0))
        model = pipeline.load(arguments.model)
        if arguments.support_weight and pipeline.SUPPORT_WEIGHT in model.schema:
            raise failures.CommandError(
                f"--support-weight: the study has a column {pipeline.SUPPORT_WEIGHT!r} of its own"
            )
        generation = make(model, arguments, on_progress).write(
            arguments.output, layout=arguments.layout, values=arguments.values
        )
    terminal.say(str(generation.report))
    rows, columns = generation.table.shape
    print(f"Wrote {arguments.output}: {rows:,} rows, {columns:,} columns.")
    if arguments.report is not None:
        report_options.write(arguments.report, generation.full_report(), arguments.model.stem)
        print(f"Wrote {arguments.report}.")
    return 0


def make(
    model: "Model", arguments: argparse.Namespace, on_progress: "ProgressCallback | None" = None
) -> "Generation":
    """Return rows as the options of a scenario ask for them.

    Raises:
        failures.CommandError: conditions do not fit the schema; names their options.
    """
    from simulacra.engine import errors

    asked = scenario_options.conditions_of(arguments)
    try:
        return model.generate(
            arguments.rows,
            seed=arguments.seed,
            margins=getattr(arguments, "margins", None) or False,
            support_weight=getattr(arguments, "support_weight", False),
            progress=on_progress,
            **asked,
        )
    except errors.ConditionError as error:
        raise failures.CommandError(faults_of(error, arguments)) from None


def faults_of(error: "ConditionError", arguments: argparse.Namespace) -> str:
    """Return every fault of conditions, each on a line with the option that it comes from."""
    faults = [(fault.pointer, fault.detail) for fault in error.fields]
    return "\n".join(scenario_options.faults_of(faults, arguments))
