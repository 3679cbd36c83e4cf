"""Studies on the study page: uploaded, looked at, corrected, kept and deleted."""

import dataclasses
import html
import json
import re
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

import simulacra
from examples import study
from simulacra.engine.columns.schema import CleaningAction
from simulacra.service import clock
from simulacra.service.audit import trail
from simulacra.service.database import tables
from simulacra.service.datasets import repository
from simulacra.service.http import pages
from simulacra.service.people.sessions import SignedIn
from simulacra.service.runtime import Runtime
from simulacra.service.studio.pages import cleaning
from simulacra.service.tenancy import SYSTEM
from simulacra.service.tenants import encryption
from tests.coroutines import RunAsync
from tests.service.studio import browser

AS_HTMX = browser.SAME_ORIGIN | {"HX-Request": "true"}


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The seed file of the study of the examples."""
    path = tmp_path_factory.mktemp("seed") / "study.csv"
    study.write(path)
    return path.read_bytes()


@pytest.fixture(scope="module")
def published(model_file: Path) -> dict[str, Any]:
    """What is published of that study."""
    return simulacra.load(model_file).schema.to_json()


@dataclasses.dataclass
class Visit:
    """Somebody who is signed in."""

    browser: browser.Browser
    person: SignedIn

    async def upload(self, content: bytes, **fields: str) -> httpx.Response:
        data = {pages.FORMS_FIELD: self.person.forms_token, **fields}
        files = {"seed_file": ("study.csv", content)}
        return await self.browser.http.post(
            "/studio/upload", data=data, files=files, headers=AS_HTMX
        )

    async def get(self, path: str) -> httpx.Response:
        return await self.browser.http.get(f"/studio/{path}")

    async def post(self, path: str, **form: str) -> httpx.Response:
        return await self.browser.post(path, self.person.forms_token, **form)

    async def trained(self, content: bytes, published: dict[str, Any]) -> str:
        """Upload a study, and have it as it is when a worker has trained it."""
        address = (await self.upload(content)).headers["hx-redirect"]
        dataset_id = address.rpartition("/")[2]
        runtime, rows = self.browser.runtime, tables.Dataset
        async with runtime.database.transaction(self.person.tenant_id) as session:
            values = {"row_count": 800, "column_count": 7, "ready_at": clock.now(session)}
            ready = update(rows).where(rows.id == dataset_id)
            await session.execute(
                ready.values(status="ready", published_schema=published, **values)
            )
            job = update(tables.Job).where(tables.Job.dataset_id == dataset_id)
            await session.execute(job.values(status="completed"))
        return dataset_id


async def with_queue(runtime: Runtime, checks: Coroutine[None, None, None]) -> None:
    """Run checks while trainings can be enqueued."""
    async with runtime.queue.open_async():
        await checks


async def visit(runtime: Runtime) -> Visit:
    person = browser.Browser(runtime)
    return Visit(person, await person.sign_in())


def test_a_file_is_uploaded_and_its_training_followed(
    runtime: Runtime, run_async: RunAsync, seed: bytes
) -> None:
    async def check() -> None:
        here = await visit(runtime)
        answer = await here.upload(seed, weight_column="", privacy="strict")
        assert answer.status_code == 204
        address = answer.headers["hx-redirect"].removeprefix("/studio/")
        page = await here.get(address)
        assert "study" in page.text
        assert f"{address}/progress" in page.text
        part = await here.get(f"{address}/progress")
        assert "Waits for its turn" in part.text
        assert "<html" not in part.text
        assert address in (await here.get("")).text
        async with runtime.database.transaction(here.person.tenant_id) as session:
            dataset = await repository.get(session, address.rpartition("/")[2])
        assert dataset.display_name == "study"
        assert dataset.options is not None
        assert (dataset.options["privacy"], dataset.options["weight"]) == ("strict", None)
        async with runtime.database.transaction(SYSTEM) as session:
            (made,) = [it async for it in trail.entries(session) if it.action == "dataset.created"]
        assert (made.actor_kind, made.actor_id) == ("person", here.person.person_id)

    run_async(with_queue(runtime, check()))


def test_what_cannot_be_uploaded_is_told_in_place(
    runtime: Runtime, run_async: RunAsync, seed: bytes
) -> None:
    async def check() -> None:
        here = await visit(runtime)
        answer = await here.upload(b"%PDF-1.7 no study")
        assert (answer.status_code, 'role="alert"' in answer.text) == (400, True)
        form = {pages.FORMS_FIELD: "x" * 64}
        forged = await here.browser.http.post(
            "/studio/upload", data=form, files={"seed_file": ("a.csv", seed)}, headers=AS_HTMX
        )
        assert forged.status_code == 403
        assert "There are none yet" in (await here.get("")).text

    run_async(with_queue(runtime, check()))


def test_questions_are_found_and_cleaning_is_told(
    runtime: Runtime, run_async: RunAsync, seed: bytes, published: dict[str, Any]
) -> None:
    async def check() -> None:
        here = await visit(runtime)
        dataset_id = await here.trained(seed, published)
        whole = (await here.get(f"studies/{dataset_id}/questions")).text
        for text in ("region", "Would recommend (0-10)", "Mainstream", "44.4%", "Median"):
            assert text in whole
        found = (await here.get(f"studies/{dataset_id}/questions?q=recommend")).text
        assert "1 of 7 questions" in found
        assert "Mainstream" not in found
        nothing = (await here.get(f"studies/{dataset_id}/questions?q=zzzz&page=9")).text
        assert "No question, answer or column" in nothing
        cleaning = (await here.get(f"studies/{dataset_id}/cleaning")).text
        assert "Columns left out" in cleaning
        assert "a different whole number in every row" in cleaning

    run_async(with_queue(runtime, check()))


def test_a_corrected_study_is_trained_again_from_the_file_that_is_kept(
    runtime: Runtime, run_async: RunAsync, seed: bytes, published: dict[str, Any]
) -> None:
    async def check() -> None:
        here = await visit(runtime)
        dataset_id = await here.trained(seed, published)
        path = f"studies/{dataset_id}/corrections"
        stated: dict[str, Any] = {"drop_columns": ["channel"], "weight_column": "monthly_spend"}
        wrong = await here.post(
            path, carried=json.dumps(stated), do="column", column="chanel", use="drop"
        )
        assert wrong.status_code == 422
        assert "There is no column &#39;chanel&#39;" in wrong.text
        added = await here.post(
            path, carried=json.dumps(stated), do="column", column="age", missing="98, 99, none"
        )
        assert "no answer: 98, 99, none" in added.text
        stated["missing_values"] = {"age": [98, 99, "none"]}
        answer = await here.post(path, carried=json.dumps(stated), do="train", display_name="Again")
        again = answer.headers["location"].rpartition("/")[2]
        assert again != dataset_id
        assert await options_of(here, again) == {
            "drop": ["channel"],
            "weight": "monthly_spend",
            "missing": {"age": [98, 99, "none"]},
        }
        assert await seed_of(here, again) == seed
        assert await options_of(here, dataset_id) == {}

    run_async(with_queue(runtime, check()))


def test_the_file_of_a_failed_training_is_asked_for_again_with_what_was_stated(
    runtime: Runtime, run_async: RunAsync, seed: bytes, published: dict[str, Any]
) -> None:
    async def check() -> None:
        here = await visit(runtime)
        dataset_id = await here.trained(seed, published)
        async with runtime.database.transaction(here.person.tenant_id) as session:
            row = await repository.get(session, dataset_id)
            row.status, row.sealed_key, row.published_schema = "failed", None, None
            row.error = {"detail": "There is no column 'weight'."}
        shown = (await here.get(f"studies/{dataset_id}")).text
        assert "There is no column &#39;weight&#39;." in shown
        path = f"studies/{dataset_id}/corrections"
        assert "Choose the file again" in (await here.get(path)).text
        stated = json.dumps({"drop_columns": ["channel"], "weight_column": "monthly_spend"})
        form = (await here.post(path, carried=stated, do="train", display_name="Again")).text
        assert 'value="monthly_spend"' in form
        (carried,) = re.findall(r'name="carried" value="([^"]*)"', form)
        answer = await here.upload(seed, carried=html.unescape(carried), weight_column="age")
        again = answer.headers["hx-redirect"].rpartition("/")[2]
        assert await options_of(here, again) == {"drop": ["channel"], "weight": "age"}

    run_async(with_queue(runtime, check()))


def test_a_study_is_kept_longer_and_deleted(
    runtime: Runtime, run_async: RunAsync, seed: bytes, published: dict[str, Any]
) -> None:
    async def check() -> None:
        here = await visit(runtime)
        dataset_id = await here.trained(seed, published)
        async with runtime.database.transaction(here.person.tenant_id) as session:
            before = await repository.get(session, dataset_id)
        answer = await here.post(f"studies/{dataset_id}/keep", days="7")
        assert "It is kept until" in (await here.browser.http.get(answer.headers["location"])).text
        async with runtime.database.transaction(here.person.tenant_id) as session:
            after = await repository.get(session, dataset_id)
        assert after.expires_at > before.expires_at
        assert (after.expires_at - after.created_at).days == 7
        assert (await here.post(f"studies/{dataset_id}/keep", days="8")).status_code == 400
        stranger = browser.Browser(runtime)
        other = Visit(stranger, await stranger.sign_in("Other", "eve@other.example"))
        for page in ("", "/questions", "/cleaning", "/corrections", "/progress"):
            assert (await other.get(f"studies/{dataset_id}{page}")).status_code == 404
        assert (await other.post(f"studies/{dataset_id}/delete")).status_code == 404
        assert "There is no such study" in (await other.get(f"studies/{dataset_id}")).text
        async with runtime.database.transaction(SYSTEM) as session:
            told = [it async for it in trail.entries(session) if it.action == "token.refused"]
        assert told[0].actor_id == other.person.person_id
        assert (told[0].actor_kind, told[0].details["reason"]) == ("person", "other_tenant")
        await here.post(f"studies/{dataset_id}/delete")
        assert (await here.get(f"studies/{dataset_id}")).status_code == 404
        assert "There are none yet" in (await here.get("")).text
        assert "1,000,000" in (await here.get("usage")).text

    run_async(with_queue(runtime, check()))


@pytest.mark.parametrize(
    ("reason", "told", "link"),
    [
        (
            'a weight. To weight the study by it, upload it again with weight_column="w t"',
            "a weight",
            ("weight=w+t", "Weight the study by it"),
        ),
        (
            'if 99 stands for no answer, state it: missing_values = {"w t": [99]}',
            "if 99 stands for no answer, state it",
            ("column=w+t&missing=99", "Read 99 as no answer"),
        ),
        ("a constant", "a constant", ("column=w+t", "Correct")),
    ],
)
def test_advice_to_programs_becomes_a_link_for_people(
    reason: str, told: str, link: tuple[str, str]
) -> None:
    shown = cleaning._told(CleaningAction("w t", "noticed", reason, 1), {})
    assert (shown.reason, (shown.link, shown.offer)) == (told, link)


async def options_of(here: Visit, dataset_id: str) -> dict[str, Any]:
    """Return what was stated about a study, without what says nothing."""
    async with here.browser.runtime.database.transaction(here.person.tenant_id) as session:
        options = (await repository.get(session, dataset_id)).options or {}
    return {name: it for name, it in options.items() if it not in (None, [], {}, "standard")}


async def seed_of(here: Visit, dataset_id: str) -> bytes:
    """Return the seed file of a study as it is kept, decrypted."""
    runtime, tenant_id = here.browser.runtime, here.person.tenant_id
    async with runtime.database.transaction(tenant_id) as session:
        row = (
            await session.scalars(select(tables.Dataset).where(tables.Dataset.id == dataset_id))
        ).one()
        assert row.sealed_key is not None
        wrapped = await encryption.unseal(
            session, runtime.keyring, tenant_id, dataset_id, row.sealed_key
        )
        store = await runtime.stores.of(session, row.store_id)
    key = await store.unwrap(wrapped, dataset_id)
    with store.objects.read(repository.seed_path(dataset_id), key) as file:
        return file.read()
