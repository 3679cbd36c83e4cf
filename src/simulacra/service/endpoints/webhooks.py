"""Having events posted to an address, instead of asking for them."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from simulacra.service.database import statuses
from simulacra.service.http import content, guards, json_text, openapi, paging, serving
from simulacra.service.webhooks import schemas

MAX_BODY_BYTES = 8192
"""The longest URL and description, and some room."""

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"], route_class=json_text.Route)

LINKS = {
    "test": openapi.link("testWebhook", "See whether it arrives.", webhook_id="webhook_id"),
    "deliveries": openapi.link(
        "listWebhookDeliveries", "See what was sent.", webhook_id="webhook_id"
    ),
    "rotate": openapi.link("rotateWebhookSecret", "Replace the secret.", webhook_id="webhook_id"),
    "change": openapi.link(
        "updateWebhook", "Change it, or disable it for a while.", webhook_id="webhook_id"
    ),
    "delete": openapi.link("deleteWebhook", "End it for good.", webhook_id="webhook_id"),
}
ENVELOPE = {"model": schemas.WebhookDocument, "description": "The webhook.", "links": LINKS}
ADDRESS = ("simio_webhook_address_refused", "simio_webhook_exists", "simio_webhook_limit_exceeded")


@router.post(
    "",
    operation_id="createWebhook",
    summary="Have events posted to an address",
    status_code=201,
    response_model_exclude_none=True,
    responses={
        201: {
            "model": schemas.NewWebhookDocument,
            "links": LINKS,
            "description": "Events from now on are posted there.",
            **openapi.sends("Location"),
        },
        **openapi.problems(*ADDRESS),
    },
    openapi_extra=openapi.CONSEQUENTIAL,
    dependencies=[content.JsonOnly],
    max_body_size=MAX_BODY_BYTES,
)
async def create_webhook(
    body: schemas.WebhookRequest,
    response: Response,
    caller: guards.WriteWebhooks,
    runtime: serving.Runtime,
) -> schemas.NewWebhookDocument:
    """Make a webhook and return its secret, exactly once: store it before you close the response.

    Messages and their signatures are those of Standard Webhooks, whose libraries verify them. A
    repetition is answered 409, since an address has one webhook.
    """
    webhook, secret = await runtime.webhooks.create(caller, body)
    response.headers["Location"] = f"/v1/webhooks/{webhook.id}"
    return schemas.new_document(webhook, secret)


@router.get(
    "",
    operation_id="listWebhooks",
    summary="List the webhooks of the tenant",
    response_model_exclude_none=True,
    responses={
        200: {
            "description": "A page of webhooks.",
            "links": {
                "next": openapi.link("listWebhooks", "Read the next page.", after="next_after"),
                "newest": openapi.link(
                    "getWebhook", "Read the newest.", webhook_id="webhooks/0/webhook_id"
                ),
            },
        }
    },
)
async def list_webhooks(
    caller: guards.ReadWebhooks,
    runtime: serving.Runtime,
    after: paging.After = None,
    limit: paging.Limit = paging.DEFAULT_LIMIT,
) -> schemas.WebhookList:
    """Return the webhooks, the newest first; never a secret."""
    webhooks, next_after = await runtime.webhooks.page(caller, after, limit)
    return schemas.WebhookList(
        webhooks=[schemas.document(it) for it in webhooks], next_after=next_after
    )


@router.get(
    "/{webhook_id}",
    operation_id="getWebhook",
    summary="Read a webhook",
    response_model=schemas.WebhookDocument,
    response_model_exclude_none=True,
    responses={200: ENVELOPE, **openapi.problems("simio_webhook_not_found")},
)
async def get_webhook(
    webhook_id: str, caller: guards.ReadWebhooks, runtime: serving.Runtime
) -> schemas.WebhookDocument:
    """Return a webhook: where it goes, of what it tells, and whether it is enabled."""
    return schemas.document(await runtime.webhooks.read(caller, webhook_id))


@router.patch(
    "/{webhook_id}",
    operation_id="updateWebhook",
    summary="Change, disable or enable a webhook",
    response_model=schemas.WebhookDocument,
    response_model_exclude_none=True,
    responses={200: ENVELOPE, **openapi.problems("simio_webhook_not_found", *ADDRESS)},
    openapi_extra=openapi.CONSEQUENTIAL,
    dependencies=[content.JsonOnly],
    max_body_size=MAX_BODY_BYTES,
)
async def update_webhook(
    webhook_id: str,
    body: schemas.WebhookChange,
    caller: guards.WriteWebhooks,
    runtime: serving.Runtime,
) -> schemas.WebhookDocument:
    """Change what the body names; the rest stays.

    What waits for a webhook that is disabled is not sent any more. A webhook that is enabled again
    acts for the calling client from then on.
    """
    return schemas.document(await runtime.webhooks.change(caller, webhook_id, body))


@router.delete(
    "/{webhook_id}",
    operation_id="deleteWebhook",
    summary="Delete a webhook",
    status_code=204,
    responses={
        204: {
            "description": "It is gone.",
            "links": {"all": openapi.link("listWebhooks", "See which are left.")},
        },
        **openapi.problems("simio_webhook_not_found"),
    },
    openapi_extra=openapi.CONSEQUENTIAL,
)
async def delete_webhook(
    webhook_id: str, caller: guards.WriteWebhooks, runtime: serving.Runtime
) -> None:
    """Remove a webhook with its secrets and the record of its deliveries."""
    await runtime.webhooks.delete(caller, webhook_id)


@router.post(
    "/{webhook_id}/secret-rotations",
    operation_id="rotateWebhookSecret",
    summary="Replace the secret of a webhook",
    status_code=201,
    response_model_exclude_none=True,
    responses={
        201: {
            "description": "The new secret signs.",
            "links": {"test": LINKS["test"]},
        },
        **openapi.problems("simio_webhook_not_found"),
    },
    openapi_extra=openapi.CONSEQUENTIAL,
    dependencies=[content.JsonOnly],
    max_body_size=content.MAX_BYTES,
)
async def rotate_webhook_secret(
    webhook_id: str,
    body: schemas.RotationRequest,
    caller: guards.WriteWebhooks,
    runtime: serving.Runtime,
) -> schemas.WebhookSecretDocument:
    """Make a new secret and return it, exactly once: store it before you close the response.

    For `overlap_hours` each message has a signature by the old secret and one by the new one, so a
    receiver can take up the new one at any time.
    """
    secret, until = await runtime.webhooks.rotate(caller, webhook_id, body)
    return schemas.WebhookSecretDocument(
        webhook_id=webhook_id,
        secret=secret,
        old_secret_signs_until=until if body.overlap_hours else None,
    )


@router.post(
    "/{webhook_id}/test",
    operation_id="testWebhook",
    summary="Have a test event posted",
    status_code=202,
    response_model_exclude_none=True,
    responses={
        202: {
            "description": "It is on its way; list the deliveries to see what became of it.",
            "links": {"deliveries": LINKS["deliveries"]},
        },
        **openapi.problems("simio_webhook_not_found", "simio_webhook_disabled"),
    },
    openapi_extra=openapi.CONSEQUENTIAL,
)
async def test_webhook(
    webhook_id: str, caller: guards.WriteWebhooks, runtime: serving.Runtime
) -> schemas.DeliveryDocument:
    """Post an event of the type `webhook.test`, signed and repeated like any other."""
    return schemas.delivery_document(await runtime.webhooks.test(caller, webhook_id))


@router.get(
    "/{webhook_id}/deliveries",
    operation_id="listWebhookDeliveries",
    summary="List what was sent to a webhook, or waits",
    response_model_exclude_none=True,
    responses={
        200: {
            "description": "A page of deliveries.",
            "links": {
                "next": openapi.link(
                    "listWebhookDeliveries", "Read the next page.", after="next_after"
                )
            },
        },
        **openapi.problems("simio_webhook_not_found"),
    },
)
async def list_webhook_deliveries(
    webhook_id: str,
    caller: guards.ReadWebhooks,
    runtime: serving.Runtime,
    status: Annotated[
        statuses.DeliveryStatus | None, Query(description="Those in one state only.")
    ] = None,
    after: paging.After = None,
    limit: paging.Limit = paging.DEFAULT_LIMIT,
) -> schemas.DeliveryList:
    """Return the deliveries of the last seven days, the newest first, with their last answer."""
    deliveries, next_after = await runtime.webhooks.deliveries(
        caller, webhook_id, status, after, limit
    )
    return schemas.DeliveryList(
        deliveries=[schemas.delivery_document(it) for it in deliveries], next_after=next_after
    )
