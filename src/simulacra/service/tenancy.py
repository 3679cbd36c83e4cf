"""The only way to the tables: a transaction with a scope.

Inside a tenant's transaction every query on a `tables.TenantOwned` class is narrowed to that
tenant, whether its author thought of it or not, and PostgreSQL's row-level security checks the
same setting again. A session that came in by another way has no scope and is refused.
"""

import contextlib
import datetime as dt
import logging
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any, cast

import psycopg
import sqlalchemy.exc
from psycopg.pq import TransactionStatus
from sqlalchemy import (
    Boolean,
    ExceptionContext,
    Executable,
    Select,
    UpdateBase,
    event,
    literal_column,
    select,
    text,
)
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from simulacra.service import clock, keys
from simulacra.service.audit import trail
from simulacra.service.database import tables, timeouts
from simulacra.service.database.prepared import SCOPE, Prepared

SYSTEM = "*"
"""Scope of the service itself: credentials, the signing keys, and finding a job's tenant."""
Row = tuple[Any, ...]
Values = Mapping[str, object]
"""What the bound parameters of a statement stand for."""

IDLE_SECONDS = 1.0
"""A connection that was used within them is taken to be good."""
LAST_USED = "last used"

logger = logging.getLogger(__name__)

_SET_SCOPE = text("SELECT set_config('simulacra.tenant', :scope, true)")
_SCOPE_TEXT = f"SELECT set_config('simulacra.tenant', %({SCOPE})s, true)"


class ScopeMissingError(RuntimeError):
    """A query was about to run in a session that did not come through this module."""


class UnboundRoleError(RuntimeError):
    """The database role is one that row-level security does not bind."""


class Database:
    """A pool of connections to one database; what is put on record is sealed by the keyring."""

    def __init__(
        self,
        dsn: str,
        keyring: keys.Keyring,
        *,
        pool_size: int = 8,
        limits: timeouts.Timeouts = timeouts.OF_REQUESTS,
    ) -> None:
        self._overflow = pool_size
        url = dsn.replace("postgresql://", "postgresql+psycopg://", 1)
        self._engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=self._overflow,
            pool_timeout=10,
            hide_parameters=True,  # values never reach an exception's text
        )
        _limit(self._engine, limits)
        _ping_after_a_pause(self._engine)
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)
        self._audit_key = keyring.derive("audit")
        self.ahead = dt.timedelta()
        """How far `clock` runs ahead of the server's own; only tests move it."""

    @contextlib.asynccontextmanager
    async def transaction(
        self, scope: str, *, is_snapshot: bool = False
    ) -> AsyncIterator[AsyncSession]:
        """Open a transaction in the scope of one tenant's id, or of `SYSTEM`.

        All queries of a snapshot see the database of one moment; it is for reading. A transaction
        ends with the entries that `trail.record` noted in it: both are committed, or neither.
        """
        async with self._sessions.begin() as session:
            session.info[clock.AHEAD] = self.ahead
            if is_snapshot:
                await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            await _enter(session, scope)
            yield session
            if trail.has_notes(session):
                await session.flush()  # in its own scope
                await _enter(session, SYSTEM)  # the trail belongs to no tenant
                await trail.append(session, self._audit_key)

    async def verify_trail(self, noted: trail.Head | None = None) -> trail.TrailCheck:
        """Walk the audit trail; see `trail.verify`."""
        async with self.transaction(SYSTEM) as session:
            return await trail.verify(session, self._audit_key, noted)

    async def read(self, scope: str, query: Prepared, values: Values) -> Row | None:
        """Return the first row of a prepared query in the scope of one tenant's id.

        Setting the scope, the query and the commit take one round trip. As in a transaction, the
        query is narrowed to the tenant, and row-level security checks the scope again.

        Raises:
            ScopeMissingError: the query is not narrowed to a tenant.
        """
        if not query.is_narrowed:
            raise ScopeMissingError("prepare the query by Prepared.of_tenant")
        parameters = query.parameters({**values, SCOPE: scope})
        return await self._run_at_once((_SCOPE_TEXT, {SCOPE: scope}), (query.text, parameters))

    async def look_up(self, query: Select[Any] | Prepared, values: Values | None = None) -> Any:  # noqa: ANN401 - whatever it selects
        """Return the one value of a query on tables that no tenant owns, without a transaction.

        For the checks that every request begins with; on a tenant's table it finds nothing.
        """
        return await self._run_alone(query, values)

    async def change(self, statement: UpdateBase | Prepared, values: Values) -> Any:  # noqa: ANN401 - likewise
        """Write to a table that no tenant owns; the statement is a transaction of its own.

        Returns:
            The value that the statement returns, or None where it changed nothing.
        """
        return await self._run_alone(statement, values)

    async def _run_alone(
        self,
        statement: Executable | Prepared,
        values: Values | None,
    ) -> Any:  # noqa: ANN401 - likewise
        """Spend one round trip, where a transaction with a scope takes four."""
        if isinstance(statement, Prepared):
            row = await self._run_at_once((statement.text, statement.parameters(values or {})))
            return row and row[0]
        async with self._engine.connect() as connection:
            plain = await connection.execution_options(isolation_level="AUTOCOMMIT")
            return await plain.scalar(statement, values)

    async def _run_at_once(self, *steps: tuple[str, Values]) -> Row | None:
        """Run statements as one transaction in one round trip, and return the last one's first row.

        The driver opens no transaction meanwhile. The server makes one of a statement that comes
        alone, and of the statements of a pipeline, where what is sent does not wait for what comes
        back. BEGIN and COMMIT would take the driver as long again.
        """
        async with self._engine.connect() as connection:
            raw = await connection.get_raw_connection()
            driver = cast("psycopg.AsyncConnection[Row]", raw.driver_connection)
            try:
                await driver.set_autocommit(True)
                async with driver.pipeline() if len(steps) > 1 else contextlib.nullcontext():
                    for text_, parameters in steps:
                        cursor = await driver.execute(text_.encode(), parameters)
                return await cursor.fetchone() if cursor.description else None
            except psycopg.OperationalError:
                await connection.invalidate()
                raise
            finally:
                if driver.info.transaction_status is TransactionStatus.IDLE:
                    await driver.set_autocommit(False)
                else:  # cancelled half-way, or closed: no transaction may begin on it
                    await connection.invalidate()

    async def check_role(self) -> None:
        """Refuse a role that row-level security does not bind; checked once, at the start.

        A role that could alter the audit trail, since it owns the tables, gets a warning.

        Raises:
            UnboundRoleError: it is a superuser, or may bypass row-level security.
        """
        unbound = literal_column("rolsuper OR rolbypassrls", Boolean)
        role = select(unbound).select_from(text("pg_roles")).where(text("rolname = current_user"))
        if await self.look_up(role):
            raise UnboundRoleError(
                "The role of DATABASE_URL is a superuser or has BYPASSRLS, so that row-level "
                "security would not keep tenants apart. Make a role without these attributes, let "
                "it own the database, and name it in DATABASE_URL."
            )

        may_alter = "has_table_privilege(to_regclass('audit_entries'), 'UPDATE')"
        if await self.look_up(select(literal_column(may_alter, Boolean))):
            logger.warning(
                "the role of DATABASE_URL owns the tables and could alter the audit trail; set "
                "SIMULACRA_MIGRATION_DATABASE_URL to let another role own them"
            )

    @property
    def connections(self) -> tuple[int, int]:
        """How many connections are in use, and how many the pool may open."""
        pool = cast("QueuePool", self._engine.pool)
        return pool.checkedout(), pool.size() + self._overflow

    async def close(self) -> None:
        """Close the pool."""
        await self._engine.dispose()


def _limit(engine: AsyncEngine, limits: timeouts.Timeouts) -> None:
    """Limit what each connection may do, and take a transaction that was ended for an outage.

    A cancelled statement is an outage to the driver already.
    """

    def set_limits(connection: Any, _record: object) -> None:  # noqa: ANN401 - of the driver
        cursor = connection.cursor()
        cursor.execute(limits.as_query())
        cursor.close()
        connection.commit()

    def translate(context: ExceptionContext) -> None:
        error = context.original_exception
        if isinstance(error, psycopg.errors.IdleInTransactionSessionTimeout):
            raise sqlalchemy.exc.OperationalError(
                context.statement, None, error, hide_parameters=True
            ) from error

    event.listen(engine.sync_engine, "connect", set_limits)
    event.listen(engine.sync_engine, "handle_error", translate)


def _ping_after_a_pause(engine: AsyncEngine) -> None:
    """Try a connection that was idle before it is used, so that a restart fails no request.

    The pool's own pre-ping does so each time, which is a quarter of what a poll costs.
    """

    def note(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info[LAST_USED] = time.monotonic()

    def ping(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:  # noqa: ANN401 - of the driver
        used = record.info.get(LAST_USED)
        if used is None or time.monotonic() - used < IDLE_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except psycopg.Error as error:  # the others of the pool are no better
            raise sqlalchemy.exc.InvalidatePoolError from error

    event.listen(engine.sync_engine, "checkin", note)
    event.listen(engine.sync_engine, "checkout", ping)


async def _enter(session: AsyncSession, scope: str) -> None:
    session.info["scope"] = scope
    await session.execute(_SET_SCOPE, {"scope": scope})


@event.listens_for(Session, "do_orm_execute")
def _narrow_to_scope(state: ORMExecuteState) -> None:
    scope = state.session.info.get("scope")
    if scope is None:
        raise ScopeMissingError("open sessions through tenancy.Database.transaction")
    if scope != SYSTEM and not state.is_column_load and not state.is_insert:
        state.statement = state.statement.options(
            with_loader_criteria(
                tables.TenantOwned,
                lambda owned: owned.tenant_id == scope,
                include_aliases=True,
            )
        )
