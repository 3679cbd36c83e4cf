"""Scenarios and their support in words."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from simulacra.engine.columns.schema import Schema
from simulacra.engine.display import templating
from simulacra.engine.report.report import THIN_SUPPORT
from simulacra.service.studio import asking

STRONG_SUPPORT = 100
"""Effective respondents from which a share has a standard error of five points at most."""

FORMATS: Mapping[str, str] = {
    "parquet": "Parquet",
    "csv": "CSV",
    "csv-excel": "CSV for Excel",
    "arrow": "Arrow",
    "sav": "SPSS (.sav)",
    "zsav": "SPSS, compressed (.zsav)",
    "xlsx": "Excel (.xlsx)",
    "dta": "Stata (.dta)",
    "triple-s": "triple-S (.zip)",
}
"""What people call the formats of files."""


@dataclasses.dataclass(frozen=True)
class Support:
    """How many respondents stand behind a scenario, in words.

    Attributes:
        word: `good`, `fair`, `thin` or `none`.
        text: what that means.
        part: of a bar that shows it, 0 to 1.
    """

    word: str
    text: str
    part: float


def support_of(effective: float) -> Support:
    """Return the support in words; below `THIN_SUPPORT` reports warn of it too."""
    part = min(1.0, effective / (2 * STRONG_SUPPORT))
    if effective < 1:
        return Support("none", "No respondent meets all of it: the rows would be a guess.", 0.0)
    if effective < THIN_SUPPORT:
        return Support("thin", "The rows show a direction at most.", part)
    if effective < STRONG_SUPPORT:
        return Support("fair", "Large differences can be told from chance.", part)
    return Support("good", "Differences of ten points and more can be told from chance.", part)


def label_of(schema: Schema | None, name: str) -> str:
    """Return what people call a question; its name where that is not known."""
    if schema is None:
        return name
    one = asking.set_of(schema, name)
    if one is not None:
        return next((it.label for it in schema.questions if it.name == name), one.label or name)
    return (schema[name].label or name) if name in schema else name


def of_conditions(schema: Schema | None, conditions: Mapping[str, Any]) -> list[str]:
    """Return conditions in words, a line for each question."""
    lines: list[str] = []
    for kind in ("categorical", "multiple_response"):
        for name, shares in (conditions.get(kind) or {}).items():
            told = ", ".join(
                f"{_option(schema, name, level)} {templating.share(float(shares[level]))}"
                for level in _in_order(schema, name, shares)
            )
            lines.append(f"{label_of(schema, name)}: {told}")
    for name, ends in (conditions.get("numeric") or {}).items():
        lines.append(f"{label_of(schema, name)} from {ends.get('min')} to {ends.get('max')}")
    for name, mean in (conditions.get("means") or {}).items():
        lines.append(f"{label_of(schema, name)}: mean {mean}")
    for name, bands in (conditions.get("bands") or {}).items():
        told = ", ".join(
            f"{band['min']} to {band['max']} {templating.share(float(band['share']))}"
            for band in bands
        )
        lines.append(f"{label_of(schema, name)}: {told}")
    for one in conditions.get("joint") or ():
        names = " and ".join(label_of(schema, name) for name in one["columns"])
        lines.append(f"Combinations of {names}: {len(one['shares'])} shares")
    for group in conditions.get("groups") or ():
        where = ", ".join(f"{label_of(schema, name)} {it}" for name, it in group["where"].items())
        inner = {kind: given for kind, given in group.items() if kind != "where"}
        lines.append(f"Among rows with {where}: {'; '.join(of_conditions(schema, inner))}")
    return lines


def _in_order(schema: Schema | None, name: str, shares: Mapping[str, Any]) -> list[str]:
    """Return levels in the order of the question."""
    known = schema[name].levels if schema is not None and name in schema else ()
    return [
        *(level for level in known if level in shares),
        *(it for it in shares if it not in known),
    ]


def _option(schema: Schema | None, name: str, option: str) -> str:
    """Return what people call a level of a column, or an option of a set."""
    one = None if schema is None else asking.set_of(schema, name)
    if schema is None or one is None:
        return option
    return dict(asking.options_of(schema, one)).get(option, option)
