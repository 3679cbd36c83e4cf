"""`multiple_response`: how many choose an option of a question with several answers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from simulacra.engine.columns.schema import Column, MultipleResponseSet, Schema
from simulacra.engine.scenario.kinds.checking import Checker
from simulacra.engine.scenario.kinds.kind import Kind
from simulacra.engine.scenario.terms import Cell, Interval, Levels, Partition

JOINTS = " -:/._"
"""Between a question and an option, in labels of options."""


class Options(Kind):
    """Multiple-response set to option to share, of the rows that were asked the question.

    An option goes by the name or label of its column, by what follows the question in that label
    (`Which films? - First film`), or by its level where each column holds one of the options
    chosen. Shares of options need not sum to anything.
    """

    member = "multiple_response"

    def read(self, check: Checker, given: Any) -> Iterator[Partition]:  # noqa: ANN401 - of any kind
        """Yield the shares of each option."""
        if not isinstance(given, Mapping):
            check.fault(f"Give {self.member!r} as an object of set and object of option and share.")
            return
        sets = {one.name: one for one in check.schema.sets}
        for name, shares in given.items():
            here = check.at(name)
            if name not in sets:
                hint = here.nearest_set(name)
                detail = f"The schema has no multiple-response set {name!r}. {hint}"
                here.fault(detail, "unknown_condition_column")
                continue
            text = f"Give set {name!r} an object of option and share, with at least one option."
            cells = _options(check.schema, sets[name])
            for option, share in (here.mapping(shares, text) or {}).items():
                found = _of_option(here.at(option), name, cells, option, share)
                if found is not None:
                    yield found

    def reshared(self, schema: Schema, given: Any, shares: Iterator[Sequence[float]]) -> Any:  # noqa: ANN401, ARG002 - of any kind
        """Return the same with other shares."""
        return {
            name: {option: next(shares)[0] for option in options} for name, options in given.items()
        }


def _of_option(
    check: Checker, name: str, cells: Mapping[str, Cell], option: object, share: object
) -> Partition | None:
    cell = cells.get(option) if isinstance(option, str) else None
    if cell is None:
        hint = check.nearest(option, [*cells], "options")
        detail = f"Set {name!r} has no option {option!r}. {hint}"
        check.fault(detail, "unknown_condition_level")
        return None
    found = check.share(f"Option {option!r} of set {name!r}", share)
    if found is None:
        return None
    return Partition(
        kind="option",
        column=name,
        cells=(cell,),
        names=(str(option),),
        group_of_cell=(0,),
        shares=(found, 1 - found),
        named=1,
        has_rest=True,
        among=check.among,
    )


def _options(schema: Schema, one: MultipleResponseSet) -> dict[str, Cell]:
    """Return the cell of each option, by every name that it goes by."""
    columns = [schema[name] for name in one.columns]
    if one.kind == "category":
        levels = dict.fromkeys(level for column in columns for level in column.levels)
        return {
            level: Cell(
                tuple(
                    (column.name, Levels(frozenset({column.levels.index(level)})))
                    for column in columns
                    if level in column.levels
                ),
                is_any=True,
            )
            for level in levels
        }
    cells: dict[str, Cell] = {}
    for column in columns:
        chosen = _chosen(column, one)
        if chosen is not None:
            cell = Cell(((column.name, chosen),))
            for name in (column.name, column.source_name, column.label, _short(column.label, one)):
                cells.setdefault(name, cell)
    return cells


def _chosen(column: Column, one: MultipleResponseSet) -> Levels | Interval | None:
    """Return what is true of rows that choose an option, None if no level says so."""
    if not column.type.is_categorical:
        return Interval(1, 1)
    counted = column.levels[-1] if one.counted is None else one.counted
    return Levels(frozenset({column.levels.index(counted)})) if counted in column.levels else None


def _short(label: str, one: MultipleResponseSet) -> str:
    """Return the label of an option without the question, which survey tools write before it."""
    if not label.startswith(one.label):
        return label
    rest = label.removeprefix(one.label).strip()
    is_bracketed = rest.startswith("[") and rest.endswith("]")
    return (rest[1:-1] if is_bracketed else rest.lstrip(JOINTS)).strip() or label


OPTIONS = Options()
