"""A scenario in words: what was asked of rows, for people who did not write it.

It takes conditions in the form in which they are given, and loads no numerical code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from simulacra.engine.columns.schema import Schema

REST = "the rest as the model predicts"
WHOLE = 1 - 1e-9
"""From this sum on, shares leave nothing for a rest."""


def of(schema: Schema | None, asked: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a sentence for each condition, without its full stop; none if nothing was asked for.

    Args:
        schema: of the study, for the labels; None if it is gone.
        asked: the conditions by kind, as arguments of `Model.generate`; checked before.
    """
    return tuple(_Words(schema).each(asked))


class _Words:
    def __init__(self, schema: Schema | None) -> None:
        self._labels: dict[str, str] = {}
        if schema is not None:
            self._labels = {one.name: one.label for one in schema.sets}
            self._labels |= {column.name: column.label for column in schema.columns}

    def each(self, asked: Mapping[str, Any]) -> Iterator[str]:
        """Yield what was asked, in the order of the kinds."""
        for name, shares in (asked.get("categorical") or {}).items():
            told = [f"{_share(share)} {_level(level)}" for level, share in shares.items()]
            yield f"{self.name(name)}: {_listed([*told, *_rest(shares.values())])}"
        for name, ends in (asked.get("numeric") or {}).items():
            yield f"{self.name(name)}: all rows {_span(ends)}"
        for name, mean in (asked.get("means") or {}).items():
            yield f"{self.name(name)}: a mean of {mean}"
        for name, bands in (asked.get("bands") or {}).items():
            told = [f"{_share(band['share'])} {_span(band)}" for band in bands]
            rest = _rest([band["share"] for band in bands])
            yield f"{self.name(name)}: {_listed([*told, *rest])}"
        for one in asked.get("joint") or ():
            names = " and ".join(map(self.name, one["columns"]))
            told = [f"{_share(it['share'])} {_cell(it['cell'])}" for it in one["shares"]]
            rest = _rest([it["share"] for it in one["shares"]])
            yield f"{names} together: {_listed([*told, *rest])}"
        for name, shares in (asked.get("multiple_response") or {}).items():
            told = [f"{_share(share)} choose {option}" for option, share in shares.items()]
            yield f"{self.name(name)}: {_listed(told)}"
        for group in asked.get("groups") or ():
            among = " and ".join(
                f"{self.name(name)} {_member(value)}" for name, value in group["where"].items()
            )
            for sentence in self.each({key: it for key, it in group.items() if key != "where"}):
                yield f"Among rows with {among}: {sentence}"

    def name(self, name: str) -> str:
        """Return a column or set with its label, where that says more."""
        label = self._labels.get(name) or name
        return name if label == name else f"{label} ({name})"


def _share(share: float) -> str:
    """Return a share as it was given: 55 %, 12.5 %."""
    return f"{100 * share:.4g}%"


def _level(level: Any) -> str:  # noqa: ANN401 - of any kind
    """Return a level; one that could be taken for a figure of the scenario in quotation marks."""
    text = str(level)
    return text if text[:1].isalpha() else f"'{text}'"


def _rest(shares: Iterable[float]) -> list[str]:
    return [] if sum(shares) >= WHOLE else [REST]


def _span(ends: Mapping[str, Any]) -> str:
    return f"from {ends['min']} to {ends['max']}"


def _cell(cell: Iterable[Any]) -> str:
    return " with ".join(_span(it) if isinstance(it, dict) else str(it) for it in cell)


def _member(value: Any) -> str:  # noqa: ANN401 - a level, levels or a range
    if isinstance(value, dict):
        return _span(value)
    return f"= {' or '.join(map(str, value)) if isinstance(value, list | tuple) else value}"


def _listed(parts: list[str]) -> str:
    return ", ".join(parts)
