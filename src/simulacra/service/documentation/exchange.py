"""The form that turns client credentials into a token, for the interactive page alone.

A browser may not ask an identity provider of another origin, so the exchange is made here. The
secret is in the body of one request: it is neither stored nor logged.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field, SecretStr

from simulacra.service.endpoints import tokens
from simulacra.service.fields import Body
from simulacra.service.http import content, guards, json_text, rate_limits, same_origin, serving
from simulacra.service.identity import schemas

MAX_BODY_BYTES = 4096

router = APIRouter(include_in_schema=False, route_class=json_text.Route)


class ThisPage(guards.Guard):
    """The route is open to our own page: a request of another site is refused."""

    async def __call__(self, request: Request) -> None:
        """Refuse a request of another site."""
        await self.admit(request)

    async def admit(self, request: Request) -> None:
        """Refuse a request of another site, before its body is read."""
        same_origin.check(request)


class Credentials(Body):
    """What a customer has typed."""

    client_id: Annotated[str, Field(max_length=200)]
    client_secret: Annotated[SecretStr, Field(max_length=1000)]


@router.post(
    "/__docs__/token",
    dependencies=[Depends(ThisPage()), content.JsonOnly],
    max_body_size=MAX_BODY_BYTES,
)
async def exchange(
    body: Credentials, request: Request, response: Response, runtime: serving.Runtime
) -> schemas.TokenResponse:
    """Exchange client credentials for a token; it counts as a call of the token endpoint."""
    response.headers["Cache-Control"] = "no-store"
    return await tokens.exchange(
        runtime,
        rate_limits.address_of(request),
        body.client_id.strip(),
        body.client_secret.get_secret_value().strip(),
    )
