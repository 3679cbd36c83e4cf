"""What files of Arrow and Parquet say of their rows besides the cells."""

import json

import pyarrow as pa

from simulacra.engine.writing.codebook import Codebook

LABEL = "label"
"""Of a column, in its own metadata."""
TITLE, CARD, REPORT = "simulacra.title", "simulacra.card", "simulacra.report"
"""Of the file, in that of the schema: a few words, headings with texts, and the report of the
generation, the latter two as JSON."""


def described(table: pa.Table, codebook: Codebook) -> pa.Table:
    """Return a table whose schema has the title, the card, the report and the labels."""
    fields = []
    for field in table.schema:
        entry = codebook.entries.get(field.name)
        known = dict(field.metadata or {})
        if entry is not None and entry.column.label != field.name:
            known[LABEL.encode()] = entry.column.label.encode()
        fields.append(field.with_metadata(known) if known else field)
    texts = dict(codebook.metadata)
    if codebook.title:
        texts[TITLE] = codebook.title
    if codebook.card:
        texts[CARD] = json.dumps([[*it] for it in codebook.card], ensure_ascii=False)
    of_file = {**(table.schema.metadata or {})}
    of_file |= {name.encode(): text.encode() for name, text in texts.items()}
    return table.cast(pa.schema(fields, of_file or None))
