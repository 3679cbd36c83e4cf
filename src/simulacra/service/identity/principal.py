"""The caller of a request, as a type."""

from dataclasses import dataclass

SCOPES = (
    "read:datasets",
    "write:datasets",
    "read:generations",
    "write:generations",
)
"""What a token may grant; a client is granted all of them unless it asks for fewer."""


@dataclass(frozen=True)
class Principal:
    """An authenticated client acting for its tenant."""

    tenant_id: str
    client_id: str
    scopes: frozenset[str]
