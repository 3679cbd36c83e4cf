"""What is said of the way of a study, and whether it is true."""

import datetime as dt
from pathlib import Path

import httpx

from simulacra.service import custody, main, tenancy
from simulacra.service.database import tables
from simulacra.service.http import envelope
from simulacra.service.identity import embedded
from simulacra.service.identity.principal import SCOPES
from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync

PAGE = Path(__file__).parents[2] / "docs" / "custody.md"
DAY, QUARTER = dt.timedelta(days=1), dt.timedelta(minutes=15)


def test_the_page_says_what_the_operation_says() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")][1:]
    steps = list(custody.steps(DAY, QUARTER, DAY))
    assert len(rows) == len(steps)
    for row, step in zip(rows, steps, strict=True):
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[0] == step.name.replace("_", " ")
        assert cells[1:6] == [step.what, step.place, step.key, step.readers, step.end]
        assert cells[6] == (", ".join(f"`{it}`" for it in step.recorded) or "-")


def test_lifetimes_are_those_of_the_tenant(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        made = await runtime.tenants.create(company="A", email="a@b.example")
        assert isinstance(runtime.identity, embedded.Embedded)
        app = envelope.Envelope(main.build(runtime), runtime.policy.base_url, b"key")
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="https://x"
        ) as http:
            token = await runtime.identity.issuer.mint(made.client_id, SCOPES)
            headers = {"Authorization": f"Bearer {token}"}
            assert (await http.get("/v1/custody")).status_code == 401
            default = (await http.get("/v1/custody", headers=headers)).json()
            async with runtime.database.transaction(tenancy.SYSTEM) as session:
                (await session.get_one(tables.Tenant, made.tenant_id)).retention_hours = 6
            shorter = (await http.get("/v1/custody", headers=headers)).json()
        assert (default["retention_hours"], shorter["retention_hours"]) == (24, 6)
        for document, hours in ((default, "24 hours"), (shorter, "6 hours")):
            ends = {step["name"]: step["end"] for step in document["steps"]}
            assert all(hours in ends[name] for name in ("seed_file", "model", "artifact"))

    run_async(check())
