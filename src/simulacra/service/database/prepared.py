"""Statements that every request runs, written out once.

To build and compile a statement takes longer than PostgreSQL needs to run it.
"""

from collections.abc import Mapping
from typing import Any, Self

from sqlalchemy import Select, Text, UpdateBase, bindparam
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.orm import class_mapper

from simulacra.service.database import tables

SCOPE = "scope"
"""The parameter that a tenant's statements are narrowed by."""


class Prepared:
    """A statement as text.

    Its parameters are those `bindparam`s that have a value, of which None is one.

    Attributes:
        text: with a placeholder for each parameter, as psycopg takes them.
        is_narrowed: whether it sees rows of one tenant alone.
    """

    def __init__(self, statement: Select[Any] | UpdateBase, *, is_narrowed: bool = False) -> None:
        compiled = statement.compile(
            dialect=PGDialect_psycopg(),  # type: ignore[no-untyped-call]  # as SQLAlchemy left it
            compile_kwargs={"render_postcompile": True},
        )
        self.text = str(compiled)
        self.is_narrowed = is_narrowed
        self._defaults = {name: bind.value for bind, name in compiled.bind_names.items()}

    @classmethod
    def of_tenant(cls, owned: type[tables.TenantOwned], query: Select[Any]) -> Self:
        """Write out a query on a table of tenants, narrowed to the tenant of its scope.

        Raises:
            ValueError: the query is on other tables as well, which would not be narrowed.
        """
        if query.get_final_froms() != [class_mapper(owned).local_table]:
            raise ValueError("a prepared query of a tenant is on one table of tenants")
        narrowed = query.where(owned.tenant_id == bindparam(SCOPE, None, Text))
        return cls(narrowed, is_narrowed=True)

    def parameters(self, values: Mapping[str, object]) -> dict[str, object]:
        """Return the values of all parameters."""
        return {**self._defaults, **values}
