"""Columns whose cells hold several answers: each option becomes a column."""

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types as arrow_types

from simulacra.engine import disclosure, errors
from simulacra.engine.cleaning import names, overrides, pooling, separators, texts
from simulacra.engine.cleaning.overrides import Override
from simulacra.engine.cleaning.separators import Cells, Guess, Parts
from simulacra.engine.codebook import RawStudy, Variable
from simulacra.engine.columns import registry
from simulacra.engine.columns.arrays import Floats, Int64s
from simulacra.engine.columns.drafts import floats, look_up
from simulacra.engine.columns.schema import OF_OPTION, AnswerList, CleaningAction
from simulacra.engine.columns.texts.conventions import Conventions
from simulacra.engine.options import Options

SAMPLE = 5_000
"""Rows, evenly spread, by which it is decided what stands between the answers of a cell."""
MARKS = "[" + re.escape("".join((*separators.CERTAIN, *separators.ORDERED, "["))) + "]"
UNKNOWN = Variable()


def split(raw: RawStudy, options: Options) -> RawStudy:
    """Return the study with a column for each option of columns whose cells hold several answers.

    Whether the cells of a column do is decided by `separators.find` or by the caller. Lists of
    Arrow are such cells if their answers are few and never come twice in one.

    Raises:
        errors.OptionError: the caller has a separator for a column that is no text.
    """
    table = raw.table
    cleaned = names.clean(table.column_names)
    matched = overrides.match(options, table.column_names, cleaned, is_whole=False)
    made: list[tuple[str, pa.ChunkedArray | pa.Array]] = []
    labels: dict[str, Variable] = {}
    found, lists = _Found(), []
    for source, name, override in zip(table.column_names, cleaned, matched, strict=True):
        column = table[source]
        answers = _answers(source, column, override)
        if not isinstance(answers, _Answers):
            found.add_whole(source, override, answers)
            made.append((source, column))
            continue
        label = names.strip_markup(raw.variables.get(source, UNKNOWN).label or source) or source
        new = [(f"{source}{OF_OPTION}{option}", array) for option, array in answers.arrays()]
        labels |= {
            column: Variable(f"{label}{OF_OPTION}{option}")
            for (column, _), option in zip(new, answers.options, strict=True)
        }
        made += new
        lists.append(answers.as_list(source, name, [column for column, _ in new]))
        found.add(source, answers)
    if not lists and not found.separators and not found.actions:
        return raw
    unique = names.make_unique([name for name, _ in made], str, " ")
    return dataclasses.replace(
        raw,
        table=pa.table([array for _, array in made], names=unique),
        variables={**raw.variables, **labels},
        answer_lists=tuple(lists),
        actions=(*raw.actions, *found.actions),
        overrides=_with(raw.overrides, separators=found.separators, missing=found.missing),
    )


def origins(raw: RawStudy) -> dict[str, tuple[str, ...]]:
    """Return the columns that each column of the file was split into, by both of its names."""
    lists = raw.answer_lists
    return {name: one.columns for one in lists for name in (one.name, one.column)}


@dataclasses.dataclass(frozen=True)
class _Found:
    """What is to be told about the columns that were split, and the overrides that say it."""

    separators: dict[str, str] = dataclasses.field(default_factory=dict)
    missing: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    actions: list[CleaningAction] = dataclasses.field(default_factory=list)

    def add_whole(self, source: str, override: Override, guess: Guess | None) -> None:
        """Tell of a column that was not split."""
        if override.separator == "":
            self.separators[source] = ""
        if guess is not None:
            reason = (
                f"its cells may hold several answers with {guess.separator!r} between them; too "
                "few tell, so they are whole unless the separator of this column is stated"
            )
            self.actions.append(CleaningAction(source, "noticed", reason, 1))

    def add(self, source: str, answers: "_Answers") -> None:
        """Tell of a column that was split."""
        if answers.separator is not None:
            self.separators[source] = answers.separator
            if answers.missing or answers.is_missing_stated:
                self.missing[source] = [*answers.missing]
        self.actions.extend(answers.actions(source))


def _with(found: Mapping[str, Any], **more: Mapping[str, Any]) -> dict[str, Any]:
    joined = {name: {**found.get(name, {}), **values} for name, values in more.items() if values}
    return {**found, **joined}


@dataclasses.dataclass(frozen=True)
class _Answers:
    """The answers in the cells of a column.

    Attributes:
        cells: the different cells.
        codes: float64, shape (rows,): which of them each row has; NaN for no answer.
        separator: what stands between answers; None in lists of Arrow.
        missing: texts that stand for no answer; empty cells are among them as an empty text.
        is_missing_stated: the caller has said which texts do.
        blanks: rows whose cell is empty.
        write_ins: different answers that too few rows share.
    """

    cells: Cells
    codes: Floats
    separator: str | None = None
    missing: tuple[str, ...] = ()
    is_missing_stated: bool = False
    blanks: int = 0
    write_ins: int = 0

    @property
    def options(self) -> Parts:
        """The options, the rare ones pooled."""
        return self.cells.options

    def arrays(self) -> Iterator[tuple[str, pa.Array]]:
        """Yield each option with its column: chosen or not, or its rank."""
        missing = np.isnan(self.codes)
        is_ranking = self.cells.is_ranking
        for option in self.options:
            ranks = [cell.index(option) + 1 if option in cell else 0 for cell in self.cells.parts]
            values = np.where(missing, 0, look_up(np.array(ranks, np.float64), self.codes))
            kind = np.int64 if is_ranking else np.bool_
            yield option, pa.array(values.astype(kind), mask=missing)

    def as_list(self, source: str, name: str, columns: Sequence[str]) -> AnswerList:
        """Return what the schema keeps of the column."""
        return AnswerList(
            source,
            name,
            tuple(columns),
            self.separator,
            is_terminated=self.cells.is_terminated,
            is_ranking=self.cells.is_ranking,
        )

    def actions(self, source: str) -> Iterator[CleaningAction]:
        """Yield what is told about the column."""
        cells, rows = self.cells, int(np.sum(~np.isnan(self.codes)))
        between = "in lists" if self.separator is None else f"with {self.separator!r} between them"
        share = cells.several / max(rows, 1)
        evidence = "all cells in one order" if cells.is_in_order else "in any order, which is lost"
        what = "several answers"
        if cells.is_ranking:
            what, evidence = "a ranking", "each cell has all of them"
        yield CleaningAction(
            source,
            "split",
            f"cells hold {what} {between}: {len(self.options)} options, {evidence}; "
            f"{share:.0%} of the cells hold more than one",
            len(self.options),
        )
        if self.write_ins:
            pooled = pooling.POOL in self.options
            into = f"pooled into {pooling.POOL!r}" if pooled else "left out, too few to pool"
            yield CleaningAction(
                source,
                "pooled" if pooled else "blanked",
                f"{self.write_ins} answers that fewer than {disclosure.THRESHOLD} rows share "
                f"{into}",
                self.write_ins,
            )
        if self.blanks and "" in self.missing:
            yield CleaningAction(
                source,
                "blanked",
                f"{self.blanks} empty cells taken as no answer to the question; if they mean that "
                "nothing was chosen, leave the empty text out of what is missing in this column",
                self.blanks,
            )
        elif self.blanks:
            reason = f"{self.blanks} empty cells taken as nothing chosen"
            yield CleaningAction(source, "filled", reason, self.blanks)


def _answers(source: str, column: pa.ChunkedArray, override: Override) -> _Answers | Guess | None:
    """Return the answers in a column's cells, None if a cell holds one; a guess if it may."""
    if override.is_dropped or override.is_weight or override.separator == "":
        return None
    if _is_list(column.type):
        return None if override.type is not None else _of_lists(column)
    if not arrow_types.is_string(column.type) and not arrow_types.is_large_string(column.type):
        if override.separator:
            raise errors.OptionError(
                "separators", f"Column {source!r} is no text, so nothing separates its answers."
            )
        return None
    separator = override.separator
    if separator is None and override.type is None:
        guess = _guess(column, override.conventions)
        if guess is not None and not guess.is_certain:
            return guess
        separator = None if guess is None else guess.separator
    if separator is None:
        return None
    return _of_texts(column, separator, override.conventions)


def _is_list(kind: pa.DataType) -> bool:
    is_list = arrow_types.is_list(kind) or arrow_types.is_large_list(kind)
    if not is_list and not arrow_types.is_fixed_size_list(kind):
        return False
    value = kind.value_type
    return bool(
        arrow_types.is_string(value)
        or arrow_types.is_large_string(value)
        or arrow_types.is_integer(value)
        or arrow_types.is_boolean(value)
    )


def _of_lists(column: pa.ChunkedArray) -> _Answers | None:
    """Return the answers in lists of Arrow, None if they are no options of a question."""
    lists = [None if it is None else tuple(str(x) for x in it if x is not None)
             for it in column.to_pylist()]  # fmt: skip
    distinct = {cell: index for index, cell in enumerate(dict.fromkeys(filter(None, lists)))}
    distinct.setdefault((), len(distinct))
    codes = np.array([np.nan if cell is None else distinct[cell] for cell in lists])
    cells = separators.of_lists(distinct, _counts(codes, len(distinct)))
    if not separators.are_options(cells):
        return None
    return _pooled(_Answers(cells, codes))


def _guess(column: pa.ChunkedArray, conventions: Conventions) -> Guess | None:
    """Return what may stand between answers, None if nothing does."""
    rows = len(column)
    if rows > SAMPLE:
        column = column.take(pa.array(np.arange(SAMPLE) * rows // SAMPLE))
    has_mark = pc.match_substring_regex(column, MARKS)
    if pc.sum(has_mark).as_py() is None or pc.sum(has_mark).as_py() < separators.MIN_CELLS:
        return None
    distinct, codes, is_missing = _encoded(column, conventions)
    counts = _counts(codes, len(distinct))
    kept, counts = distinct.filter(pa.array(~is_missing)), counts[~is_missing]
    guess = separators.find(kept.to_pylist(), counts)
    if guess is None or registry.recognise(kept, counts, conventions).type.is_temporal:
        return None
    if guess.separator[0] == conventions.decimal and separators.are_numbers(
        separators.part(kept.to_pylist(), counts, guess.separator).options
    ):
        return None
    return guess


def _of_texts(column: pa.ChunkedArray, separator: str, conventions: Conventions) -> _Answers:
    distinct, codes, is_missing = _encoded(column, conventions)
    counts = _counts(codes, len(distinct))
    is_blank = np.asarray(pc.equal(distinct, ""), dtype=bool)
    missing = tuple(texts.public(distinct, counts, is_missing & ~is_blank))
    if conventions.missing is not None:
        missing = tuple(text for text in conventions.missing if text == "" or text in missing)
    elif is_blank.any():
        missing = ("", *missing)
    listed = pc.if_else(pa.array(is_missing), "", distinct).to_pylist()
    cells = separators.part(listed, np.where(is_missing, 0, counts), separator)
    known = look_up(np.where(is_missing, np.nan, 0.0), codes)
    answers = _Answers(
        cells,
        codes + known,
        separator,
        missing,
        is_missing_stated=conventions.missing is not None,
        blanks=int(counts[is_blank].sum()),
    )
    return _pooled(answers)


def _encoded(
    column: pa.ChunkedArray, conventions: Conventions
) -> tuple[pa.StringArray, Floats, np.ndarray]:
    """Return the different cells, which of them each row has, and which are no answer.

    An empty cell is no answer unless the caller has said what is, and it is not among it.
    """
    trimmed = pc.fill_null(pc.utf8_trim_whitespace(column.cast(pa.string())), "")
    encoded = trimmed.combine_chunks().dictionary_encode()
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    distinct = encoded.dictionary
    is_missing = texts.stand_for_no_answer(distinct, conventions)
    if conventions.missing is None or "" in conventions.missing:
        is_missing = is_missing | np.asarray(pc.equal(distinct, ""), dtype=bool)
    return distinct, floats(pa.chunked_array([encoded.indices])), is_missing


def _pooled(answers: _Answers) -> _Answers:
    """Return the answers with those that too few rows share as one option, if enough have one."""
    cells = answers.cells
    options = _commonest(cells)
    known = {*options}
    has_rare = [any(part not in known for part in cell) for cell in cells.parts]
    rare = {part for cell in cells.parts for part in cell if part not in known}
    if not rare:
        return answers
    is_pooled = pooling.POOL in known or cells.counts[has_rare].sum() >= disclosure.THRESHOLD
    parts = [
        (*(part for part in cell if part in known and (not is_rare or part != pooling.POOL)),
         *([pooling.POOL] if is_rare and is_pooled else ()))
        for cell, is_rare in zip(cells.parts, has_rare, strict=True)
    ]  # fmt: skip
    if is_pooled and pooling.POOL not in known:
        options = (*options, pooling.POOL)
    cells = dataclasses.replace(cells, parts=parts, options=options)
    return dataclasses.replace(answers, cells=cells, write_ins=len(rare))


def _commonest(cells: Cells) -> Parts:
    """Return as many options as a column may have levels, the commonest ones."""
    if len(cells.options) < pooling.MAX_LEVELS:
        return cells.options
    shared = separators.tally(cells.parts, cells.counts)
    kept = {*sorted(cells.options, key=lambda option: -shared[option])[: pooling.MAX_LEVELS - 1]}
    return tuple(option for option in cells.options if option in kept)


def _counts(codes: Floats, size: int) -> Int64s:
    return np.bincount(codes[~np.isnan(codes)].astype(np.int64), minlength=size)
