"""Cross tables as Excel workbooks: contents, a sheet for each question, and notes.

It needs XlsxWriter, and loads no numerical code. No text becomes a formula; the only links lead
from sheet to sheet.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import re
import textwrap
from typing import TYPE_CHECKING, Any

from simulacra.engine.columns.questions import AROUND, JOINTS
from simulacra.engine.tabulating.crosstab import LEAST_BASE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from simulacra.engine.tabulating.crosstab import Block, Cell, Crosstab

MAX_COLUMNS = 16_384
MAX_SHEET_NAME = 31
NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\'\x00-\x1f]")
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
MAX_TEXT = 32_767
CREATED = dt.datetime(1980, 1, 1)  # noqa: DTZ001 - Excel knows no zones
"""Stated as the time of writing, so that the same table gives the same bytes."""

CONTENTS, NOTES = "Contents", "Notes"
MEANS = "Means"
SYNTHETIC = (
    "The rows are synthetic: a statistical model of a study made them, and no row is a respondent. "
    "Bases count rows; effective bases count the respondents behind them, and tests use these."
)
SHARES, MEANS_OF = "Shares within each column", "Means"
A4 = 9

INK, QUIET, ACCENT, LINE, TINT = "#1B222C", "#566173", "#2B5D8A", "#C9D1DB", "#F0F3F7"
FONT = {"font_name": "Calibri", "font_size": 10, "font_color": INK, "valign": "vcenter"}
STYLES: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 14, "text_wrap": True, "valign": "top"},
    "quiet": {"font_color": QUIET, "text_wrap": True, "valign": "top"},
    "back": {"font_color": ACCENT, "underline": 1},
    "link": {"font_color": ACCENT, "underline": 1, "text_wrap": True, "valign": "top"},
    "head": {"bold": True, "bottom": 1, "bottom_color": LINE, "valign": "top"},
    "number_head": {"bold": True, "bottom": 1, "bottom_color": LINE, "align": "right"},
    "banner": {"bold": True, "align": "center", "font_color": "#FFFFFF", "bg_color": ACCENT,
               "left": 1, "left_color": "#FFFFFF", "text_wrap": True},
    "level": {"bold": True, "align": "center", "valign": "bottom", "bg_color": TINT,
              "left": 1, "left_color": LINE, "text_wrap": True},
    "letter": {"align": "center", "bg_color": TINT, "font_color": ACCENT, "bold": True,
               "left": 1, "left_color": LINE, "bottom": 1, "bottom_color": ACCENT},
    "corner": {"bg_color": TINT, "font_color": QUIET, "valign": "bottom"},
    "corner_end": {"bg_color": TINT, "bottom": 1, "bottom_color": ACCENT, "font_color": QUIET},
    "item": {"bold": True, "text_wrap": True, "top": 1, "top_color": LINE},
    "item_gap": {"top": 1, "top_color": LINE},
    "name": {"indent": 1, "text_wrap": True},
    "share": {"num_format": "0.0%", "left": 1, "left_color": LINE},
    "mean": {"num_format": "#,##0.00", "left": 1, "left_color": LINE},
    "moment": {"align": "right", "left": 1, "left_color": LINE},
    "marks": {"font_color": ACCENT, "bold": True, "align": "left"},
    "base_name": {"indent": 1, "font_color": QUIET, "bg_color": TINT},
    "base": {"num_format": "#,##0", "font_color": QUIET, "bg_color": TINT,
             "left": 1, "left_color": LINE},
    "base_mark": {"font_color": QUIET, "bg_color": TINT},
    "number": {"align": "center", "valign": "top", "font_color": QUIET},
    "count": {"num_format": "#,##0", "valign": "top"},
    "note": {"text_wrap": True, "valign": "top"},
}  # fmt: skip
NAME_WIDTH, FIGURE_WIDTH, MARKS_WIDTH, GAP_WIDTH = 38, 9, 4, 1
PAGE_WIDTH, PAGE_SCALE = 140, 60
"""Characters across a page at a scale in percent; wider tables are printed on several pages."""
HEAD_ROW = 4
"""The first row of the heads of a table, from 0."""
LINE_HEIGHT = 15.0


@dataclasses.dataclass(frozen=True)
class _Group:
    """Blocks that stand on one sheet: a question, or figures that go together.

    Attributes:
        label: of the question.
        blocks: of the table.
        items: what each block is called below the label; empty if there is one.
    """

    label: str
    blocks: tuple[Block, ...]
    items: tuple[str, ...]


def write(table: Crosstab, path: Path, title: str = "") -> None:
    """Write a cross table as a workbook.

    Args:
        table: the cross table.
        path: of the file.
        title: of the workbook, such as the name of the study.

    Raises:
        ModuleNotFoundError: XlsxWriter is not installed.
        ValueError: the table has more columns than a sheet.
        OSError: the file cannot be written.
    """
    import xlsxwriter  # noqa: PLC0415 - only this needs it

    if 1 + 2 * len(table.columns) > MAX_COLUMNS:
        raise ValueError(f"The table has {len(table.columns):,} columns, too many for a sheet.")
    groups = [*_groups(table)]
    names = _sheet_names(groups)
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "in_memory": True,
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": title, "created": CREATED})
        styles = {name: book.add_format({**FONT, **style}) for name, style in STYLES.items()}
        shown = title or "Cross tables"
        _write_contents(book.add_worksheet(CONTENTS), table, shown, groups, names, styles)
        for group, name in zip(groups, names, strict=True):
            _Sheet(book.add_worksheet(name), table, styles).write(group)
        _write_notes(book.add_worksheet(NOTES), table, styles)


# What stands on which sheet


def _groups(table: Crosstab) -> Iterator[_Group]:
    """Yield blocks beside each other that are items of one question, and means that are alone."""

    def kind(block: Block) -> tuple[str, tuple[str | None, ...], str]:
        levels = tuple(line.level for line in block.lines)
        return block.figure, levels, _stem(_label(table, block))

    for (figure, _, stem), same in itertools.groupby(table.blocks, kind):
        blocks = tuple(same)
        labels = [_label(table, block) for block in blocks]
        if len(blocks) > 1 and stem:
            items = tuple(label[len(stem) :].strip(AROUND) or label for label in labels)
            yield _Group(stem, blocks, items)
        elif figure == "mean" and len(blocks) > 1:
            yield _Group(MEANS, blocks, tuple(labels))
        else:
            for block, label in zip(blocks, labels, strict=True):
                yield _Group(label, (block,), ())


def _label(table: Crosstab, block: Block) -> str:
    return table.labels.get(block.row, block.row)


def _stem(label: str) -> str:
    """Return the question that stands before an item in a label; nothing if there is none."""
    for joint in JOINTS:
        head, mark, item = label.partition(joint)
        if mark and head.strip() and item.strip():
            return head + mark.strip() if mark == "? " else head.strip()
    return ""


def _sheet_names(groups: Sequence[_Group]) -> list[str]:
    """Return a name for each sheet: its number, and as much of the label as there is room for."""
    names = []
    for number, group in enumerate(groups, 1):
        words = " ".join(NOT_IN_NAMES.sub(" ", group.label).split())
        name = f"{number} {words}"
        if len(name) > MAX_SHEET_NAME:
            name = name[: MAX_SHEET_NAME + 1].rpartition(" ")[0] or name[:MAX_SHEET_NAME]
        names.append(name)
    return names


# The sheets


def _write_contents(
    sheet: Any,  # noqa: ANN401 - of a library without types
    table: Crosstab,
    title: str,
    groups: Sequence[_Group],
    names: Sequence[str],
    styles: dict[str, Any],
) -> None:
    sheet.hide_gridlines(2)
    for column, width in enumerate((5, 64, 34, 20)):
        sheet.set_column(column, column, width)
    sheet.set_row(0, 22 * _wrapped(title, 80))
    sheet.merge_range(0, 0, 0, 3, "", styles["title"])
    sheet.write_string(0, 0, _text(title), styles["title"])
    across = [table.labels.get(it, it) for it in dict.fromkeys(_banners(table))]
    told = f"Columns: {', '.join(['Total', *across])}"
    sheet.merge_range(1, 0, 1, 3, "", styles["quiet"])
    sheet.write_string(1, 0, _text(told), styles["quiet"])
    sheet.set_row(1, LINE_HEIGHT * len(textwrap.wrap(told, 110)))
    heads = ("", "Question", "Variables", f"Base ({table.unit})")
    for column, head in enumerate(heads):
        sheet.write_string(3, column, head, styles["number_head" if column == 3 else "head"])
    for number, (group, name) in enumerate(zip(groups, names, strict=True), 1):
        row = 3 + number
        variables = ", ".join(block.row for block in group.blocks)
        lines = max(_wrapped(group.label, 64), _wrapped(variables, 32))
        sheet.set_row(row, LINE_HEIGHT * lines)
        sheet.write_number(row, 0, number, styles["number"])
        sheet.write_url(row, 1, f"internal:'{name}'!A1", styles["link"], _text(group.label)[:255])
        sheet.write_string(row, 2, _text(variables), styles["quiet"])
        sheet.write_number(row, 3, max(it.bases[0] for it in group.blocks), styles["count"])
    last = 5 + len(groups)
    sheet.write_url(last, 1, f"internal:'{NOTES}'!A1", styles["link"], "How to read the tables")
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)


def _banners(table: Crosstab) -> Iterator[str]:
    for column in table.columns:
        if column.banner is not None:
            yield column.banner


def _write_notes(sheet: Any, table: Crosstab, styles: dict[str, Any]) -> None:  # noqa: ANN401 - as above
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 84)
    sheet.write_string(0, 0, "How to read the tables", styles["title"])
    sheet.write_url(1, 0, f"internal:'{CONTENTS}'!A1", styles["back"], "Contents")
    first = [SYNTHETIC] if table.unit == "rows" else []
    for row, note in enumerate([*first, *table.notes], 3):
        sheet.set_row(row, LINE_HEIGHT * _wrapped(note, 88) + 6)
        sheet.write_string(row, 0, _text(note), styles["note"])
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)


class _Sheet:
    """A sheet with the blocks of one group below the heads of the banner.

    Each column of the table is two of the sheet: figures, which stay numbers, and letters.
    """

    def __init__(self, sheet: Any, table: Crosstab, styles: dict[str, Any]) -> None:  # noqa: ANN401
        self._sheet, self._table, self._styles = sheet, table, styles
        self._places = range(1, 2 * len(table.columns), 2)
        self._row = HEAD_ROW

    def write(self, group: _Group) -> None:
        """Write all of it."""
        sheet = self._sheet
        last = self._places[-1] + 1
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, NAME_WIDTH)
        for place, width in zip(self._places, self._marks(group), strict=True):
            sheet.set_column(place, place, FIGURE_WIDTH)
            sheet.set_column(place + 1, place + 1, width)
        label, width = _text(group.label), NAME_WIDTH + 13 * len(self._table.columns)
        self._across(0, 0, min(last, 12), label, "title")
        sheet.set_row(0, 19.0 * _wrapped(label, int(min(width, 150) * 0.7)))
        self._across(1, 0, min(last, 12), self._told(group), "quiet")
        sheet.write_url(2, 0, f"internal:'{CONTENTS}'!A1", self._styles["back"], "Contents")
        self._heads()
        is_same = len({block.bases for block in group.blocks}) == 1 and len(group.blocks) > 1
        is_means = all(block.figure == "mean" for block in group.blocks)
        for index, block in enumerate(group.blocks):
            self._block(block, group.items[index] if group.items else "")
            if not (is_means and is_same) or index == len(group.blocks) - 1:
                self._bases(block)
        sheet.freeze_panes(HEAD_ROW + 3, 1)
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.repeat_rows(HEAD_ROW, HEAD_ROW + 2)
        sheet.repeat_columns(0)
        breaks = self._breaks(group)
        if breaks:
            sheet.set_print_scale(PAGE_SCALE)
            sheet.set_v_pagebreaks(breaks)
        else:
            sheet.fit_to_pages(1, 0)
        sheet.set_footer("&L&A&RPage &P of &N")

    def _marks(self, group: _Group) -> list[float]:
        """Return how wide the letters of each column are."""
        lines = [line for block in group.blocks for line in block.lines]
        return [
            GAP_WIDTH
            if column.banner is None
            else max(MARKS_WIDTH, 1.5 * max(len(line.cells[at].letters) for line in lines))
            for at, column in enumerate(self._table.columns)
        ]

    def _breaks(self, group: _Group) -> list[int]:
        """Return before which columns of the sheet a new page begins; none if one is enough."""
        breaks, across = [], float(NAME_WIDTH)
        for place, marks in zip(self._places, self._marks(group), strict=True):
            across += FIGURE_WIDTH + marks
            if across > PAGE_WIDTH:
                breaks.append(place)
                across = NAME_WIDTH + FIGURE_WIDTH + marks
        return breaks

    def _told(self, group: _Group) -> str:
        names = ", ".join(block.row for block in group.blocks[:8])
        more = f" and {len(group.blocks) - 8} more" if len(group.blocks) > 8 else ""
        figure = SHARES if group.blocks[0].figure == "share" else MEANS_OF
        return f"{figure}. Variables: {names}{more}."

    def _across(self, row: int, first: int, last: int, text: str, style: str) -> None:
        """Write a text over several columns."""
        if first < last:
            self._sheet.merge_range(row, first, row, last, "", self._styles[style])
        self._sheet.write_string(row, first, _text(text), self._styles[style])

    def _heads(self) -> None:
        table, styles, row = self._table, self._styles, HEAD_ROW
        for offset, style in enumerate(("corner", "corner", "corner_end")):
            self._sheet.write_blank(row + offset, 0, None, styles[style])
        at = 0
        for span in table.spans:
            first = self._places[at]
            last = self._places[at + span.width - 1] + 1
            label = "" if span.banner is None else table.labels.get(span.banner, span.banner)
            self._across(row, first, last, label, "banner" if span.banner else "corner")
            at += span.width
        lines = 1
        for place, column in zip(self._places, table.columns, strict=True):
            self._across(row + 1, place, place + 1, column.level, "level")
            self._across(row + 2, place, place + 1, column.letter, "letter")
            lines = max(lines, _wrapped(column.level, FIGURE_WIDTH + MARKS_WIDTH - 1))
        self._sheet.set_row(row, LINE_HEIGHT + 3)
        self._sheet.set_row(row + 1, LINE_HEIGHT * lines + 3)
        self._row = row + 3

    def _block(self, block: Block, item: str) -> None:
        is_mean = block.figure == "mean"
        if item and not is_mean:
            self._sheet.write_string(self._row, 0, _text(item), self._styles["item"])
            for place in range(1, self._places[-1] + 2):
                self._sheet.write_blank(self._row, place, None, self._styles["item_gap"])
            self._fit(item)
        for line in block.lines:
            name = item or "Mean" if is_mean else self._option(block, str(line.level))
            self._sheet.write_string(self._row, 0, _text(name), self._styles["name"])
            for place, cell in zip(self._places, line.cells, strict=True):
                self._cell(place, cell, block.figure)
                self._sheet.write_string(self._row, place + 1, cell.letters, self._styles["marks"])
            self._fit(name)

    def _option(self, block: Block, level: str) -> str:
        """Return a level, or what the label of an option says beyond the question's."""
        return level.removeprefix(_label(self._table, block)).strip(AROUND) or level

    def _fit(self, name: str) -> None:
        """Make a row as high as its name needs, and go on to the next."""
        self._sheet.set_row(self._row, LINE_HEIGHT * _wrapped(name, NAME_WIDTH - 4))
        self._row += 1

    def _cell(self, place: int, cell: Cell, figure: str) -> None:
        if cell.value is None or isinstance(cell.value, str):
            text = cell.value or "–"  # noqa: RUF001 - as tables have it where there is no base
            self._sheet.write_string(self._row, place, _text(text), self._styles["moment"])
        else:
            self._sheet.write_number(self._row, place, cell.value, self._styles[figure])

    def _bases(self, block: Block) -> None:
        """Write how many stand behind the figures; what is too few to be tested has a star."""
        lines: list[tuple[str, Sequence[float]]] = [
            (f"Base ({self._table.unit})", block.bases),
            ("Effective base", block.effective_bases),
        ]
        for name, sizes in lines:
            self._sheet.write_string(self._row, 0, name, self._styles["base_name"])
            for place, size in zip(self._places, sizes, strict=True):
                self._sheet.write_number(self._row, place, size, self._styles["base"])
                is_small = sizes is block.effective_bases and size < LEAST_BASE
                mark = "*" if is_small else ""
                self._sheet.write_string(self._row, place + 1, mark, self._styles["base_mark"])
            self._row += 1


def _wrapped(text: str, width: int) -> int:
    """Return how many lines a text needs."""
    return max(1, len(textwrap.wrap(text, max(width, 4))))


def _text(text: str) -> str:
    """Return a text that a cell can hold; XML knows no control characters."""
    return CONTROLS.sub(" ", text[:MAX_TEXT])
