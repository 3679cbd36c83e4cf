"""The options that say a scenario: how many rows, under which conditions, from which seed."""

import argparse
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulacra.cli import failures, option_types
from simulacra.engine import limits

if TYPE_CHECKING:
    from simulacra.engine.columns.facts import Bound

OPTIONS = {
    "categorical": "--share",
    "numeric": "--range",
    "means": "--mean",
    "bands": "--band",
    "joint": "--cell",
    "multiple_response": "--option",
}
"""The option for each kind of condition; `--conditions` takes them all."""
FILE = "--conditions"


def add(parser: argparse.ArgumentParser, rows: str | None = None) -> None:
    """Add the number of rows, the conditions and the seed.

    Args:
        parser: of the command.
        rows: what the number of rows is for, where it may be left out.
    """
    parser.add_argument(
        "--rows",
        metavar="N",
        type=option_types.WholeNumber(1),
        required=rows is None,
        help=rows or "number of rows",
    )
    scenario = parser.add_argument_group("scenario")
    option_types.several(
        scenario,
        "--share",
        metavar="COLUMN=LEVEL:SHARE",
        type=_share,
        help="share of the rows with a level, 0 to 1: segment=Premium:0.55 channel=Online:0.7",
    )
    option_types.several(
        scenario,
        "--range",
        metavar="COLUMN=MIN:MAX",
        type=option_types.span,
        help="both ends, numbers or ISO 8601 dates: age=25:44 joined=2024-01-01:2024-06-30",
    )
    option_types.several(
        scenario,
        "--mean",
        metavar="COLUMN=MEAN",
        type=_mean,
        help="mean of a number or date over the rows: monthly_spend=45 joined=2024-03-01",
    )
    option_types.several(
        scenario,
        "--band",
        metavar="COLUMN=MIN:MAX:SHARE",
        type=_band,
        help="share of the rows within a part of a range: age=18:34:0.4 age=35:49:0.3",
    )
    scenario.add_argument(
        "--cell",
        metavar="COLUMN=PART",
        nargs="+",
        action="append",
        default=[],
        help="share of the rows with a combination, once for each: --cell segment=Premium "
        "channel=Online share=0.4; a number has MIN:MAX as its part",
    )
    option_types.several(
        scenario,
        "--option",
        metavar="SET=OPTION:SHARE",
        type=_option_share,
        help="share of the rows that choose an option of a multiple-response set: brands=Acme:0.6",
    )
    scenario.add_argument(
        FILE,
        metavar="FILE.json",
        type=option_types.existing_file,
        help="a file with conditions of all kinds, also among some rows, as the service takes them",
    )
    scenario.add_argument(
        "--seed",
        type=option_types.WholeNumber(0, limits.MAX_SEED),
        help="the same model, conditions, rows and seed give the same rows (default: a new one)",
    )


def add_margins(parser: argparse.ArgumentParser) -> None:
    """Add the option for margins of error."""
    parser.add_argument(
        "--margins",
        nargs="?",
        const="full",
        choices=["full", "quick"],
        help="margins of error from 20 refits to resampled respondents, or 8 (quick)",
    )


def add_shape(parser: argparse.ArgumentParser) -> None:
    """Add the options for the columns of the rows."""
    parser.add_argument(
        "--support-weight",
        action="store_true",
        help="add the column support_weight, which sums to the effective base of the rows",
    )
    parser.add_argument(
        "--layout",
        choices=["schema", "file"],
        default="schema",
        help="file: columns named as in the study's file, several answers in one cell where it had "
        "them (default: schema)",
    )
    parser.add_argument(
        "--values",
        choices=["labels", "codes"],
        default="labels",
        help="what stands in the cells of categorical columns; .sav, .zsav, .dta and .zip have "
        "both (default: labels)",
    )


def _share(text: str) -> tuple[tuple[str, str], float]:
    return _name_and_share(text, "COLUMN=LEVEL:SHARE, such as segment=Premium:0.55")


def _option_share(text: str) -> tuple[tuple[str, str], float]:
    return _name_and_share(text, "SET=OPTION:SHARE, such as brands=Acme:0.6")


def _name_and_share(text: str, form: str) -> tuple[tuple[str, str], float]:
    column, value = option_types.name_and_value(text, form)
    level, colon, share = value.rpartition(":")
    if not colon:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form {form}")
    return (column, level), _fraction(text, share)


def _fraction(text: str, share: str) -> float:
    try:
        return float(share)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"in {text!r} the share is {share!r}; write a fraction such as 0.55"
        ) from None


def _mean(text: str) -> "tuple[str, Bound]":
    column, value = option_types.name_and_value(text, "COLUMN=MEAN, such as monthly_spend=45")
    return column, option_types.bound(value)


def _band(text: str) -> "tuple[str, dict[str, Bound]]":
    form = "COLUMN=MIN:MAX:SHARE, such as age=18:34:0.4"
    column, value = option_types.name_and_value(text, form)
    ends, _, share = value.rpartition(":")
    try:
        _, band = option_types.span(f"{column}={ends}")
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form {form}") from None
    return column, {**band, "share": _fraction(text, share)}


def conditions_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the conditions by kind: those of the options, and those of the file.

    Raises:
        failures.CommandError: one is given twice, or the file cannot be read.
    """
    bands: dict[str, list[Any]] = {}
    for column, band in arguments.band:
        bands.setdefault(column, []).append(band)
    asked: dict[str, Any] = {
        "categorical": _by_column("--share", arguments.share),
        "numeric": option_types.unique("--range", arguments.range),
        "means": option_types.unique("--mean", arguments.mean),
        "bands": bands,
        "joint": _combinations(arguments.cell),
        "multiple_response": _by_column("--option", arguments.option),
    }
    asked = {kind: given for kind, given in asked.items() if given}
    of_file = {} if arguments.conditions is None else read_conditions(FILE, arguments.conditions)
    for kind in of_file.keys() & asked.keys():
        raise failures.CommandError(
            f"{FILE}: the file has {kind!r}, which {OPTIONS[kind]} gives too; give them in one "
            "place."
        )
    return of_file | asked


def _by_column(option: str, given: list[Any]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for (column, level), share in option_types.unique(option, given).items():
        found.setdefault(column, {})[level] = share
    return found


def _combinations(given: list[list[str]]) -> list[dict[str, Any]]:
    """Return the cells of each list of columns; those of the same columns belong together."""
    form = "COLUMN=PART ... share=SHARE, such as segment=Premium channel=Online share=0.4"
    found: dict[frozenset[str], dict[str, Any]] = {}
    for texts in given:
        try:
            parts = option_types.unique(
                "--cell", (option_types.name_and_value(text, form) for text in texts)
            )
            share = _fraction(" ".join(texts), parts.pop("share", ""))
        except argparse.ArgumentTypeError as error:
            raise failures.CommandError(f"--cell: {error}. Its form is {form}.") from None
        one = found.setdefault(frozenset(parts), {"columns": [*parts], "shares": []})
        cell = [_part(parts[column]) for column in one["columns"]]
        one["shares"].append({"cell": cell, "share": share})
    return [*found.values()]


def _part(text: str) -> "str | dict[str, Bound]":
    """Return a level, or both ends of a range if the text is two numbers or dates."""
    try:
        _, ends = option_types.span(f"x={text}")
    except argparse.ArgumentTypeError:
        return text
    is_range = all(isinstance(end, int | float) or end[:1].isdigit() for end in ends.values())
    return ends if is_range else text


def read_conditions(option: str, path: Path) -> dict[str, Any]:
    """Return the conditions in a file: the object itself, or the member of a request.

    Raises:
        failures.CommandError: there are none in it; names the option.
    """
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise failures.CommandError(f"{option}: {str(path)!r} is not JSON: {error}.") from None
    if isinstance(given, Mapping) and "conditions" in given:
        given = given["conditions"]
    if not isinstance(given, Mapping):
        raise failures.CommandError(
            f"{option}: {str(path)!r} holds no object; write one such as "
            '{"means": {"monthly_spend": 45}}.'
        )
    known = [*OPTIONS, "groups"]
    for kind in given:
        if kind not in known:
            raise failures.CommandError(
                f"{option}: there are no conditions {kind!r}; there are "
                f"{', '.join(map(repr, known))}."
            )
    return dict(given)


def _given_by_options(arguments: argparse.Namespace) -> set[str]:
    """Return the kinds of conditions that options give; all others come from the file."""
    return {kind for kind, name in OPTIONS.items() if getattr(arguments, name.removeprefix("--"))}


def faults_of(faults: Iterable[tuple[str, str]], arguments: argparse.Namespace) -> list[str]:
    """Return a line for each fault of conditions, with the option that it comes from.

    Args:
        faults: JSON pointer into the conditions (RFC 6901), and what is wrong.
        arguments: of the command.
    """
    given = _given_by_options(arguments)
    return [f"{_option(pointer, given)}: {detail}" for pointer, detail in faults]


def _option(pointer: str, given: set[str]) -> str:
    """Return the option that a pointer into the conditions comes from; of a file, the place too."""
    kind = pointer.split("/")[1]
    return OPTIONS[kind] if kind in given else f"{FILE} {pointer}"
