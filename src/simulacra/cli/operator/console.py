"""What the verbs print: tables for people, JSON for scripts."""

import argparse
import datetime as dt
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from simulacra.cli import option_types, terminal
from simulacra.cli import settings as cli_settings

PAGE_ROWS = 50
"""Rows of a list, unless another number is asked for."""
Value = str | int | bytes | dt.datetime | Mapping[str, "Value"] | None


class Page(NamedTuple):
    """Rows of a list, and where the rows that follow begin.

    Attributes:
        rows: of the same fields.
        option: which names the beginning of a page.
        following: its value for the next page; None: there is none.
    """

    rows: Sequence[Mapping[str, Value]]
    option: str = ""
    following: int | str | None = None


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what every verb takes."""
    parser.add_argument("--json", action="store_true", help="print JSON, for scripts")
    cli_settings.add_data_dir(parser)


def add_page(
    parser: argparse.ArgumentParser,
    option: str,
    metavar: str,
    meaning: str,
    kind: Callable[[str], object] = str,
) -> None:
    """Add what a list takes that is printed a page at a time; `option` is where a page begins."""
    count = option_types.WholeNumber(1)
    explanation = f"at most so many (default: {PAGE_ROWS})"
    parser.add_argument("--limit", type=count, default=PAGE_ROWS, metavar="N", help=explanation)
    parser.add_argument(f"--{option}", type=kind, metavar=metavar, help=meaning)


def print_json(value: object) -> None:
    """Print one line of JSON: times as ISO 8601, bytes in hexadecimal."""
    print(json.dumps(value, default=plain))


def print_rows(arguments: argparse.Namespace, rows: Sequence[Mapping[str, Value]]) -> None:
    """Print rows of the same fields: a JSON array, or a table."""
    if arguments.json:
        print_json(rows)
        return
    if not rows:
        print("There are none.")
        return
    table = [[_title(name) for name in rows[0]]]
    table += [[_cell(value) for value in row.values()] for row in rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print("  ".join(cells).rstrip())


def print_page(arguments: argparse.Namespace, page: Page) -> None:
    """Print rows like `print_rows`, and for people how to see those that follow."""
    print_rows(arguments, page.rows)
    if page.following is not None and not arguments.json:
        print(f"There are more: --{page.option} {page.following}", file=sys.stderr)


def print_fields(fields: Mapping[str, Value]) -> None:
    """Print names and values under each other."""
    width = max(map(len, fields))
    for name, value in fields.items():
        print(f"  {name:<{width}}  {_cell(value)}")


def print_one(
    arguments: argparse.Namespace,
    fields: Mapping[str, Value],
    title: str,
    page: Page,
) -> None:
    """Print one thing and the list of what belongs to it; JSON has the list as a member."""
    if arguments.json:
        print_json({**fields, title.lower(): page.rows})
        return
    print_fields(fields)
    print(f"\n{title}:\n")
    print_page(arguments, page)


def print_claim_token(token: str, base_url: str) -> None:
    """Print a claim token, and what is to be done with it."""
    print_fields({"credential_claim_token": token})
    print(
        "\nPass it on over a channel that you trust: it is shown this once. The customer\n"
        f"exchanges it for the secret, once, at {base_url}/v1/credential-claims;\n"
        f"{base_url}/__docs__/access shows how."
    )


def _title(name: str) -> str:
    return name.upper().replace("_", " ")


def _cell(value: Value) -> str:
    match value:
        case None:
            return "-"
        case bool() | str():
            return terminal.printable(str(value))
        case int():
            return f"{value:,}"
        case Mapping():
            return ", ".join(f"{name}={_cell(it)}" for name, it in value.items()) or "-"
        case dt.datetime():
            return plain(value.replace(microsecond=0))
        case _:
            return plain(value)


def plain(value: object) -> str:
    """Return what JSON has no form for as text: times as ISO 8601, bytes in hexadecimal."""
    match value:
        case dt.datetime():
            return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
        case bytes():
            return value.hex()
    return str(value)
