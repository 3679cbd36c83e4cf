"""`simulacra fit`: a study file becomes a model file, without a server."""

import argparse

from simulacra.cli import option_types, study_options, summaries, terminal


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser("fit", help="learn a study and save the model; needs no server")
    parser.add_argument(
        "--model",
        metavar="FILE",
        type=option_types.new_file,
        help="model file to write (default: the study's name with .model, in this directory)",
    )
    parser.add_argument(
        "--validate",
        action="store_true",
        help="also say how far predictions are from respondents hidden from the model, and keep "
        "that for the reports of generations; takes as long as five fits and more",
    )
    parser.add_argument(
        "--show-options",
        action="store_true",
        help="print the options that state all that was found out about the study, to be changed "
        "and pasted back",
    )
    study_options.add(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Fit a model, save it, and print its schema and its quality."""
    from simulacra.engine import pipeline

    path = arguments.model or option_types.new_file(arguments.study.with_suffix(".model").name)
    overrides = study_options.overrides(arguments)
    with terminal.progress() as on_progress:
        model = pipeline.fit(arguments.study, progress=on_progress, **overrides)
        if arguments.validate:
            model.validate(progress=on_progress)
        on_progress(pipeline.SAVING)
        model.save(path)
    terminal.say_lines(summaries.of_study(arguments.study.name, model.schema, model.quality))
    if model.validation is not None:
        terminal.say(str(model.validation))
    if arguments.show_options:
        print("Options with which the study is read in the same way:")
        terminal.say(study_options.written(model.schema.overrides))
    print(f"Wrote {path}.")
    return 0
