"""The state machine that all actions extend: the service, its expected state, shared checks."""

import datetime as dt
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import httpx
import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from simulacra.service.database import tables
from tests.service.lifecycle import driver, expected_state

T = TypeVar("T")

TENANT_INDEXES = st.integers(0, 1)
CHOICES = st.integers(0, 30)


class LifecycleMachine(RuleBasedStateMachine):
    """A service and its expected state."""

    def __init__(self, make: Callable[[], driver.ServiceDriver]) -> None:
        super().__init__()
        self.driver = make()
        self.expected = expected_state.ExpectedState()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.driver.run(coroutine)

    def row_of(self, job: expected_state.ExpectedJob) -> Any:  # noqa: ANN401 - a row
        return next(row for row in self.run(self.driver.rows_of(tables.Job)) if row.id == job.id)

    def binding(
        self, tenant: expected_state.ExpectedTenant, operation: str, key: str | None
    ) -> expected_state.ExpectedBinding | None:
        bound = tenant.bindings.get((operation, key or ""))
        return None if bound is None or bound.is_over(self.driver.now) else bound

    def check_replay(
        self, resource: expected_state.ExpectedResource, answer: httpx.Response
    ) -> None:
        assert answer.headers["Idempotent-Replayed"] == "true"
        assert ids(answer.json()) == (resource.id, resource.job.id)
        is_over = resource.expires_at <= self.driver.now and resource.status != "deleted"
        status = "expired" if is_over else resource.status
        hypothesis.event(f"replay of a {type(resource).__name__}, {status}")
        assert answer.json()["status"] == status
        assert answer.status_code == (202 if status == "processing" else 200)
        if is_over or resource.status == "deleted":
            assert not {"artifact_url", "display_name", "report"} & answer.json().keys()

    def complete(self, resource: expected_state.ExpectedResource) -> None:
        """Record the outcome of a job that has just been completed, and the rows that it billed."""
        resource.job.status, resource.job.holder, resource.status = "completed", None, "ready"
        hypothesis.event(f"{type(resource).__name__} completed")
        if isinstance(resource, expected_state.ExpectedDataset):
            return
        rows = self.run(self.driver.rows_of(tables.Generation))
        row = next(row for row in rows if row.id == resource.id)
        resource.status, resource.billed, resource.digest = (
            row.status,
            row.rows_generated,
            row.sha256,
        )
        if resource.scenario == "free":
            assert (resource.status, resource.billed) == ("ready", resource.rows)
        else:
            assert resource.status == "partial"
            assert 0 < resource.billed < resource.rows


def choose(choice: int, among: list[T]) -> T:
    """Return the item that a drawn number selects; small numbers select the newest."""
    return among[-1 - choice % len(among)]


def ids(document: dict[str, str]) -> tuple[str, str]:
    """Return the ids of a resource and of its job."""
    return document.get("generation_id") or document["dataset_id"], document["job_id"]


def times(document: dict[str, str]) -> tuple[dt.datetime, dt.datetime]:
    """Return when a resource was created and when it will expire."""
    created_at, expires_at = (
        dt.datetime.fromisoformat(document[name]) for name in ("created_at", "expires_at")
    )
    return created_at, expires_at


def accepted(answer: httpx.Response) -> dict[str, str]:
    """Check that work was accepted, and return the document of its resource."""
    assert answer.status_code == 202, answer.text
    assert "Idempotent-Replayed" not in answer.headers
    document: dict[str, str] = answer.json()
    assert document["status"] == "processing"
    return document


def refusal(answer: httpx.Response) -> str:
    """Check that an answer is a problem, and return its code."""
    assert answer.status_code >= 400, answer.text
    code = str(answer.json()["code"])
    hypothesis.event(code)
    return code
