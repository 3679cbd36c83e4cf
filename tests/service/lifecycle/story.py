"""What all parts of a story share: the service, its books, and checks of single answers."""

import datetime as dt
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import httpx
import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from simulacra.service.database import tables
from tests.service.lifecycle import books, world

T = TypeVar("T")

WHO = st.integers(0, 1)
PICK = st.integers(0, 30)


class Story(RuleBasedStateMachine):
    """A service and what it has promised."""

    def __init__(self, make: Callable[[], world.World]) -> None:
        super().__init__()
        self.world = make()
        self.books = books.Books()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.world.run(coroutine)

    def row_of(self, job: books.Job) -> Any:  # noqa: ANN401 - a row
        return next(row for row in self.run(self.world.all_of(tables.Job)) if row.id == job.id)

    def binding(
        self, tenant: books.Tenant, operation: str, key: str | None
    ) -> books.Binding | None:
        bound = tenant.bindings.get((operation, key or ""))
        return None if bound is None or bound.is_over(self.world.now) else bound

    def check_replay(self, made: books.Made, answer: httpx.Response) -> None:
        assert answer.headers["Idempotent-Replayed"] == "true"
        assert ids(answer.json()) == (made.id, made.job.id)
        is_over = made.expires_at <= self.world.now and made.status != "deleted"
        status = "expired" if is_over else made.status
        hypothesis.event(f"replay of a {type(made).__name__}, {status}")
        assert answer.json()["status"] == status
        assert answer.status_code == (202 if status == "processing" else 200)
        if is_over or made.status == "deleted":
            assert not {"artifact_url", "display_name", "report"} & answer.json().keys()

    def complete(self, made: books.Made) -> None:
        """Learn what a job has made that has just been completed, and note the bill."""
        made.job.status, made.job.holder, made.status = "completed", None, "ready"
        hypothesis.event(f"{type(made).__name__} completed")
        if isinstance(made, books.Dataset):
            return
        rows = self.run(self.world.all_of(tables.Generation))
        row = next(row for row in rows if row.id == made.id)
        made.status, made.billed, made.digest = row.status, row.rows_generated, row.sha256
        if made.scenario == "free":
            assert (made.status, made.billed) == ("ready", made.rows)
        else:
            assert made.status == "partial"
            assert 0 < made.billed < made.rows


def choose(pick: int, among: list[T]) -> T:
    """Return the one that a drawn number means; small numbers mean the newest."""
    return among[-1 - pick % len(among)]


def ids(document: dict[str, str]) -> tuple[str, str]:
    """Return the ids of what is made and of its job."""
    return document.get("generation_id") or document["dataset_id"], document["job_id"]


def times(document: dict[str, str]) -> tuple[dt.datetime, dt.datetime]:
    """Return when it was made and when it will expire."""
    created_at, expires_at = (
        dt.datetime.fromisoformat(document[name]) for name in ("created_at", "expires_at")
    )
    return created_at, expires_at


def accepted(answer: httpx.Response) -> dict[str, str]:
    """Return the document of work that has just begun."""
    assert answer.status_code == 202, answer.text
    assert "Idempotent-Replayed" not in answer.headers
    document: dict[str, str] = answer.json()
    assert document["status"] == "processing"
    return document


def refusal(answer: httpx.Response) -> str:
    """Return the code of an answer that is none."""
    assert answer.status_code >= 400, answer.text
    code = str(answer.json()["code"])
    hypothesis.event(code)
    return code
