"""Templates of HTML, with the charts and the words for figures that all of them share.

It loads no numerical code, and Jinja only when something is shown.
"""

from __future__ import annotations

import functools
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jinja2

PACKAGE = "simulacra.engine.display"
NONE = "\u2013"
"""A dash, in the place of a figure that is not known or not told."""
MINUS = "\u2212"
"""The sign that is as wide as a plus."""
EXACT_SHARES = (0.0, 1.0)
LEAST_OF_TWO_DIGITS = 0.1
"""From here on, numbers have two digits behind the point, below it two that are no zeros."""


@functools.cache
def environment(package: str = PACKAGE) -> jinja2.Environment:
    """Return the environment of the templates of a package, which can import ``charts.html``.

    What is filled in is escaped. Styles that charts need are in ``static/charts.css``:
    `stylesheet` returns them for a page that brings its own.

    Args:
        package: dotted name of the package with a folder ``templates``.
    """
    import jinja2  # noqa: PLC0415 - who shows nothing need not load it

    loaders = [jinja2.PackageLoader(name) for name in dict.fromkeys((package, PACKAGE))]
    made = jinja2.Environment(
        loader=jinja2.ChoiceLoader(loaders),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        share=share,
        points=points,
        whole_share=whole_share,
        whole_points=whole_points,
        number=number,
        change=change,
        plural=plural,
        width=width,
    )
    return made


@functools.cache
def stylesheet() -> str:
    """Return the style sheet of the charts."""
    return resources.files(PACKAGE).joinpath("static", "charts.css").read_text("utf-8")


# Figures as people read them.


def share(value: float | None) -> str:
    """Return a share as a percentage; below 1 % and above 99 % it does not become 0 or 100."""
    if value is None:
        return NONE
    told = f"{value:.1%}"
    if value not in EXACT_SHARES and told in ("0.0%", "100.0%"):
        return "<0.1%" if value < 0.5 else ">99.9%"
    return told


def points(value: float | None) -> str:
    """Return the change of a share in percentage points."""
    if value is None:
        return NONE
    told = f"{100 * value:+.1f}"
    return "0.0" if told in ("+0.0", "-0.0") else told.replace("-", MINUS)


def whole_share(value: float | None) -> str:
    """Return a share that is known in whole percent only, without a digit that nobody knows."""
    return NONE if value is None else f"{value:.0%}"


def whole_points(value: float | None) -> str:
    """Return a change of such a share: what rounding alone makes of a share is no change."""
    if value is None:
        return NONE
    told = f"{100 * value:+.0f}"
    return "0" if told in ("+0", "-0") else told.replace("-", MINUS)


def number(value: float | str | None) -> str:
    """Return a number with two to four significant digits; a date or time as it is."""
    if value is None or isinstance(value, str):
        return (value or NONE).replace("T", " ")
    if isinstance(value, int) or value.is_integer():
        return f"{int(value):,}".replace("-", MINUS)
    if abs(value) < LEAST_OF_TWO_DIGITS:
        return f"{value:.2g}".replace("-", MINUS)
    digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2
    return f"{value:,.{digits}f}".replace("-", MINUS)


def change(value: float | None, beside: float = 0.0) -> str:
    """Return the change of a number, with its sign.

    Args:
        value: the change.
        beside: the number itself, if it is shown: a small change has no more digits than it.
    """
    if value is None:
        return NONE
    is_small = abs(value) < LEAST_OF_TWO_DIGITS <= abs(beside)
    told = f"{value:.2f}".replace("-", MINUS) if is_small else number(value)
    return f"+{told}" if value > 0 else told


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def width(part: float | None, whole: float) -> str:
    """Return the length of a bar in percent of the whole, with two digits."""
    return f"{100 * min((part or 0.0) / whole, 1.0):.2f}".rstrip("0").rstrip(".")
