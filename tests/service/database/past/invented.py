"""Rows that nobody would think of: drawn from what the tables of a revision let in.

They are made from the tables as the database describes them: a column that a later version adds is
filled without a word here. What is sealed, chained or summed cannot be drawn; of such tables there
are the rows that the service itself has made.
"""

import datetime as dt
import json
import random
import re
import string
from collections.abc import Callable, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from simulacra.service.database.statuses import OPEN, DatasetStatus, GenerationStatus, JobStatus
from tests.service.database.past.rows import Row, Tables

NOT_DRAWN = {
    "audit_entries", "customer_stores", "installation", "signing_keys", "usage_entries",
    "usage_windows",
}  # fmt: skip
QUEUE = "procrastinate_"
ROWS = 8
WORDS: Mapping[tuple[str, str], Sequence[str]] = {
    ("jobs", "status"): [it for it in JobStatus if it not in OPEN],  # nobody could carry them out
    ("jobs", "operation"): ["createDataset", "createGeneration"],
    ("datasets", "status"): list(DatasetStatus),
    ("generations", "status"): list(GenerationStatus),
}
"""The closed lists that the database does not check."""
TEXTS = string.ascii_letters + string.digits + " _-.äß漢🙂'\"\\%"
NAMES = ("id", "key", "path")
"""Endings of columns whose texts are no free ones."""
WORD = re.compile(r"'([^']*)'::text")


def draw(known: sa.MetaData, seed: int) -> Tables:
    """Return new rows for the tables of a revision, which refer to each other alone."""
    rows: Tables = {}
    draws = random.Random(seed)
    for table in known.sorted_tables:
        is_drawn = table.name not in NOT_DRAWN and not table.name.startswith(QUEUE)
        count = ROWS if is_drawn else 0
        rows[table.name] = [_row(draws, table, rows) for _ in range(count)]
    return rows


def _row(draws: random.Random, table: sa.Table, rows: Tables) -> Row:
    return {column.name: _value(draws, column, rows) for column in table.columns}


def _value(draws: random.Random, column: sa.Column[object], rows: Tables) -> str | None:
    if column.nullable and draws.random() < 0.3:
        return None
    for key in column.foreign_keys:
        referred = rows[key.column.table.name]
        return draws.choice(referred)[key.column.name] if referred else None
    words = WORDS.get((column.table.name, column.name)) or _checked_words(column)
    return str(draws.choice(words)) if words else _of_type(draws, column)


def _checked_words(column: sa.Column[object]) -> Sequence[str]:
    """Return the closed list that a check of the database allows in a column, if there is one."""
    checks = (it for it in column.table.constraints if isinstance(it, sa.CheckConstraint))
    for text in (str(check.sqltext) for check in checks):
        if re.match(rf"\(*{column.name} = ANY", text):
            return WORD.findall(text)
    return ()


def _of_type(draws: random.Random, column: sa.Column[object]) -> str:
    if isinstance(column.type, sa.Text):
        is_name = column.primary_key or column.name.endswith(NAMES)
        return _name(draws) if is_name else "".join(draws.choices(TEXTS, k=draws.randrange(40)))
    for kind, draw_one in KINDS.items():
        if isinstance(column.type, kind):
            return draw_one(draws)
    raise NotImplementedError(f"say how to draw {column.type!r}, of {column}")


def _name(draws: random.Random) -> str:
    return "drawn_" + "".join(draws.choices(string.ascii_letters, k=20))


def _moment(draws: random.Random) -> str:
    away = dt.timedelta(days=draws.uniform(-40, 40))
    return (dt.datetime.now(dt.UTC) + away).isoformat()


def _words(draws: random.Random) -> str:
    return "{" + ",".join(draws.choices(string.ascii_lowercase, k=draws.randrange(4))) + "}"


def _document(draws: random.Random) -> str:
    return json.dumps({"code": "drawn", "detail": [draws.random(), None, {"a": TEXTS}]})


KINDS: Mapping[type[object], Callable[[random.Random], str]] = {
    sa.Boolean: lambda draws: draws.choice(["true", "false"]),
    sa.Integer: lambda draws: str(draws.randrange(1, 1000)),
    sa.Float: lambda draws: repr(draws.random()),
    sa.LargeBinary: lambda draws: "\\x" + draws.randbytes(24).hex(),
    sa.DateTime: _moment,
    JSONB: _document,
    ARRAY: _words,
}
"""How a value of each type is drawn, beside texts."""
