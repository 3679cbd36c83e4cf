"""`simulacra validate`: how far predictions are from respondents hidden from the model."""

import argparse
from typing import Any

from simulacra.cli import failures, option_types, results, study_options, terminal
from simulacra.engine import limits


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser(
        "validate", help="hide respondents of a study, predict them, and say how far that is off"
    )
    study_options.add(parser)
    option_types.several(
        parser,
        "--segment",
        metavar="COLUMN=LEVEL",
        type=_test,
        help="predict the respondents with this level: region=North; of several columns, those who "
        "meet all (default: all respondents, and segments that are chosen)",
    )
    option_types.several(
        parser,
        "--segment-range",
        metavar="COLUMN=MIN:MAX",
        type=option_types.span,
        help="or those in a range, numbers or ISO 8601 dates: age=18:34",
    )
    parser.add_argument(
        "--repeats",
        metavar="N",
        type=option_types.WholeNumber(1, 100),
        default=5,
        help="how often other respondents are hidden (default: 5)",
    )
    parser.add_argument(
        "--seed",
        type=option_types.WholeNumber(0, limits.MAX_SEED),
        default=0,
        help="the same study, options and seed give the same figures (default: 0)",
    )
    results.add(parser)
    parser.set_defaults(run=run)


def _test(text: str) -> tuple[str, str]:
    return option_types.name_and_value(text, "COLUMN=LEVEL, such as region=North")


def run(arguments: argparse.Namespace) -> int:
    """Validate, print the account, and write the figures."""
    from simulacra.engine import errors, pipeline

    segment: dict[str, Any] = option_types.unique("--segment-range", arguments.segment_range)
    for column, level in arguments.segment:
        if not isinstance(segment.setdefault(column, []), list):
            raise failures.CommandError(
                f"{column} is in --segment and in --segment-range; name it in one."
            )
        segment[column].append(level)
    overrides = study_options.overrides(arguments)
    try:
        with terminal.progress() as on_progress:
            found = pipeline.validate(
                arguments.study,
                segment=segment or None,
                repeats=arguments.repeats,
                seed=arguments.seed,
                progress=on_progress,
                **overrides,
            )
    except errors.ConditionError as error:
        faults = [f"--segment: {fault.detail}" for fault in error.fields]
        raise failures.CommandError("\n".join(faults)) from None
    terminal.say(str(found))
    results.write(arguments.output, found.table(), found.to_json())
    return 0
