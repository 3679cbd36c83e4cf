"""`simulacra validate`: how far predictions are from respondents hidden from the model."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulacra.cli import failures, option_types, study_options, terminal
from simulacra.engine import limits

if TYPE_CHECKING:
    from simulacra.engine.validation.validation import Validation


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser(
        "validate", help="hide respondents of a study, predict them, and say how far that is off"
    )
    study_options.add(parser)
    parser.add_argument(
        "--segment",
        metavar="COLUMN=LEVEL",
        nargs="+",
        action="extend",
        default=[],
        type=_test,
        help="predict the respondents with this level: region=North; of several columns, those who "
        "meet all (default: all respondents, and segments that are chosen)",
    )
    parser.add_argument(
        "--segment-range",
        metavar="COLUMN=MIN:MAX",
        nargs="+",
        action="extend",
        default=[],
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
    parser.add_argument(
        "--output",
        metavar="FILE",
        type=_output,
        help="write all figures to a .parquet, .csv or .arrow file, or everything to a .json file",
    )
    parser.set_defaults(run=run)


def _test(text: str) -> tuple[str, str]:
    return option_types.name_and_value(text, "COLUMN=LEVEL, such as region=North")


def _output(text: str) -> Path:
    from simulacra.engine.writing import files

    path = option_types.new_file(text)
    known = (*files.WRITERS, "json")
    if path.suffix.lstrip(".").lower() not in known:
        raise argparse.ArgumentTypeError(
            f"{text!r} names no format; end it in .{', .'.join(known)}"
        )
    return path


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
    try:
        with terminal.progress() as on_progress:
            found = pipeline.validate_with(
                arguments.study,
                study_options.overrides(arguments),
                segment=segment or None,
                repeats=arguments.repeats,
                seed=arguments.seed,
                progress=on_progress,
            )
    except errors.ConditionError as error:
        faults = [f"--segment: {fault.detail}" for fault in error.fields]
        raise failures.CommandError("\n".join(faults)) from None
    terminal.say(str(found))
    if arguments.output is not None:
        _write(found, arguments.output)
        print(f"Wrote {arguments.output}.")
    return 0


def _write(found: "Validation", path: Path) -> None:
    from simulacra.engine.writing import files

    if path.suffix.lower() == ".json":
        path.write_text(json.dumps(found.to_json(), indent=2), "utf-8")
    else:
        files.write(found.table(), path)
