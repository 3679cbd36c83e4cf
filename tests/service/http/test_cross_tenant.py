"""Who asks for what is another tenant's gets what everybody gets, and is noted."""

import httpx

from simulacra.service import main, tenancy
from simulacra.service.audit import trail
from simulacra.service.audit.entry import Reason
from simulacra.service.database import tables
from simulacra.service.http import envelope
from simulacra.service.identity import embedded
from simulacra.service.identity.principal import SCOPES
from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync


def test_only_what_another_tenant_has_is_noted(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        one = await runtime.tenants.create(company="A", email="a@b.example")
        other = await runtime.tenants.create(company="B", email="b@b.example")
        async with runtime.database.transaction(other.tenant_id) as session:
            session.add(
                tables.Job(
                    id="job_1",
                    tenant_id=other.tenant_id,
                    operation="createDataset",
                    status="queued",
                    dataset_id="ds_1",
                )
            )
        assert isinstance(runtime.identity, embedded.Embedded)
        token = await runtime.identity.issuer.mint(one.client_id, SCOPES)
        app = envelope.Envelope(main.build(runtime), runtime.policy.base_url, b"key")
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="https://x",
            headers={"Authorization": f"Bearer {token}"},
        ) as http:
            foreign, nothing = [
                (await http.get(f"/v1/jobs/{job_id}")) for job_id in ("job_1", "job_2")
            ]
            await http.get("/v1/datasets/ds_2")
        assert foreign.status_code == nothing.status_code == 404
        assert foreign.json()["detail"].replace("job_1", "job_2") == nothing.json()["detail"]
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            noted = [
                (it.subject_id, it.tenant_id, it.request_id)
                async for it in trail.entries(session)
                if it.details.get("reason") == Reason.OTHER_TENANT
            ]
        assert noted == [(one.client_id, one.tenant_id, foreign.headers["x-request-id"])]

    run_async(check())
