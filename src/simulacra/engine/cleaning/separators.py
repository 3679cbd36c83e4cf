"""What stands between several answers in one cell, and which options the cells hold.

Tools write the answers to a check-box question into one cell: ``Phone;App``, ``Phone, App``,
``1 4 7``, a line each, or a list as JSON or Python writes it. That texts are such cells is decided
by their structure. The parts between a separator are few, and many cells share each; they come in
more combinations than there are parts; and none comes twice in a cell, or all keep one order, where
parts shuffled over the cells would not (`log_chance`). Parts that have a place of their own, as in
"City, Country", "Doe, John" or 12,50, would never come twice however they were shuffled, so they
are no evidence.
"""

import ast
import collections
import dataclasses
import functools
import graphlib
import itertools
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from simulacra.engine import disclosure
from simulacra.engine.columns.texts import spellings

CERTAIN = ("\n", ";", "\uff1b", "|", "\u250b", "\u3001", "\uff0c", ",")
"""Separators in the order in which they are tried, among them those of Chinese and Japanese."""
ORDERED = ("/", " ")
"""Separators that stand inside options too: they count if all cells keep one order."""

JSON_LIST, PYTHON_LIST, BARE_LIST = '[""]', "['']", "[]"
"""Stand for lists as JSON and Python write them, and for such lists of numbers."""
LISTS = (JSON_LIST, PYTHON_LIST, BARE_LIST)

MIN_OPTIONS, MAX_OPTIONS = 3, 100
MIN_IN_LIST = 2
"""Options from which on a column may hold several answers; a list needs fewer, since it is one."""
MIN_CELLS = 5
MIN_SHARE = 0.02
"""Rows with several answers, in number and as a share, from which on a column may be of such."""
COVERAGE = 0.8
"""Share of all parts that are options which enough cells have; the others are write-ins."""
CHANCE = 0.01
"""Of what shuffled parts do by accident, up to which it is evidence."""
ENDS = 2
"""Of a range: where each cell has two numbers, they may be the ends of one."""
SUSPICION = 0.3
"""Chance up to which the report says that a column, not one of codes, may be of such cells."""
MAX_GAPS = 0.01
"""Share of the cells with a separator that may have nothing between two of them."""
MAX_COPIES = 10
"""Rows with the same cell that count as evidence; more may be copies of one level."""

PROBE, MAX_ONCE = 1_000, 2 * (1 - COVERAGE)
"""Different cells of a long column that are parted first, and the share of their parts that may
come only once: twice as many as write-ins may be."""

ALMOST = 1 - 1e-12
HELD = "\ue000"
"""Stands for a separator inside brackets, which parts nothing."""
UNREADABLE = (ValueError, SyntaxError, RecursionError, MemoryError)
"""What reading a text as JSON or as a value of Python raises if it is neither."""
BRACKETS = re.compile(r"\([^()]*\)")
LIST = re.compile(r"\[.*\]", re.DOTALL)
QUOTED = re.compile(r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")(\s+(?=['"]))?""")
"""A text as Python writes it, and the space up to another one, as in an array of NumPy."""
WHOLE = re.compile(r"0|-?[1-9]\d{0,8}")

Parts = tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Cells:
    """Different cells of a column, parted.

    Attributes:
        parts: of each cell, its answers in their order.
        options: answers that enough rows share, in the order of the cells if they keep one.
        counts: int64, shape (cells,): the rows that have each.
        is_in_order: all cells keep the order of the options.
        is_terminated: the separator stands behind the last answer too.
    """

    parts: Sequence[Parts]
    options: Parts
    counts: np.ndarray
    is_in_order: bool
    is_terminated: bool

    @functools.cached_property
    def several(self) -> int:
        """How many rows have more than one answer."""
        return sum(int(n) for cell, n in zip(self.parts, self.counts, strict=True) if len(cell) > 1)

    @property
    def is_ranking(self) -> bool:
        """Each cell has all options: their order is the answer."""
        complete = len(self.options)
        return complete >= MIN_OPTIONS and all(
            len(cell) == complete and set(cell) == set(self.options) for cell in self.parts if cell
        )


class Guess(NamedTuple):
    """What may stand between several answers in the cells of a column.

    Attributes:
        separator: it, or one of `LISTS`.
        is_certain: the evidence suffices.
    """

    separator: str
    is_certain: bool


def find(texts: Sequence[str], counts: np.ndarray) -> Guess | None:
    """Return what stands between several answers in the cells of a column, None if nothing does.

    Args:
        texts: the different cells.
        counts: int64, shape (texts,): the rows that have each.
    """
    if (written := _list_form(texts)) is not None:
        return (
            Guess(written, is_certain=True) if are_options(part(texts, counts, written)) else None
        )
    rows = int(counts.sum())
    if len(texts) <= MIN_OPTIONS:
        return None
    suspected = None
    together = "\0".join(texts)
    for mark in filter(together.__contains__, (*CERTAIN, *ORDERED)):
        having = _rows(texts, counts, re.compile(f"{re.escape(mark)}.", re.DOTALL).search)
        gap = _gap(mark)
        is_of_fields = _rows(texts, counts, gap.search) > MAX_GAPS * having if gap else False
        if having < max(MIN_CELLS, MIN_SHARE * rows) or is_of_fields:
            continue
        for separator in _spaced(mark, texts):
            if _is_prose(texts, separator):
                continue
            cells = part(texts, counts, separator)
            if not _may_be_several(cells, separator):
                continue
            chance = log_chance(cells)
            if chance <= math.log(CHANCE) and _is_combined(cells):
                return Guess(separator, is_certain=True)
            is_likely = mark in CERTAIN and not are_numbers(cells.options)
            if suspected is None and is_likely and chance <= math.log(SUSPICION):
                suspected = Guess(separator, is_certain=False)
    return suspected


def _is_prose(texts: Sequence[str], separator: str) -> bool:
    """Tell whether most parts of many cells come only once, so that they cannot be options."""
    if len(texts) <= PROBE:
        return False
    split = _splitter(separator)
    shared = collections.Counter(answer for text in texts[:PROBE] for answer in set(split(text)))
    once = sum(count == 1 for count in shared.values())
    return once > MAX_ONCE * shared.total()


def part(texts: Sequence[str], counts: np.ndarray, separator: str) -> Cells:
    """Return cells parted by a separator, or as lists of one of the forms `LISTS`.

    An option that itself holds the separator is told by its parts, which never come apart, or by
    the brackets that they are in. Spellings that differ in case or spaces are one option.
    """
    read = _read_list if separator in LISTS else _splitter(separator)
    return of_lists([read(text) for text in texts], counts, separator,
                    is_terminated=_is_terminated(texts, separator))  # fmt: skip


def of_lists(
    lists: Iterable[Parts], counts: np.ndarray, separator: str = "", *, is_terminated: bool = False
) -> Cells:
    """Return cells that are lists of answers already.

    Args:
        lists: the answers of each cell.
        counts: int64, shape (cells,): the rows that have each.
        separator: what stood between them; empty, or of the forms `LISTS`, if an answer cannot
            have been parted.
        is_terminated: it stood behind the last one too.
    """
    parts = [tuple(part for part in cell if part) for cell in lists]
    if separator and separator not in LISTS:
        parts = _joined(parts, counts, separator)
    parts = _spelled(parts, counts)
    shared = tally(parts, counts)
    common = [part for part, count in shared.items() if count >= disclosure.THRESHOLD]
    common.sort(key=spellings.natural_order)
    order = _order(parts, common)
    return Cells(parts, tuple(order or common), counts, order is not None, is_terminated)


def log_chance(cells: Cells) -> float:
    """Return the log chance that shuffled parts keep apart as those of the cells do.

    What stands at each place of a cell is shuffled over the cells. The chance is that none then
    comes twice in a cell or, if it is smaller, that all keep one order, of as many as there are.
    """
    index = {option: position for position, option in enumerate(cells.options)}
    kept = [
        ([index[part] for part in cell if part in index], min(int(count), MAX_COPIES))
        for cell, count in zip(cells.parts, cells.counts, strict=True)
    ]
    kept = [(cell, count) for cell, count in kept if len(cell) > 1]
    if not kept:
        return 0.0
    shares = np.zeros((max(len(cell) for cell, _ in kept), len(index)))
    for cell, count in kept:
        shares[np.arange(len(cell)), cell] += count
    shares /= shares.sum(axis=1, keepdims=True)
    meeting = np.log1p(-np.minimum(shares @ shares.T, ALMOST))
    later = 1 - np.cumsum(shares[1:], axis=1)
    ascending = np.log(np.maximum((shares[:-1] * later).sum(axis=1), 1 - ALMOST))
    apart = in_order = 0.0
    for cell, count in kept:
        apart += count * float(np.triu(meeting[: len(cell), : len(cell)], 1).sum())
        in_order += count * float(ascending[: len(cell) - 1].sum())
    if not cells.is_in_order:
        return apart
    return min(apart, in_order + (0.0 if are_numbers(index) else math.lgamma(len(index) + 1)))


def _may_be_several(cells: Cells, separator: str) -> bool:
    """Tell whether parted cells have the form of those of a question with several answers."""
    if not MIN_OPTIONS <= len(cells.options) <= MAX_OPTIONS or not are_options(cells):
        return False
    if cells.several < max(MIN_CELLS, MIN_SHARE * cells.counts.sum()):
        return False
    is_of_numbers = are_numbers(cells.options)
    if is_of_numbers and all(len(cell) == ENDS for cell in cells.parts if cell):
        return False
    is_certain = separator[0] in CERTAIN and not (separator[0] == "," and is_of_numbers)
    return is_certain or cells.is_in_order


def _is_combined(cells: Cells) -> bool:
    """Tell whether the options come in as many combinations as there are options."""
    combined = [cell for cell in cells.parts if len(cell) > 1 and {*cell} <= {*cells.options}]
    different = {cell if cells.is_ranking else frozenset(cell) for cell in combined}
    return len(different) >= len(cells.options)


def are_options(cells: Cells) -> bool:
    """Tell whether parts are few, shared by many cells, and never twice in one."""
    options, shared = {*cells.options}, tally(cells.parts, cells.counts)
    covered = sum(shared[option] for option in options)
    if len(options) < MIN_IN_LIST or covered < COVERAGE * shared.total():
        return False
    kept = ([part for part in cell if part in options] for cell in cells.parts)
    return all(len(cell) == len({*cell}) for cell in kept)


def _spaced(mark: str, texts: Sequence[str]) -> Iterator[str]:
    """Yield a mark with the space that tools write behind it, if they do, and without."""
    spaced = f"{mark} "
    if not mark.isspace() and any(spaced in text for text in texts):
        yield spaced
    if any(mark in text.replace(spaced, "") for text in texts) or mark.isspace():
        yield mark


def _rows(texts: Sequence[str], counts: np.ndarray, holds: Callable[[str], object]) -> int:
    """Return how many rows have a text of some kind."""
    return sum(int(n) for text, n in zip(texts, counts, strict=True) if holds(text))


def _gap(mark: str) -> re.Pattern[str] | None:
    """Return what finds nothing before a mark, as where the parts are fields in their places."""
    if mark.isspace():
        return None
    escaped = re.escape(mark)
    return re.compile(rf"^\s*{escaped}|{escaped}\s*{escaped}")


def _splitter(separator: str) -> Callable[[str], Parts]:
    def read(text: str) -> Parts:
        if "(" in text:
            text = BRACKETS.sub(lambda found: found[0].replace(separator, HELD), text)
        return tuple(part.replace(HELD, separator).strip() for part in text.split(separator))

    return read


def _is_terminated(texts: Sequence[str], separator: str) -> bool:
    """Tell whether the separator stands behind the last answer too."""
    mark = separator.strip()
    filled = [text for text in texts if text]
    return bool(mark and filled) and all(text.endswith(mark) for text in filled)


def _list_form(texts: Sequence[str]) -> str | None:
    """Return how lists in cells are written, None if the cells are none."""
    filled = [text for text in texts if text]
    if not filled or not all(LIST.fullmatch(text) for text in filled):
        return None
    try:
        lists = [json.loads(text) for text in filled]
        written = JSON_LIST if any(isinstance(it, str) for it in _flat(lists)) else BARE_LIST
    except UNREADABLE:
        try:
            lists, written = [_literal(text) for text in filled], PYTHON_LIST
        except UNREADABLE:
            return None
    is_flat = all(isinstance(it, str | int | float | None) for it in _flat(lists))
    return written if is_flat else None


def _literal(text: str) -> Any:  # noqa: ANN401 - whatever the text says
    """Return the value that a text of Python writes, an array of NumPy as a list.

    Such an array has no commas, and Python takes texts that follow each other for one.
    """
    return ast.literal_eval(QUOTED.sub(lambda found: found[0] + ("," if found[1] else ""), text))


def _flat(lists: Iterable[list[Any]]) -> Iterator[Any]:
    return itertools.chain.from_iterable(lists)


def _read_list(text: str) -> Parts:
    """Return the answers in a list as JSON or Python writes it; none if it cannot be read."""
    try:
        answers = json.loads(text)
    except UNREADABLE:
        try:
            answers = _literal(text)
        except UNREADABLE:
            return (text,)
    if not isinstance(answers, list | tuple):
        return (text,)
    return tuple(str(answer).strip() for answer in answers if answer is not None)


def _joined(parts: list[Parts], counts: np.ndarray, separator: str) -> list[Parts]:
    """Return cells whose parts that never come apart are one: they are an option with a separator.

    One part is followed only by parts that come after no other; or the other way round.
    """
    while True:
        after: dict[str, set[str]] = collections.defaultdict(set)
        before: dict[str, set[str]] = collections.defaultdict(set)
        for cell in parts:
            for first, second in itertools.pairwise(("", *cell, "")):
                after[first].add(second)
                before[second].add(first)
        shared = tally(parts, counts)
        bound = set()
        for part in shared:
            if shared[part] < disclosure.THRESHOLD:
                continue
            if "" not in after[part] and all(before[it] == {part} for it in after[part]):
                bound |= {(part, follower) for follower in after[part]}
            elif "" not in before[part] and all(after[it] == {part} for it in before[part]):
                bound |= {(leader, part) for leader in before[part]}
        if not bound:
            return parts
        parts = [_join(cell, bound, separator) for cell in parts]


def _join(cell: Parts, bound: set[tuple[str, str]], separator: str) -> Parts:
    joined: list[str] = []
    last = ""
    for part in cell:
        if (last, part) in bound:
            joined[-1] = f"{joined[-1]}{separator}{part}"
        else:
            joined.append(part)
        last = part
    return tuple(joined)


def _spelled(parts: list[Parts], counts: np.ndarray) -> list[Parts]:
    """Return cells with the commonest spelling of each answer."""
    shared = tally(parts, counts)
    spelling, _ = spellings.merge([*shared], np.array([*shared.values()], np.int64))
    return [tuple(spelling[part] for part in cell) for cell in parts]


def tally(parts: Iterable[Parts], counts: np.ndarray) -> collections.Counter[str]:
    """Return in how many rows each part comes."""
    shared: collections.Counter[str] = collections.Counter()
    for cell, count in zip(parts, counts.tolist(), strict=True):
        for part in cell:
            shared[part] += count
    return shared


def _order(parts: Iterable[Parts], common: Sequence[str]) -> list[str] | None:
    """Return the order that the common parts keep in all cells, None if they keep none.

    That of numbers is the natural one.
    """
    known = {*common}
    kept = ([part for part in cell if part in known] for cell in parts)
    earlier: dict[str, dict[str, None]] = {part: {} for part in common}
    for cell in kept:
        for first, second in itertools.pairwise(cell):
            earlier[second][first] = None
    if are_numbers(common):
        is_ascending = all(int(it) < int(part) for part, them in earlier.items() for it in them)
        return [*common] if is_ascending else None
    try:
        return [*graphlib.TopologicalSorter(earlier).static_order()]
    except graphlib.CycleError:
        return None


def are_numbers(options: Iterable[str]) -> bool:
    """Tell whether all options are codes: whole numbers."""
    return all(WHOLE.fullmatch(option) for option in options)
