"""The result of a validation: how far predictions were off, in plain words and as figures."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Self

from simulacra.engine import documents
from simulacra.engine.columns.lazy import pa
from simulacra.engine.validation.worth import Worth
from simulacra.engine.warning import ReportWarning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FEW_HIDDEN = 30
FEW_QUESTIONS = 6
BEYOND_CHANCE = 4.0
"""Standard errors beyond which a figure is said to be off. Chance alone exceeds four of them once
in 16,000 figures."""
NOTABLE = 0.03, 0.1
"""How far a share, or a mean in standard deviations, is off at least when that is said."""
MAX_NAMED = 5
UNKNOWN = "unknown"
TOO_FEW = "How many interviews the rows are worth cannot be told from so few questions."
BETTER, ALIKE, WORSE = "better", "alike", "worse"


@dataclasses.dataclass(frozen=True)
class Error:
    """How far figures are off: root mean squares over the questions.

    Attributes:
        shares: of shares of levels, a fraction; 0 if no more than chance is seen, None if no
            question has levels.
        numbers: of means, in standard deviations of the study; likewise.
    """

    shares: float | None
    numbers: float | None


@dataclasses.dataclass(frozen=True)
class Figure:
    """A share or a mean, averaged over the splits.

    Attributes:
        column: its name.
        level: whose share it is; ``mean`` for a mean. Dates are days since 1970, times seconds.
        predicted: of the model's rows.
        used: of the respondents of the segment that the model was fitted to.
        hidden: of the respondents that were hidden from it.
        standard_error: of `hidden`.
        chance: the standard error that it would have if the prediction were the truth, if that is
            more.
        spread: standard deviation of one answer in the whole study.
    """

    column: str
    level: str
    predicted: float
    used: float
    hidden: float
    standard_error: float
    chance: float
    spread: float

    @property
    def difference(self) -> float:
        """The prediction less the hidden figure."""
        return self.predicted - self.hidden


@dataclasses.dataclass(frozen=True)
class Comparison:
    """How well the profile of one segment was predicted.

    Attributes:
        segment: its name.
        respondents: in the segment.
        used: of them, how many the model was fitted to.
        hidden: of them, how many it was compared with.
        questions: columns that were compared.
        predicted: errors of the model's rows against the population.
        tabulated: errors that a table of the respondents used has, by their number.
        second_sample: errors that a random sample as large as the hidden part has.
        worth: how many interviews of the segment the rows are worth.
        figures: each share and mean.
    """

    segment: str
    respondents: int
    used: int
    hidden: int
    questions: int
    predicted: Error
    tabulated: Error
    second_sample: Error
    worth: Worth
    figures: tuple[Figure, ...]

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return what `Validation.to_json` wrote of it, or its summary, which has no figures.

        Raises:
            LookupError, TypeError, ValueError: the document is damaged.
        """
        return cls(
            segment=str(document["segment"]),
            respondents=int(document["respondents"]),
            used=int(document["used"]),
            hidden=int(document["hidden"]),
            questions=int(document["questions"]),
            predicted=documents.read(Error, document["predicted"]),
            tabulated=documents.read(Error, document["tabulated"]),
            second_sample=documents.read(Error, document["second_sample"]),
            worth=documents.read(Worth, document["worth"]),
            figures=tuple(documents.read(Figure, it) for it in document.get("figures", ())),
        )

    @property
    def verdict(self) -> str:
        """``better`` or ``worse`` than a table of the respondents used, or ``alike``.

        It is ``alike`` unless the whole range of the worth is on one side.
        """
        if self.worth.low > self.used:
            return BETTER
        return WORSE if self.worth.high is not None and self.worth.high < self.used else ALIKE


@dataclasses.dataclass(frozen=True, repr=False)
class Validation(documents.Shown):
    """How far predictions were from respondents that were hidden from the model.

    Attributes:
        respondents, columns: of the study.
        repeats: how often other respondents were hidden.
        is_named: one segment was named, and half of it was hidden; otherwise half of all.
        weight: column that respondents count by; None if all count alike.
        comparisons: one for each segment; that of all respondents first, if half of all was hidden.
        gain: interviews for each respondent used, over all segments; None without segments.
        skipped: columns that could not be compared.
        failed: segments of which a model could not make rows.
    """

    respondents: int
    columns: int
    repeats: int
    is_named: bool
    weight: str | None
    comparisons: tuple[Comparison, ...]
    gain: Worth | None
    skipped: tuple[str, ...]
    failed: tuple[str, ...]

    @property
    def segments(self) -> tuple[Comparison, ...]:
        """The comparisons of segments, without that of all respondents."""
        return self.comparisons if self.is_named else self.comparisons[1:]

    @property
    def warnings(self) -> tuple[ReportWarning, ...]:
        """What needs attention, in plain words."""
        return tuple(self._warnings())

    def _warnings(self) -> Iterator[ReportWarning]:
        for name in self.failed:
            detail = f"The model could not make rows for {name} from the respondents left to it."
            yield ReportWarning("segment_failed", detail)
        for one in self.segments:
            if one.verdict == WORSE:
                detail = (
                    f"{one.segment}: the rows are further off than a table of the respondents "
                    "used. Tabulate the respondents of this segment instead."
                )
                yield ReportWarning("worse_than_tabulation", detail)
        yield from _far_off(self.comparisons)
        few = [one.segment for one in self.comparisons if one.hidden < FEW_HIDDEN]
        if few:
            detail = (
                f"Fewer than {FEW_HIDDEN} respondents were hidden of {_listed(few)}: what is said "
                "of so few is rough."
            )
            yield ReportWarning("few_hidden", detail)
        if any(one.questions < FEW_QUESTIONS for one in self.comparisons):
            detail = "Few questions could be compared: what the rows are worth is unknown or rough."
            yield ReportWarning("few_questions", detail)
        if not self.segments:
            detail = (
                "No segment was compared: no question has a level or rating that 5 to 40 % of "
                "the respondents gave, and at least 40. Name one, such as a range of a number."
            )
            yield ReportWarning("no_segments", detail)
        if self.skipped:
            detail = (
                f"Not compared everywhere, as they do not vary or few of a segment answered: "
                f"{_listed(self.skipped)}."
            )
            yield ReportWarning("columns_skipped", detail)

    def table(self) -> pa.Table:
        """Return all figures: a row for each share and mean of each segment."""
        names = ["column", "level", "predicted", "used", "hidden", "difference", "standard_error"]
        pairs = [(one.segment, figure) for one in self.comparisons for figure in one.figures]
        columns: dict[str, list[Any]] = {"segment": [segment for segment, _ in pairs]}
        for name in names:
            columns[name] = [getattr(figure, name) for _, figure in pairs]
        types = [pa.string()] * 3 + [pa.float64()] * 5
        schema = pa.schema(list(zip(columns, types, strict=True)))
        return pa.table(columns, schema=schema)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON, with verdicts, warnings and the account for people."""
        document = dataclasses.asdict(self)
        for one, written in zip(self.comparisons, document["comparisons"], strict=True):
            written["verdict"] = one.verdict
            written["figures"] = [
                dataclasses.asdict(figure) | {"difference": figure.difference}
                for figure in one.figures
            ]
        listed = {
            key: list(part) if isinstance(part, tuple) else part for key, part in document.items()
        }
        warnings = [dataclasses.asdict(warning) for warning in self.warnings]
        return {**listed, "warnings": warnings, "text": str(self)}

    def summary(self) -> dict[str, Any]:
        """Return what `to_json` has, without the single figures."""
        document = self.to_json()
        for one in document["comparisons"]:
            del one["figures"]
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return what `to_json` or `summary` wrote; a summary has no figures.

        Raises:
            LookupError, TypeError, ValueError: the document is damaged.
        """
        gain, weight = document["gain"], document["weight"]
        return cls(
            respondents=int(document["respondents"]),
            columns=int(document["columns"]),
            repeats=int(document["repeats"]),
            is_named=bool(document["is_named"]),
            weight=None if weight is None else str(weight),
            comparisons=tuple(map(Comparison.from_json, document["comparisons"])),
            gain=None if gain is None else documents.read(Worth, gain),
            skipped=tuple(map(str, document["skipped"])),
            failed=tuple(map(str, document["failed"])),
        )

    @property
    def account(self) -> str:
        """What was done, in words."""
        return self._what_was_done().replace("\n", " ") if self.comparisons else ""

    @property
    def lines(self) -> list[Line]:
        """The comparisons as texts: the segment, and the columns of `HEADS`."""
        return [_line(one) for one in self.comparisons]

    @property
    def verdicts(self) -> list[str]:
        """What the rows of segments are worth, in words."""
        return [] if self.gain is None or not self.comparisons else [*self._verdicts(self.gain)]

    def __repr__(self) -> str:
        """Return it in one line."""
        return (
            f"<Validation: {self.respondents:,} respondents, {len(self.comparisons)} comparisons, "
            f"{len(self.warnings)} warnings>"
        )

    def __str__(self) -> str:
        """Return a short account for people, warnings first."""
        lines = [f"{warning.code}: {warning.detail}" for warning in self.warnings]
        if not self.comparisons:
            return "\n".join([*lines, "Nothing could be compared."])
        lines += [self._what_was_done(), ""]
        lines += _table([_line(one) for one in self.comparisons])
        lines.append("")
        if self.gain is not None:
            lines += self._verdicts(self.gain)
        return "\n".join(lines).rstrip()

    def _what_was_done(self) -> str:
        whom = f"half of {self.comparisons[0].segment}" if self.is_named else "half of them"
        counted = "" if self.weight is None else f", weighted by {self.weight}"
        often = "once" if self.repeats == 1 else f"{self.repeats} times"
        return (
            f"{self.respondents:,} respondents, {self.columns:,} columns{counted}.\n"
            f"A random {whom} was hidden {often}, and predicted by a model of the others.\n"
            "Errors are typical ones, without what chance does to the hidden respondents."
        )

    def _verdicts(self, gain: Worth) -> Iterator[str]:
        if self.is_named:
            yield f"{_sentence(self.segments[0])}"
            return
        if gain.low == 0:
            yield TOO_FEW
            return
        yield f"The rows of a segment are worth {_times(gain)}."
        counts = [
            (verdict, sum(one.verdict == verdict for one in self.segments))
            for verdict in (BETTER, ALIKE, WORSE)
        ]
        texts = {
            BETTER: "better than a table of the respondents used",
            ALIKE: "not told apart from it",
            WORSE: "worse",
        }
        parts = ", ".join(f"{number} {texts[verdict]}" for verdict, number in counts)
        number = len(self.segments)
        yield f"Of {number} segment{'' if number == 1 else 's'}: {parts}."


def _far_off(comparisons: tuple[Comparison, ...]) -> Iterator[ReportWarning]:
    worst: dict[tuple[str, str], tuple[float, str, Figure, bool]] = {}
    for one in comparisons:
        for figure in one.figures:
            is_mean = figure.level == "mean" and figure.spread > 0
            unit = figure.spread if is_mean else 1.0
            chance = abs(figure.difference) / max(figure.chance, 1e-12)
            if abs(figure.difference) / unit > NOTABLE[is_mean] and chance > BEYOND_CHANCE:
                new = (abs(figure.difference) / unit, one.segment, figure, is_mean)
                key = (one.segment, figure.column)
                worst[key] = max(worst.get(key, new), new, key=lambda each: each[0])
    if worst:
        found = list(worst.values())
        found.sort(key=lambda each: (each[3], -each[0]))
        texts = [_far_off_text(segment, figure) for _, segment, figure, _ in found[:MAX_NAMED]]
        more = f", and {len(found) - MAX_NAMED} more" if len(found) > MAX_NAMED else ""
        detail = f"Figures are off by more than chance: {'; '.join(texts)}{more}."
        yield ReportWarning("figures_off", detail)


def _far_off_text(segment: str, figure: Figure) -> str:
    if figure.level == "mean":
        values = f"mean {_number(figure.predicted)} instead of {_number(figure.hidden)}"
        return f"{figure.column} among {segment}, {values}"
    values = f"{figure.predicted:.0%} instead of {figure.hidden:.0%}"
    return f"{figure.column} = {figure.level} among {segment}, {values}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


def _listed(names: tuple[str, ...] | list[str]) -> str:
    shown = ", ".join(names[:MAX_NAMED])
    return f"{shown} and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else shown


Line = tuple[str, str, str, str, str, str]
HEADS: tuple[Line, ...] = (
    ("", "used,", "shares", "means", "worth of the rows", "table of those used:"),
    ("segment", "hidden", "off by", "off by", "in interviews", "shares, means off by"),
)


def _line(one: Comparison) -> Line:
    return (
        one.segment,
        f"{one.used:,}, {one.hidden:,}",
        _points(one.predicted.shares),
        _deviations(one.predicted.numbers),
        _interviews(one.worth),
        f"{_points(one.tabulated.shares)}, {_deviations(one.tabulated.numbers)}",
    )


def _table(lines: list[Line]) -> list[str]:
    everything = [*HEADS, *lines]
    first, *others = (max(len(line[index]) for line in everything) for index in range(6))
    return [
        "  ".join([f"{name:<{first}}", *map(str.rjust, cells, others)]).rstrip()
        for name, *cells in everything
    ]


def _points(share: float | None) -> str:
    if share is None:
        return "-"
    return f"{100 * share:.1f} points" if share >= 0.0005 else "chance"


def _deviations(number: float | None) -> str:
    if number is None:
        return "-"
    return f"{number:.2f} SD" if number >= 0.005 else "chance"


def _interviews(worth: Worth) -> str:
    if worth.low == 0:
        return UNKNOWN
    if worth.interviews is None or worth.high is None:
        return f"at least {_rounded(worth.low)}"
    between = f"{_rounded(worth.low)} to {_rounded(worth.high)}"
    return f"{_rounded(worth.interviews)} ({between})"


def _rounded(number: float) -> str:
    """Return a number of interviews in two digits."""
    return f"{float(f'{number:.2g}'):,.0f}"


def _times(gain: Worth) -> str:
    end = "interviews for each respondent used"
    if gain.interviews is None or gain.high is None:
        return f"at least {gain.low:.1f} {end}; their error may be chance alone"
    return f"about {gain.interviews:.1f} ({gain.low:.1f} to {gain.high:.1f}) {end}"


def _sentence(one: Comparison) -> str:
    texts = {
        BETTER: "more than the respondents used",
        ALIKE: "not told apart from the respondents used",
        WORSE: "less than the respondents used",
    }
    worth = _interviews(one.worth)
    if worth == UNKNOWN:
        return TOO_FEW
    return f"The rows are worth {worth} interviews, {texts[one.verdict]} ({one.used:,})."
