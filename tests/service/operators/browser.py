"""A browser of an operator, and the tenants that it shows."""

import httpx

from simulacra.service import main, tenancy
from simulacra.service.audit import entry
from simulacra.service.database import tables
from simulacra.service.http import envelope
from simulacra.service.operators import accounts, guard, sessions
from simulacra.service.runtime import Runtime

PASSWORD = "correct horse battery"
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


class Browser:
    """As much of a browser as the pages need: cookies, and forms of the same origin."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        app = envelope.Envelope(main.build(runtime), runtime.policy.base_url, b"")
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="https://operator.example"
        )

    async def sign_in(self, name: str = "ann") -> sessions.SignedIn:
        await accounts.create(self.runtime.database, name, PASSWORD, entry.operator("cli:root"))
        form = {"name": name, "password": PASSWORD}
        answer = await self.http.post("/operator/sign-in", data=form, headers=SAME_ORIGIN)
        assert (answer.status_code, answer.headers["location"]) == (303, "/operator/")
        token = answer.cookies[guard.COOKIE]
        signed_in = await guard.sessions_of(self.runtime).find(token)
        assert signed_in is not None
        return signed_in

    async def post(self, path: str, forms_token: str, **form: str) -> httpx.Response:
        data = {guard.FORMS_FIELD: forms_token, **form}
        return await self.http.post(f"/operator/{path}", data=data, headers=SAME_ORIGIN)


async def create_tenant(runtime: Runtime, company: str = "Acme") -> str:
    made = await runtime.tenants.create(company=company, email="a@b.example")
    return made.tenant_id


async def tenant_status(runtime: Runtime, tenant_id: str) -> str:
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        return (await session.get_one(tables.Tenant, tenant_id)).status
