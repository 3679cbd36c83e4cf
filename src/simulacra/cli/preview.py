"""`simulacra preview`: what a scenario would give, before its rows are made."""

import argparse

from simulacra.cli import failures, generate, scenario_options, terminal


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser(
        "preview", help="tell what `generate` would give from a model file; makes no rows"
    )
    generate.add_model(parser)
    scenario_options.add(parser)
    scenario_options.add_margins(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the preview; a scenario of which no row can be had is an answer, not a failure."""
    from simulacra.engine import errors, pipeline

    model = pipeline.load(arguments.model)
    try:
        preview = model.preview(
            arguments.rows,
            seed=arguments.seed,
            margins=arguments.margins or False,
            **scenario_options.conditions_of(arguments),
        )
    except errors.ConditionError as error:
        raise failures.CommandError(generate.faults_of(error, arguments)) from None
    terminal.say(str(preview))
    return 0
