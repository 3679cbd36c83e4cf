"""The messages to webhooks in the OpenAPI document: an entry for each type of event."""

from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import models_json_schema

from simulacra.service.contract import examples
from simulacra.service.webhooks import messages, signing
from simulacra.service.webhooks.events import TEST, EventType

Json = dict[str, Any]

WHEN: Mapping[str, str] = {
    EventType.JOB_COMPLETED: "A job has succeeded",
    EventType.JOB_FAILED: "A job cannot succeed",
    EventType.JOB_CANCELLED: "A job was cancelled, or its dataset deleted",
    EventType.JOB_EXPIRED: "A job had not ended when its dataset or generation expired",
    EventType.DATASET_EXPIRING: "A dataset expires within two hours",
    TEST: "Somebody asked for a test",
}
DESCRIPTION = (
    "Posted to the webhooks that want this event, signed as Standard Webhooks say. Verify the "
    "signature before you believe the message. It may come twice, with the same `webhook-id`."
)
HEADERS: Mapping[str, tuple[str, str]] = {
    signing.ID: ("Id of the message, the same at each attempt.", "msg_5Tq8ZrL2mXw9YcVb3NkP4f"),
    signing.TIMESTAMP: ("Time of the attempt, in seconds since 1970.", "1767261600"),
    signing.SIGNATURE: (
        "Signatures as `v1,BASE64`, separated by spaces; one of them is by your secret.",
        "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    ),
}
ANSWERS: Json = {
    "2XX": {"description": "The message was taken; the body is not read."},
    "410": {"description": "There is no such receiver any more: the webhook is disabled."},
    "default": {"description": "The message was not taken, and is sent again later."},
}
TIME = "2026-04-30T09:15:00Z"


def section(base_url: str) -> Json:
    """Return the `webhooks` of the document."""
    return {event: {"post": _operation(event, base_url)} for event in messages.OF_EVENTS}


def schemas() -> Json:
    """Return the components that the section refers to."""
    models = sorted(set(messages.OF_EVENTS.values()), key=lambda model: model.__name__)
    _, found = models_json_schema(
        [(model, "serialization") for model in models], ref_template="#/components/schemas/{model}"
    )
    described: Json = found["$defs"]
    return described


def _operation(event: str, base_url: str) -> Json:
    name = "".join(part.capitalize() for part in event.split("."))
    schema = {"$ref": f"#/components/schemas/{messages.OF_EVENTS[event].__name__}"}
    example = {"type": str(event), "timestamp": TIME, "data": _data(event, base_url)}
    return {
        "operationId": f"on{name}",
        "summary": WHEN[event],
        "description": DESCRIPTION,
        "tags": ["webhooks"],
        "security": [],
        "parameters": [
            {
                "name": header,
                "in": "header",
                "required": True,
                "description": text,
                "schema": {"type": "string"},
                "example": value,
            }
            for header, (text, value) in HEADERS.items()
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schema, "example": example}},
        },
        "responses": ANSWERS,
    }


def _data(event: str, base_url: str) -> Json:
    ids = examples.PARAMETERS
    if event == TEST:
        webhook = ids["webhook_id"]
        links = {"webhook": f"{base_url}/v1/webhooks/{webhook}"}
        return {"webhook_id": webhook, "links": links}
    dataset = ids["dataset_id"]
    of_dataset = f"{base_url}/v1/datasets/{dataset}"
    if event == EventType.DATASET_EXPIRING:
        links = {"dataset": of_dataset}
        return {"dataset_id": dataset, "expires_at": "2026-04-30T11:15:00Z", "links": links}
    job = ids["job_id"]
    links = {"job": f"{base_url}/v1/jobs/{job}"}
    data = {
        "job_id": job,
        "operation": "createDataset",
        "status": event.removeprefix("job."),
        "dataset_id": dataset,
        "links": links,
    }
    if event == EventType.JOB_COMPLETED:
        links["dataset"] = of_dataset
    if event == EventType.JOB_FAILED:
        data["code"] = "simio_training_failed"
    return data
