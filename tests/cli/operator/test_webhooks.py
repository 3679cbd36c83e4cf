"""Webhooks at the terminal."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from simulacra.service import compose, keys, tenancy
from simulacra.service.audit import trail
from simulacra.service.database import tables
from simulacra.service.settings import Settings
from tests.service.jobs import work
from tests.service.webhooks import steps

Run = Callable[..., str]
URL = "http://127.0.0.1:9999/hooks/secret-of-the-customer?token=secret-too"


@pytest.fixture
def webhook(empty_dsn: str, tmp_path: Path) -> tables.Webhook:
    """A webhook that two deliveries wait for."""
    keys.make_master_key(tmp_path / "keys" / "master.key")
    settings = Settings(data_dir=tmp_path, database_url=empty_dsn)  # type: ignore[arg-type]  # coerced

    async def make() -> tables.Webhook:
        runtime = compose.runtime_of(settings)
        try:
            caller = await work.tenant(runtime)
            made, _ = await steps.webhook(runtime, caller, URL)
            for _ in range(2):
                await steps.webhooks_of(runtime).test(caller, made.id)
            return made
        finally:
            await runtime.close()

    return asyncio.run(make())


def test_webhooks_are_listed_without_the_secrets_of_addresses(
    run: Run, webhook: tables.Webhook
) -> None:
    (row,) = json.loads(run("webhooks", "list", webhook.tenant_id, "--json"))
    assert row["origin"] == "http://127.0.0.1:9999/"
    assert (row["webhook_id"], row["client_id"]) == (webhook.id, webhook.client_id)
    assert (row["waiting"], row["disabled_at"]) == (2, None)
    text = run("webhooks", "list", webhook.tenant_id)
    assert webhook.id in text
    assert "secret" not in text


def test_a_webhook_is_disabled_once(
    run: Run, webhook: tables.Webhook, empty_dsn: str, tmp_path: Path
) -> None:
    assert "is disabled" in run("webhooks", "disable", webhook.id)
    (row,) = json.loads(run("webhooks", "list", webhook.tenant_id, "--json"))
    assert (row["waiting"], row["disabled_reason"]) == (0, "operator")
    assert "no webhook" in run("webhooks", "disable", webhook.id, code=1)
    assert "no webhook 'wh_x'" in run("webhooks", "disable", "wh_x", code=1)
    settings = Settings(data_dir=tmp_path, database_url=empty_dsn)  # type: ignore[arg-type]  # coerced

    async def recorded() -> list[tuple[str, str]]:
        runtime = compose.runtime_of(settings)
        try:
            async with runtime.database.transaction(tenancy.SYSTEM) as session:
                entries = [it async for it in trail.entries(session)]
        finally:
            await runtime.close()
        return [(it.action, it.actor_kind) for it in entries if it.action.startswith("webhook.")]

    assert asyncio.run(recorded()) == [
        ("webhook.created", "client"),
        ("webhook.disabled", "operator"),
        ("webhook.viewed", "operator"),
    ]
