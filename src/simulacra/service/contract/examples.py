"""Examples of requests and answers: one study and one scenario, from the request for access on.

`examples.json` holds, for each operation, its request by media type, further requests by media type
and name where one does not show all that can be asked for, and its answers by status and media
type.
"""

import importlib.resources
import json
from collections.abc import Mapping
from typing import Any

RECORDED_AT = "https://localhost:8443"
REQUEST_ID = "req_7Yt2QmZp5uXc8RbK4nLskGnR"
PARAMETERS: Mapping[str, Any] = {
    "request_id": "req_5fTq8ZrL2mXw9YcVb3NkDLHZ",
    "rotation_id": "rot_8KpWm3XqZ6tYc2RvL9bNAyPc",
    "dataset_id": "ds_4Rk9XmTq2bWcZ7pLvY5n4w7z",
    "generation_id": "gen_6Vb2NqXw8ZtKc4RmYp9LtjB7",
    "job_id": "job_3XwPc7RmZq9TkL5vYb2NrSzY",
    "webhook_id": "wh_8Rk2XmTq5bWcZ7pLvY4ng9Ra",
    "code": "simio_unknown_condition_column",
    "Idempotency-Key": "generation-2026-04-30",
    "wait_seconds": 20,
    "limit": 20,
    "Range": "bytes=0-999",
}
"""By the name of the parameter."""


def text() -> str:
    """Return the examples as they are kept."""
    return importlib.resources.files(__package__).joinpath("examples.json").read_text()


class Examples:
    """The bodies of requests and answers, with the addresses of an installation."""

    def __init__(self, base_url: str) -> None:
        self._of: dict[str, dict[str, Any]] = json.loads(text().replace(RECORDED_AT, base_url))

    def request(self, operation_id: str) -> Mapping[str, Any]:
        """Return the bodies that an operation may be sent, by their media type."""
        given: Mapping[str, Any] = self._of.get(operation_id, {}).get("request", {})
        return given

    def more_requests(self, operation_id: str) -> Mapping[str, Any]:
        """Return further bodies by their media type and name, each with a summary."""
        given: Mapping[str, Any] = self._of.get(operation_id, {}).get("more_requests", {})
        return given

    def response(self, operation_id: str, status: str) -> Mapping[str, Any]:
        """Return the bodies that an operation may answer with a status, by their media type."""
        answers = self._of.get(operation_id, {}).get("responses", {})
        given: Mapping[str, Any] = answers.get(status, {})
        return given
