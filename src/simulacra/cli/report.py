"""`simulacra report`: what a scenario changes, as a page to hand on."""

import argparse
from pathlib import Path

from simulacra.cli import generate, report_options, scenario_options, terminal
from simulacra.engine.progress import Progress


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser(
        "report",
        help="a page on what a scenario changes, from a model file; the rows are not kept",
    )
    generate.add_model(parser)
    scenario_options.add(parser)
    scenario_options.add_margins(parser)
    parser.add_argument(
        "--output",
        metavar="FILE",
        type=report_options.file,
        default=Path("report.html"),
        help=".html, or .json for its figures (default: report.html)",
    )
    report_options.add_name(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Generate rows, and write what is to be said of them."""
    from simulacra.engine import pipeline

    with terminal.progress() as on_progress:
        on_progress(Progress("reading", 0.0))
        model = pipeline.load(arguments.model)
        full = generate.make(model, arguments, on_progress).full_report()
    terminal.say(str(full.report))
    report_options.write(arguments.output, full, arguments.name or arguments.model.stem)
    print(f"Wrote {arguments.output}.")
    return 0
