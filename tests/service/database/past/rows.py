"""Rows as PostgreSQL writes them, so that a test need not know the types of their columns."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

import alembic.command
import alembic.config
import psycopg
from psycopg import sql
from sqlalchemy import MetaData, create_engine, pool

Row = dict[str, str | None]
"""Name of a column to its value, in the form that PostgreSQL gives it as a text."""
Tables = dict[str, list[Row]]

VERSION = "alembic_version"
EVERYTHING = "-c simulacra.tenant=*"
"""Option of a connection that sees the rows of all tenants."""


@dataclasses.dataclass(frozen=True)
class OldDatabase:
    """A database that the owner of its tables takes back to an older version."""

    owner_url: str

    def make(self, revision: str) -> MetaData:
        """Make the tables of a revision in place of all others, and return them."""
        with self.connected() as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        config = alembic.config.Config()
        config.set_main_option("script_location", "simulacra.service.database:migrations")
        url = self.owner_url.replace("postgresql:", "postgresql+psycopg:", 1)
        engine = create_engine(url, poolclass=pool.NullPool)
        found = MetaData()
        with engine.begin() as alembics:
            config.attributes["connection"] = alembics
            alembic.command.upgrade(config, revision)
            found.reflect(alembics)
        found.remove(found.tables[VERSION])
        return found

    def read(self, columns: Mapping[str, Sequence[str]] | None = None) -> Tables:
        """Return the rows of all tables, or of some with the given columns."""
        with self.connected() as connection:
            wanted = columns or dict(_columns(connection))
            return {table: _read(connection, table, names) for table, names in wanted.items()}

    def fill(self, known: MetaData, rows: Tables) -> None:
        """Write rows into the tables of `known`, without the columns that these do not have."""
        with self.connected() as connection:
            for table in known.sorted_tables:
                _write(connection, table.name, table.columns.keys(), rows[table.name])

    def connected(self) -> psycopg.Connection:
        """Connect as the owner, to whom all rows are shown."""
        return psycopg.connect(self.owner_url, options=EVERYTHING)


def _columns(connection: psycopg.Connection) -> Iterator[tuple[str, list[str]]]:
    found = connection.execute(
        "SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position) "
        "FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> %s "
        "GROUP BY table_name",
        [VERSION],
    )
    yield from found.fetchall()


def _read(connection: psycopg.Connection, table: str, columns: Sequence[str]) -> list[Row]:
    texts = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(it)) for it in columns)
    query = sql.SQL("SELECT {} FROM {}").format(texts, sql.Identifier(table))
    return [dict(zip(columns, row, strict=True)) for row in connection.execute(query)]


def _write(
    connection: psycopg.Connection, table: str, columns: Sequence[str], rows: Sequence[Row]
) -> None:
    name = sql.Identifier(table)
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    values = sql.SQL(", ").join(sql.Placeholder() * len(columns))
    # As the rows were written before: triggers have done their part, and numbers are given.
    connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(name))
    insertion = sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})")
    with connection.cursor() as cursor:
        cursor.executemany(
            insertion.format(name, names, values), [[row[it] for it in columns] for row in rows]
        )
    connection.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(name))
    for column in columns:
        _count_on(connection, table, column)


def _count_on(connection: psycopg.Connection, table: str, column: str) -> None:
    """Let the sequence of a column, if it has one, go on after the numbers that are there."""
    sequence = connection.execute("SELECT pg_get_serial_sequence(%s, %s)", [table, column])
    if sequence.fetchone() == (None,):
        return
    query = sql.SQL("SELECT setval(pg_get_serial_sequence(%s, %s), greatest(max({}), 1)) FROM {}")
    connection.execute(query.format(sql.Identifier(column), sql.Identifier(table)), [table, column])
