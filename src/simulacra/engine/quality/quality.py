"""The quality of a model: what was found when its rows were compared with the study."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Self

from simulacra.engine import documents
from simulacra.engine.warning import ReportWarning

PAIRS_KEPT, GROUPS_KEPT = 0.8, 0.7
"""Parts of the relations below which there is a warning. Small groups are held to less, because a
relation that stands out in a few respondents is in part luck, which rows should not repeat."""
MIN_RELATIONS = 5
"""Relations from which on a part that is kept means something."""


@dataclasses.dataclass(frozen=True)
class Drift:
    """A column whose distribution differs from the study's by more than chance.

    Attributes:
        column: its name.
        distance: the largest difference of the share of a level; of a number, of the share of
            values up to some point.
        missing: the share of rows without a value, less that of the study.
    """

    column: str
    distance: float
    missing: float


@dataclasses.dataclass(frozen=True)
class Relations:
    """How much of a kind of relation the rows have.

    Attributes:
        number: of relations that stand out in the study.
        kept: slope of the rows' deviations from independence on the study's; 1 if relations are as
            strong as in the study, 0 if there is nothing left of them. None if there are none.
    """

    number: int
    kept: float | None


@dataclasses.dataclass(frozen=True, repr=False)
class Quality(documents.Shown):
    """What was found when rows without conditions were compared with the study.

    Attributes:
        rows: that were compared.
        largest_distance: of any column; see `Drift`.
        drifts: the columns that differ by more than chance, the worst first.
        pairs: relations between two columns, of all respondents.
        groups: relations of levels that 10 to 100 respondents have.
        broken_rows: of those compared, how many break a rule of the study.
        warnings: what of this needs attention, in plain words.
    """

    rows: int
    largest_distance: float
    drifts: tuple[Drift, ...]
    pairs: Relations
    groups: Relations
    broken_rows: int

    @property
    def warnings(self) -> tuple[ReportWarning, ...]:
        """What of this needs attention, in plain words."""
        found = [_drift(drift) for drift in self.drifts]
        if _is_below(self.pairs, PAIRS_KEPT):
            detail = (
                f"Relations between columns are weaker than in the study: {self.pairs.kept:.0%} of "
                "them are kept. Compare what you tabulate with the study."
            )
            found.append(ReportWarning("pairs_weakened", detail))
        if _is_below(self.groups, GROUPS_KEPT):
            detail = (
                f"Small groups are less distinct than in the study: {self.groups.kept:.0%} of what "
                "sets them apart is kept. Compare their profiles with the study."
            )
            found.append(ReportWarning("groups_weakened", detail))
        if self.broken_rows:
            detail = (
                f"{self.broken_rows:,} of {self.rows:,} rows break a rule that every respondent "
                "keeps."
            )
            found.append(ReportWarning("rules_broken", detail))
        return tuple(found)

    def __repr__(self) -> str:
        """Return it in one line."""
        return (
            f"<Quality: largest difference {self.largest_distance:.1%}, "
            f"{len(self.warnings)} warnings>"
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON, warnings included."""
        warnings = [dataclasses.asdict(warning) for warning in self.warnings]
        return {**dataclasses.asdict(self), "drifts": _as_list(self.drifts), "warnings": warnings}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return what `to_json` wrote; members that are not known here are left out.

        Raises:
            LookupError, TypeError, ValueError: the document is damaged.
        """
        return cls(
            rows=int(document["rows"]),
            largest_distance=float(document["largest_distance"]),
            drifts=tuple(documents.read(Drift, it) for it in document["drifts"]),
            pairs=documents.read(Relations, document["pairs"]),
            groups=documents.read(Relations, document["groups"]),
            broken_rows=int(document["broken_rows"]),
        )

    def __str__(self) -> str:
        """Return a few lines for people."""
        lines = [
            f"{self.rows:,} rows compared with the study",
            f"largest difference of a share: {self.largest_distance:.1%}",
            f"columns that differ by more than chance: {len(self.drifts)}",
            f"relations between columns kept: {_kept(self.pairs)}",
            f"relations of small groups kept: {_kept(self.groups)}",
            f"rows that break a rule: {self.broken_rows}",
        ]
        lines.extend(f"{warning.code}: {warning.detail}" for warning in self.warnings)
        return "\n".join(lines)


def _as_list(drifts: tuple[Drift, ...]) -> list[dict[str, Any]]:
    return [dataclasses.asdict(drift) for drift in drifts]


def _is_below(relations: Relations, least: float) -> bool:
    is_enough = relations.number >= MIN_RELATIONS and relations.kept is not None
    return is_enough and (relations.kept or 0.0) < least


def _kept(relations: Relations) -> str:
    if relations.kept is None:
        return "none stands out"
    return f"{relations.kept:.0%} of {relations.number:,}"


def _drift(drift: Drift) -> ReportWarning:
    detail = f"{drift.column!r} differs from the study: a share by {drift.distance:.1%}"
    if abs(drift.missing) >= 0.01:
        more = "more" if drift.missing > 0 else "fewer"
        detail += f"; {abs(drift.missing):.1%} {more} rows have no value"
    return ReportWarning("marginal_drifts", detail + ".")
