"""Fetching a secret with a claim token, and asking for a new one."""

from fastapi import APIRouter, Depends, Response

from simulacra.service import throttling
from simulacra.service.credentials import rotations, schemas
from simulacra.service.http import (
    content,
    guards,
    idempotency_key,
    json_text,
    openapi,
    rate_limits,
    serving,
)
from simulacra.service.identity import clients

CLAIMS = throttling.Limit("claims", calls=120, seconds=60)
"""Against load: a token has 285 bits, which nobody guesses."""

router = APIRouter(tags=["credentials"], route_class=json_text.Route)

LINKS = {
    "claim": openapi.body_link(
        "claimCredential",
        "Fetch the new secret, once.",
        claim_token="credential_claim_token",  # noqa: S106 - a member's name
    ),
    "rotation": openapi.link("getRotation", "See what became of it.", rotation_id="rotation_id"),
}
ROTATION = {"model": schemas.RotationDocument, "links": LINKS}
TOKEN_LINK = openapi.body_link(
    "issueToken",
    "Get an access token with it.",
    client_id="client_id",
    client_secret="client_secret",  # noqa: S106 - a member's name
    audience="audience",
    grant_type="grant_type",
)


@router.post(
    "/v1/credential-claims",
    operation_id="claimCredential",
    summary="Exchange a claim token for the client's secret",
    responses={
        200: {"description": "The secret, this once.", "links": {"token": TOKEN_LINK}},
        **openapi.problems(
            "simio_credential_claim_not_found",
            "simio_credential_claim_consumed",
            "simio_credential_claim_expired",
        ),
    },
    openapi_extra=openapi.CONSEQUENTIAL,
    dependencies=[guards.Open, content.JsonOnly, Depends(rate_limits.ByAddress(CLAIMS))],
    max_body_size=content.MAX_BYTES,
)
async def claim_credential(
    body: schemas.ClaimRequest, runtime: serving.Runtime
) -> schemas.CredentialDocument:
    """Return the secret, exactly once: store it before you close the response."""
    delivery = await runtime.claims.redeem(runtime.database, runtime.identity, body.claim_token)
    return schemas.credential_document(delivery, runtime.identity)


@router.post(
    "/v1/credential-rotations",
    operation_id="rotateCredential",
    summary="Ask for a new secret of the calling client",
    status_code=201,
    response_model_exclude_none=True,
    responses={
        201: ROTATION
        | {"description": "A new secret waits to be claimed."}
        | openapi.sends("Location"),
        200: ROTATION
        | {"description": "The same key asked before; nothing was rotated again."}
        | openapi.sends("Location", "Idempotent-Replayed"),
        **openapi.problems(
            "simio_fresh_token_required",
            "simio_idempotency_in_flight",
            "simio_credential_claim_expired",
            "simio_rotation_claim_already_consumed",
            "simio_rotation_rate_limited",
        ),
    },
    openapi_extra=openapi.CONSEQUENTIAL,
)
async def rotate_credential(
    response: Response,
    caller: guards.WriteRotations,
    runtime: serving.Runtime,
    idempotency_key: idempotency_key.Key,
) -> schemas.RotationDocument:
    """Make a new secret; three times in 24 hours at most.

    It takes a token with all scopes of the client that was minted within the last ten minutes.
    Redeeming the claim ends all tokens that were minted before.

    With the embedded issuer the old secret works until the new one is claimed. With Auth0 it stops
    at once. A retry with the same Idempotency-Key returns the same claim token.
    """
    rotation = await rotations.rotate(
        runtime.database, runtime.identity, runtime.claims, caller, idempotency_key
    )
    response.headers["Location"] = f"/v1/credential-rotations/{rotation.row.id}"
    if rotation.is_repeated:
        response.status_code = 200
        response.headers["Idempotent-Replayed"] = "true"
    return schemas.rotation_document(rotation)


@router.get(
    "/v1/credential-rotations/{rotation_id}",
    operation_id="getRotation",
    summary="Read a rotation of the calling client",
    response_model_exclude_none=True,
    responses={
        200: {
            "description": "The rotation as it is now.",
            "links": {"token": openapi.link("issueToken", "Once completed: mint anew.")},
        },
        **openapi.problems("simio_rotation_request_not_found"),
    },
)
async def get_rotation(
    rotation_id: str, caller: guards.ReadRotations, runtime: serving.Runtime
) -> schemas.RotationDocument:
    """Tell whether the new secret was claimed; the claim token is not shown here."""
    rotation = await rotations.read(runtime.database, runtime.claims, caller, rotation_id)
    return schemas.rotation_document(rotation)


@router.get(
    "/v1/clients",
    operation_id="listClients",
    summary="List the clients of the calling tenant",
    responses={
        200: {
            "description": "The clients.",
            "links": {"rotate": openapi.link("rotateCredential", "Replace a secret.")},
        }
    },
)
async def list_clients(
    caller: guards.ReadClients, runtime: serving.Runtime
) -> schemas.ClientListDocument:
    """Return every client, the oldest first, with its last token and rotation; never a secret.

    A token or rotation that you know nothing of means that somebody else has the secret or a token:
    rotate the secret, or ask the operator to revoke the client's tokens.
    """
    async with runtime.database.transaction(caller.tenant_id) as session:
        listed = await clients.listed(session, caller.tenant_id)
    return schemas.ClientListDocument(clients=[schemas.client_document(it) for it in listed])
