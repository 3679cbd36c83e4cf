"""A stand-in for an Auth0 tenant, trusted as an operator would have it trusted."""

from collections.abc import Iterator

import auth0_stand_in
import pytest

AUDIENCE = "https://localhost:8443"


@pytest.fixture
def auth0(monkeypatch: pytest.MonkeyPatch) -> Iterator[auth0_stand_in.Auth0StandIn]:
    """A tenant; the official client finds its authority by the customary variable."""
    with auth0_stand_in.running(AUDIENCE) as (tenant, ca):
        monkeypatch.setenv("SSL_CERT_FILE", str(ca))
        yield tenant
