"""`simulacra crosstab`: a cross table of a study, or of rows under a scenario."""

import argparse
from typing import TYPE_CHECKING

from simulacra.cli import failures, generate, results, scenario_options, table_options, terminal

if TYPE_CHECKING:
    from simulacra.engine.errors import TableError
    from simulacra.engine.pipeline import Generation, Model

OPTIONS = {"rows": "--show", "banner": "--banner", "weight": "--weight", "columns": "--columns"}
"""The option for each argument of a table; `--rows` is how many rows are made."""


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser(
        "crosstab", help="a cross table of a study or of rows, tested on the respondents behind"
    )
    table_options.add(parser)
    generate.add_model(parser)
    scenario_options.add(
        parser, rows="number of rows to make of the scenario (default: tabulate the study itself)"
    )
    results.add(parser, "; .xlsx is a workbook to hand over, with a sheet for each question")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the table, and write it."""
    from simulacra.engine import errors, pipeline
    from simulacra.engine.tabulating import naming

    if arguments.rows is None:
        _refuse_scenario(arguments)
    model = pipeline.load(arguments.model)
    asked = (arguments.show, arguments.banner, arguments.weight)
    try:
        naming.check(model.schema, *asked)  # before rows are made
    except errors.TableError as error:
        raise failures.CommandError(faults_of(error)) from None
    source: Model | Generation = model
    if arguments.rows is not None:
        with terminal.progress() as on_progress:
            source = generate.make(model, arguments, on_progress)
    shown, banner, weight = asked
    table = source.crosstab(shown, banner=banner, weight=weight)
    terminal.say(str(table))
    if results.is_workbook(arguments.output):
        table.write(arguments.output)
        print(f"Wrote {arguments.output}.")
    else:
        results.write(arguments.output, table.table, table.to_json())
    return 0


def faults_of(error: "TableError") -> str:
    """Return every fault of a table, each on a line with its option."""
    return "\n".join(
        f"{OPTIONS[fault.pointer.split('/')[1]]}: {fault.detail}" for fault in error.fields
    )


def _refuse_scenario(arguments: argparse.Namespace) -> None:
    """Refuse conditions or a seed without rows, which would be ignored."""
    if scenario_options.conditions_of(arguments) or arguments.seed is not None:
        raise failures.CommandError(
            "--rows: give the number of rows to make of the scenario; without it the study itself "
            "is tabulated."
        )
