"""A browser of somebody of a tenant."""

import httpx

from simulacra.service import main
from simulacra.service.audit import entry
from simulacra.service.http import envelope, pages
from simulacra.service.people import accounts, sessions
from simulacra.service.runtime import Runtime
from simulacra.service.studio import guard

PASSWORD = "correct horse battery"
EMAIL = "ann@acme.example"
OPERATOR = entry.operator("cli:root")
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


class Browser:
    """As much of a browser as the pages need: cookies, and forms of the same origin."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        app = envelope.Envelope(main.build(runtime), runtime.policy.base_url, b"")
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="https://studio.example"
        )

    @property
    def people(self) -> accounts.People:
        return guard.people_of(self.runtime)

    async def invite(self, company: str = "Acme", email: str = EMAIL) -> accounts.Invitation:
        made = await self.runtime.tenants.create(company=company, email="a@b.example")
        return await self.people.invite(made.tenant_id, email, OPERATOR)

    async def join(self, token: str, password: str = PASSWORD) -> httpx.Response:
        form = {"token": token, "password": password, "again": password}
        return await self.http.post("/studio/invitation", data=form, headers=SAME_ORIGIN)

    async def sign_in(self, company: str = "Acme", email: str = EMAIL) -> sessions.SignedIn:
        """Take up the invitation to a new tenant."""
        answer = await self.join((await self.invite(company, email)).token)
        assert (answer.status_code, answer.headers["location"]) == (303, "/studio/")
        signed_in = await guard.sessions_of(self.runtime).find(answer.cookies[guard.COOKIE])
        assert signed_in is not None
        return signed_in

    async def post(self, path: str, forms_token: str, **form: str) -> httpx.Response:
        data = {pages.FORMS_FIELD: forms_token, **form}
        return await self.http.post(f"/studio/{path}", data=data, headers=SAME_ORIGIN)
