"""Cross tables for publication, made with great_tables, an extra."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pandas as pd
from great_tables import GT, loc, style

if TYPE_CHECKING:
    from collections.abc import Sequence

STUB, GROUP = "answer", "question"


@dataclasses.dataclass(frozen=True)
class Line:
    """A row of the table.

    Attributes:
        group: the question that it belongs to.
        name: of the answer.
        cells: the texts of all columns.
        is_base: whether it says how many are behind the figures above.
    """

    group: str
    name: str
    cells: tuple[str, ...]
    is_base: bool


def make(
    columns: Sequence[tuple[str | None, str]],
    lines: Sequence[Line],
    notes: Sequence[str],
    title: str | None,
) -> GT:
    """Return a table.

    Args:
        columns: the label of the banner variable, None for the total, and the text of the level.
        lines: all rows, those of a question beside each other.
        notes: below it.
        title: above it.
    """
    names = [f"c{at}" for at in range(len(columns))]
    frame = pd.DataFrame(
        [
            {GROUP: line.group, STUB: line.name, **dict(zip(names, line.cells, strict=True))}
            for line in lines
        ]
    )
    made = GT(frame, rowname_col=STUB, groupname_col=GROUP)
    made = made.cols_label({name: level for name, (_, level) in zip(names, columns, strict=True)})
    for banner in dict.fromkeys(banner for banner, _ in columns if banner is not None):
        own = [name for name, (of, _) in zip(names, columns, strict=True) if of == banner]
        made = made.tab_spanner(label=banner, columns=own)
    bases = [at for at, line in enumerate(lines) if line.is_base]
    made = made.cols_align("right", columns=names).tab_style(
        style.text(color="#5b6673", size="small"), [loc.body(rows=bases), loc.stub(rows=bases)]
    )
    made = made.tab_style(style.text(weight="bold"), loc.row_groups())
    made = made.tab_options(
        table_font_size="13px",
        data_row_padding="4px",
        source_notes_font_size="11px",
        heading_align="left",
        table_border_top_color="#1d2630",
        table_border_bottom_color="#1d2630",
    )
    if title:
        made = made.tab_header(title=title)
    for note in notes:
        made = made.tab_source_note(note)
    return made
