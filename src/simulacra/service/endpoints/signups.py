"""Asking for access, and reading the decision."""

import datetime as dt

from fastapi import APIRouter, Depends, Response

from simulacra.service import policy, throttling
from simulacra.service.http import content, guards, json_text, openapi, rate_limits, serving
from simulacra.service.signups import schemas, service

POLL_SECONDS = policy.SIGNUP_POLL // dt.timedelta(seconds=1)
REQUESTS = throttling.Limit("signups", calls=20, seconds=3600)
READS = throttling.Limit("signup-reads", calls=120, seconds=60)

router = APIRouter(tags=["signup"], route_class=json_text.Route)

RECEIPT = {
    "model": schemas.SignupDocument,
    "links": {
        "signup": openapi.link("getSignup", "Poll for the decision.", request_id="request_id")
    },
    **openapi.sends("Location", "Retry-After"),
}


@router.post(
    "/v1/signup",
    operation_id="createSignup",
    summary="Ask for access",
    status_code=202,
    response_model_exclude_none=True,
    responses={
        202: RECEIPT | {"description": "An operator will decide."},
        200: RECEIPT | {"description": "This address has a pending or approved request."},
    },
    openapi_extra=openapi.CONSEQUENTIAL,
    dependencies=[guards.Open, content.JsonOnly, Depends(rate_limits.ByAddress(REQUESTS))],
    max_body_size=content.MAX_BYTES,
)
async def create_signup(
    body: schemas.SignupRequest, response: Response, runtime: serving.Runtime
) -> schemas.SignupDocument:
    """Put a request before the operators; keep `request_id`, polling needs it."""
    row, is_new = await service.request(runtime.database, body.company_name, body.contact_email)
    response.status_code = 202 if is_new else 200
    response.headers["Location"] = f"/v1/signup/{row.id}"
    response.headers["Retry-After"] = str(POLL_SECONDS)
    return schemas.receipt(row)


@router.get(
    "/v1/signup/{request_id}",
    operation_id="getSignup",
    summary="Read the decision on a request for access",
    response_model_exclude_none=True,
    responses={
        200: {
            "description": "The request as it is now.",
            "links": {
                "claim": openapi.body_link(
                    "claimCredential",
                    "Once approved: fetch the secret, once.",
                    claim_token="credential_claim_token",  # noqa: S106 - a member's name
                )
            },
            **openapi.sends("Retry-After"),
        },
        **openapi.problems("simio_signup_not_found"),
    },
    dependencies=[guards.Open, Depends(rate_limits.ByAddress(READS))],
)
async def get_signup(
    request_id: str, response: Response, runtime: serving.Runtime
) -> schemas.SignupDocument:
    """Return the status; when approved, the client's id and the token to claim its secret with.

    A person decides: while the status is `pending`, ask again after `Retry-After`. After `declined`
    the same address may ask for access anew.
    """
    signup = await service.read(runtime.database, runtime.claims, request_id)
    if signup.row.status == service.SignupStatus.PENDING:
        response.headers["Retry-After"] = str(POLL_SECONDS)
    return schemas.document(signup)
