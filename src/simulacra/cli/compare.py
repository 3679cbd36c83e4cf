"""`simulacra compare`: what a scenario changes, the most surprising change first."""

import argparse
from typing import TYPE_CHECKING

from simulacra.cli import (
    crosstab,
    failures,
    generate,
    option_types,
    results,
    scenario_options,
    table_options,
    terminal,
)

if TYPE_CHECKING:
    from simulacra.engine.pipeline import Generation, Model


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser(
        "compare", help="figures of a study and of a scenario side by side, ranked by surprise"
    )
    generate.add_model(parser)
    scenario_options.add(parser)
    scenario_options.add_margins(parser)
    parser.add_argument(
        "--against",
        metavar="FILE.json",
        type=option_types.existing_file,
        help="compare with rows under the conditions of this file, as many and with the same seed "
        "(default: compare with the study)",
    )
    table_options.add_columns(parser)
    results.add(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the comparison, and write it."""
    from simulacra.engine import errors, pipeline
    from simulacra.engine.tabulating import naming

    if arguments.against is not None and arguments.margins is not None:
        raise failures.CommandError(
            "--margins: margins of error are of the change from the study; leave out --against."
        )
    model = pipeline.load(arguments.model)
    try:
        naming.check_columns(model.schema, model.schema, arguments.columns or [])
    except errors.TableError as error:
        raise failures.CommandError(crosstab.faults_of(error)) from None
    with terminal.progress() as on_progress:
        second = generate.make(model, arguments, on_progress)
    first: Model | Generation = model
    if arguments.against is not None:
        first = _against(model, arguments, second.report.seed)
    found = second.compare(first, columns=arguments.columns)
    terminal.say(str(found))
    results.write(arguments.output, found.table, found.to_json())
    return 0


def _against(model: "Model", arguments: argparse.Namespace, seed: int) -> "Generation":
    from simulacra.engine import errors

    asked = scenario_options.read_conditions("--against", arguments.against)
    try:
        with terminal.progress() as on_progress:
            return model.generate(arguments.rows, seed=seed, progress=on_progress, **asked)
    except errors.ConditionError as error:
        lines = [f"--against {fault.pointer}: {fault.detail}" for fault in error.fields]
        raise failures.CommandError("\n".join(lines)) from None
