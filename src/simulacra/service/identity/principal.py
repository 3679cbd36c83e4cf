"""The caller of a request, as a type."""

from dataclasses import dataclass, field

from simulacra.service.audit import entry

SCOPES = (
    "read:datasets",
    "write:datasets",
    "read:generations",
    "write:generations",
)
"""What a token may grant; a client is granted all of them unless it asks for fewer."""


@dataclass(frozen=True)
class Principal:
    """An authenticated client, or a person at the study page, acting for its tenant.

    Attributes:
        tenant_id: whose data it may see.
        client_id: who it is: the id of a client, or of a person.
        scopes: what its token grants.
        granted: what any token of the client could grant.
        issued_at: of the token, in seconds since 1970.
    """

    tenant_id: str
    client_id: str
    scopes: frozenset[str]
    granted: frozenset[str] = field(default=frozenset(SCOPES), compare=False)
    issued_at: int = field(default=0, compare=False)

    @property
    def actor(self) -> entry.Actor:
        """Who acts, for the audit trail."""
        return entry.caller(self.client_id)
