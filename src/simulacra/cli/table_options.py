"""The options that say a cross table or a comparison."""

import argparse


def add(parser: argparse.ArgumentParser) -> None:
    """Add what a cross table shows."""
    parser.add_argument(
        "--show",
        metavar="COLUMN",
        nargs="+",
        required=True,
        help="rows of the table: columns or multiple-response sets",
    )
    parser.add_argument(
        "--banner",
        metavar="COLUMN",
        nargs="+",
        default=[],
        help="columns of the table: categorical columns or multiple-response sets, side by side",
    )
    parser.add_argument("--weight", metavar="COLUMN", help="a numeric column that rows count by")


def add_columns(parser: argparse.ArgumentParser) -> None:
    """Add what is compared."""
    parser.add_argument(
        "--columns",
        metavar="COLUMN",
        nargs="+",
        help="columns or multiple-response sets to compare (default: all columns)",
    )
