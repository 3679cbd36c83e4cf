"""The token endpoint and the public keys."""

import base64
import binascii
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

import pydantic
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from simulacra.service import errors, tenancy, throttling
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Action, Reason
from simulacra.service.fields import MOST_OF_A_NAME
from simulacra.service.http import (
    content,
    guards,
    json_text,
    openapi,
    rate_limits,
    serving,
    wording,
)
from simulacra.service.identity import embedded, provider, schemas, tokens
from simulacra.service.identity import exchange as elsewhere

MAX_BODY_BYTES = 16_384
OF_ADDRESS = throttling.Limit("tokens", calls=600, seconds=60)
OF_CLIENT = throttling.Limit("tokens-of-client", calls=60, seconds=60)
"""Of a client from one address, so that nobody can lock a client out from elsewhere."""
GRANT_TYPE = "client_credentials"
MAX_FIELDS = 16
MOST_NAMED = 5
WANTED = "send grant_type, client_id, client_secret and audience as JSON or form fields"
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}

REFUSAL: dict[str, Any] = {"model": schemas.TokenError, "description": "RFC 6749 error."}
TOKEN_LINKS = {"token": openapi.link("issueToken", "Get an access token.")}

router = APIRouter(tags=["identity"], dependencies=[guards.Open])


class _RefusedError(Exception):
    """An RFC 6749 error response."""

    def __init__(
        self,
        status: int,
        error: schemas.TokenFault,
        description: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        # RFC 6749, section 5.2, has neither these two nor what is not ASCII.
        told = description.replace('"', "'").replace("\\", "/")
        super().__init__(told.encode("ascii", "replace").decode())
        self.status, self.error, self.headers = status, error, dict(headers or {})


@router.post(
    "/oauth/token",
    operation_id="issueToken",
    summary="Exchange client credentials for an access token",
    response_model=schemas.TokenResponse,
    responses={
        200: {
            "description": "The token.",
            "links": {
                "upload": openapi.link("createDataset", "Upload a study."),
                "datasets": openapi.link("listDatasets", "See what was uploaded."),
            },
            **openapi.sends("Cache-Control"),
        },
        400: REFUSAL,
        401: REFUSAL | openapi.sends("WWW-Authenticate"),
        403: REFUSAL,
        429: REFUSAL | openapi.sends("RateLimit-Policy", "RateLimit", "Retry-After"),
        **openapi.problems("simio_not_found", "simio_body_too_large"),
    },
    openapi_extra=openapi.body(
        schemas.TokenRequest.model_json_schema(), content.JSON, "application/x-www-form-urlencoded"
    ),
    max_body_size=MAX_BODY_BYTES,
)
async def issue_token(request: Request, runtime: serving.Runtime) -> Response:
    """Mint an access token for a client; it lives about a day."""
    issuer, address = _issuer(runtime.identity), rate_limits.address_of(request)
    try:
        await _count(runtime.throttle, OF_ADDRESS, address)
        form = await _read(request)
        await _count(runtime.throttle, OF_CLIENT, form.client_id or "", address)
        body = await _mint(form, issuer, runtime)
    except _RefusedError as refused:
        error = schemas.TokenError(error=refused.error, error_description=str(refused))
        return JSONResponse(
            error.model_dump(), status_code=refused.status, headers=NO_STORE | refused.headers
        )
    return JSONResponse(body.model_dump(), headers=NO_STORE)


@router.get(
    "/.well-known/jwks.json",
    operation_id="getJwks",
    summary="Public keys of the token issuer",
    responses={
        200: {"description": "The keys.", "links": TOKEN_LINKS},
        **openapi.problems("simio_not_found"),
    },
)
async def get_jwks(runtime: serving.Runtime) -> schemas.KeysDocument:
    """Return the keys that verify access tokens (RFC 7517)."""
    keys = await _issuer(runtime.identity).signing_keys.public()
    return schemas.KeysDocument.model_validate(keys)


@router.get(
    "/.well-known/openid-configuration",
    operation_id="getOpenidConfiguration",
    summary="Where the token issuer's parts are",
    responses={
        200: {"description": "The metadata.", "links": TOKEN_LINKS},
        **openapi.problems("simio_not_found"),
    },
)
async def get_openid_configuration(runtime: serving.Runtime) -> schemas.IssuerDocument:
    """Return the issuer's metadata (RFC 8414; the path is that of OpenID Connect Discovery)."""
    issuer = _issuer(runtime.identity).issuer
    return schemas.IssuerDocument(
        issuer=issuer,
        token_endpoint=runtime.identity.token_url,
        jwks_uri=f"{issuer}.well-known/jwks.json",
    )


async def exchange(
    runtime: serving.Runtime, address: str, client_id: str, client_secret: str
) -> schemas.TokenResponse:
    """Return a token for credentials that were typed into our own page, whoever issues it.

    Raises:
        problems.Problem: too many calls.
        errors.CredentialsRefusedError: the client is unknown or not active, or the secret wrong.
        errors.ProviderError: the identity provider does not answer.
    """
    for limit, who in ((OF_ADDRESS, (address,)), (OF_CLIENT, (client_id, address))):
        standing = await runtime.throttle.hit(limit, *who)
        if standing.is_refused:
            raise rate_limits.refusal(standing)
    identity = runtime.identity
    if not isinstance(identity, embedded.Embedded):
        minted = await elsewhere.at(identity.token_url, identity.audience, client_id, client_secret)
        if minted is None:
            raise errors.CredentialsRefusedError
        return minted
    form = schemas.TokenRequest(
        grant_type=GRANT_TYPE,
        client_id=client_id,
        client_secret=client_secret,
        scope=None,
    )
    try:
        return await _mint(form, identity.issuer, runtime)
    except _RefusedError:
        raise errors.CredentialsRefusedError from None


def _issuer(identity: provider.Provider) -> tokens.Tokens:
    """Return our own issuer, or answer 404 and say where tokens come from."""
    if isinstance(identity, embedded.Embedded):
        return identity.issuer
    raise errors.NotFoundError(
        f"This service issues no tokens itself; mint them at {identity.token_url}."
    )


async def _count(throttle: throttling.Throttle, limit: throttling.Limit, *who: str) -> None:
    standing = await throttle.hit(limit, *who)
    if standing.is_refused:
        raise _RefusedError(
            429,
            "too_many_requests",
            f"A token lives about a day: keep it. Retry in {standing.reset} s.",
            rate_limits.headers_of(standing),
        )


async def _read(request: Request) -> schemas.TokenRequest:
    try:
        fields = _fields(await request.body(), request.headers.get("content-type", ""))
        return schemas.TokenRequest.model_validate({**fields, **_basic(request, fields)})
    except pydantic.ValidationError as error:
        told = " ".join(map(_wrong_field, error.errors(include_url=False)))
    except ValueError as error:
        told = str(error)
    raise _RefusedError(400, "invalid_request", told)


def _fields(body: bytes, content_type: str) -> dict[str, Any]:
    """Return the members of the body.

    Raises:
        ValueError: says in a sentence what is wrong with it.
    """
    if not body:
        raise ValueError(f"The body is empty; {WANTED}.")
    if "json" not in content_type.lower():
        return _form(body)
    try:
        fields = json_text.parse(body)
    except json.JSONDecodeError as error:
        raise ValueError(f"The body is not valid JSON: {error.msg}.") from None
    if not isinstance(fields, dict):
        raise ValueError(f"The body is JSON, but no object; {WANTED}.")  # noqa: TRY004 - a caller's
    return fields


def _form(body: bytes) -> dict[str, str]:
    """Return the fields of a form; RFC 6749, section 3.2, allows each of them once."""
    try:
        pairs = parse_qsl(body.decode(), strict_parsing=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise ValueError(
            f"The body is not a form of up to {MAX_FIELDS} fields; JSON needs the header "
            "Content-Type: application/json."
        ) from None
    counts = Counter(name for name, _ in pairs)
    repeated = [name[:MOST_OF_A_NAME] for name, count in counts.items() if count > 1]
    if repeated:
        raise ValueError(f"{' and '.join(repeated)} stands more than once; send each field once.")
    return dict(pairs)


def _wrong_field(fault: Any) -> str:  # noqa: ANN401 - pydantic's
    name = ".".join(map(str, fault["loc"]))
    if fault["type"] == "missing":  # no other is required in each way of authentication
        return f"{name} is missing; send client_credentials."
    return f"{name}: {wording.sentence(fault)}"


def _basic(request: Request, fields: Any) -> dict[str, str]:  # noqa: ANN401 - a caller's JSON
    """Return the credentials of a Basic header (RFC 6749, section 2.3.1), if there is one.

    Raises:
        ValueError: it is malformed, or `fields` hold credentials too.
    """
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return {}
    if "client_secret" in fields:
        raise ValueError(
            "client_secret stands in the body beside a Basic header; send it in one place."
        )
    try:
        client_id, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError(
            "The Basic header is malformed; it holds client_id:client_secret in Base64."
        ) from None
    if fields.get("client_id", unquote(client_id)) != unquote(client_id):
        raise ValueError("client_id in the body is another than in the Basic header; send one.")
    return {"client_id": unquote(client_id), "client_secret": unquote(secret)}


async def _mint(
    form: schemas.TokenRequest, issuer: tokens.Tokens, runtime: serving.Runtime
) -> schemas.TokenResponse:
    if form.grant_type != GRANT_TYPE:
        raise _RefusedError(
            400,
            "unsupported_grant_type",
            f"grant_type is {_quoted(form.grant_type)}; the only one here is {GRANT_TYPE}.",
        )
    if not form.client_id or not form.client_secret:
        absent = [name for name in ("client_id", "client_secret") if not getattr(form, name)]
        raise _RefusedError(
            400,
            "invalid_request",
            f"{' and '.join(absent)} {'is' if len(absent) == 1 else 'are'} missing; send both in "
            "the body, or in a Basic header.",
        )
    audience = _audience(form.audience, issuer)
    grant = await issuer.clients.authenticate(form.client_id, form.client_secret)
    if grant is None:
        known = await issuer.clients.owner_of(form.client_id)
        await runtime.refusals.record(
            Reason.INVALID_CLIENT, form.client_id if known else None, known
        )
        challenge = {"WWW-Authenticate": 'Basic realm="simulacra"'}
        told = "Unknown client or wrong secret: check client_id and client_secret."
        raise _RefusedError(401, "invalid_client", told, challenge)
    scopes = _scopes(form.scope, grant.scopes)
    token = await issuer.mint(form.client_id, scopes, grant.issued_at, audience)
    async with runtime.database.transaction(tenancy.SYSTEM) as session:  # or nobody gets it
        actor, minted = entry.client(form.client_id), Action.TOKEN_MINTED
        trail.record(session, actor, minted, form.client_id, tenant_id=grant.tenant_id)
    return schemas.TokenResponse(
        access_token=token, expires_in=issuer.lifetime, scope=" ".join(scopes)
    )


def _audience(asked: str | None, issuer: tokens.Tokens) -> str:
    """Return the audience of the token; a slash at its end makes no other one."""
    if not asked:
        return issuer.audience
    for audience in issuer.audiences:
        if asked.rstrip("/") == audience.rstrip("/"):
            return audience
    accepted = " and ".join(issuer.audiences)
    raise _RefusedError(
        403, "access_denied", f"audience is {_quoted(asked)}; accepted here: {accepted}."
    )


def _quoted(text: str) -> str:
    return repr(text[:MOST_OF_A_NAME])


def _scopes(requested: str | None, allowed: tuple[str, ...]) -> tuple[str, ...]:
    if not requested:
        return allowed
    asked = set(requested.split())
    if unknown := sorted(asked - set(allowed)):
        named = ", ".join(map(_quoted, unknown[:MOST_NAMED]))
        raise _RefusedError(
            400,
            "invalid_scope",
            f"scope names {named}{' and more' if unknown[MOST_NAMED:] else ''}, which this client "
            f"may not have; it may have {', '.join(allowed)}.",
        )
    return tuple(scope for scope in allowed if scope in asked)
