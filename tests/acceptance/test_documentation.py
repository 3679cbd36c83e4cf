"""The documents of a real server: the interactive page in a browser, and the pages of people."""

import contextlib
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from playwright import sync_api as playwright

from simulacra.service.documentation import pages
from tests.acceptance import harness
from tests.acceptance.test_operator_page import CHROMIUM, CONTRASTS, browser

__all__ = ["browser"]  # a fixture

needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
HTML = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
STATIC = Path(pages.__file__).parent / "static"
PINNED = "6bb3f4f29b0d740f1fc0970cd4245e01d2c1346df5a26ecd20a2f7a5dda5f837"


class Interactive:
    """The interactive page as a person uses it."""

    def __init__(self, page: playwright.Page, server: harness.ServerProcess) -> None:
        self.page, self.server = page, server
        self.elsewhere: list[str] = []
        self.console: list[str] = []
        page.on("request", self._note)
        page.on("console", lambda it: self.console.append(it.text))
        page.on("pageerror", lambda it: self.console.append(str(it)))

    def _note(self, request: playwright.Request) -> None:
        if not request.url.startswith((self.server.url, "data:", "blob:")):
            self.elsewhere.append(request.url)

    def open(self) -> None:
        self.page.goto("/__docs__/")
        playwright.expect(self.page.locator("#link-auth")).to_have_text("AUTHENTICATION")

    def choose(self, operation: str) -> None:
        """Choose an operation on the left, by its method and path."""
        method, path = operation.split()
        named = f"link-{method.lower()}-{re.sub(r'[{}]', '-', path)}"
        self.page.locator(f'[id="{named}"]').click()
        playwright.expect(self.page.get_by_role("button", name="TRY")).to_be_visible()

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            self.page.locator(f'[data-pname="{name}"]').first.fill(value)

    def fill_body(self, body: dict[str, Any]) -> None:
        self.page.locator("textarea.request-body-param-user-input").fill(json.dumps(body))

    @property
    def key(self) -> str:
        return self.page.locator('[data-pname="Idempotency-Key"]').input_value()

    def press_try(self) -> playwright.Response:
        """Press TRY and return the answer."""
        with self.page.expect_response(lambda it: "/v1/" in it.url) as answer:
            self.page.get_by_role("button", name="TRY").click()
        playwright.expect(self.page.locator(".btn-execute")).to_be_enabled()
        return answer.value

    def exchange(self, client_id: str, client_secret: str) -> None:
        self.page.locator("#link-auth").click()
        self.page.get_by_label("client_id").fill(client_id)
        self.page.get_by_label("client_secret").fill(client_secret)
        self.page.get_by_role("button", name="Exchange and fill HTTP Bearer").click()


@pytest.fixture
def interactive(
    browser: playwright.Browser, server: harness.ServerProcess
) -> Iterator[Interactive]:
    with contextlib.closing(
        browser.new_context(base_url=server.url, ignore_https_errors=True)
    ) as context:
        it = Interactive(context.new_page(), server)
        it.open()
        yield it
        assert it.elsewhere == []


@needs_browser
def test_a_stranger_with_a_browser_gets_to_rows(
    interactive: Interactive, server: harness.ServerProcess, study_csv: bytes, tmp_path: Path
) -> None:
    """Sign up, claim, exchange, upload, generate, download, rotate with a reload in between."""
    interactive.choose("POST /v1/signup")
    interactive.fill_body({"company_name": "Browser", "contact_email": "b@browser.example"})
    asked = interactive.press_try()
    assert "authorization" not in asked.request.headers
    request_id = asked.json()["request_id"]
    server.operate("approve", request_id)
    interactive.choose("GET /v1/signup/{request_id}")
    interactive.fill(request_id=request_id)
    claim_token = interactive.press_try().json()["credential_claim_token"]
    interactive.choose("POST /v1/credential-claims")
    interactive.fill_body({"claim_token": claim_token})
    claimed = interactive.press_try().json()
    server.secrets |= {claim_token, claimed["client_secret"]}

    interactive.exchange(claimed["client_id"], claimed["client_secret"])
    note = interactive.page.locator("#exchange-note")
    playwright.expect(note).to_contain_text("HTTP Bearer is filled in, valid until")
    playwright.expect(interactive.page.get_by_label("client_secret")).to_have_value("")

    study = tmp_path / "study.csv"
    study.write_bytes(study_csv)
    _make_rows(interactive, study)
    key, token = _rotate(interactive)
    interactive.page.reload()
    interactive.open()
    interactive.exchange(claimed["client_id"], claimed["client_secret"])
    playwright.expect(note).to_contain_text("HTTP Bearer is filled in")
    assert _rotate(interactive) == (key, token)
    server.secrets.add(token)


def _rotate(interactive: Interactive) -> tuple[str, str]:
    """Return the key that was sent, and the claim token of the answer."""
    interactive.choose("POST /v1/credential-rotations")
    key = interactive.key
    return key, interactive.press_try().json()["credential_claim_token"]


def _make_rows(interactive: Interactive, study: Path) -> None:
    """Upload, generate and download."""
    interactive.choose("POST /v1/datasets")
    interactive.page.locator('input[type="file"]').first.set_input_files(study)
    interactive.fill(wait_seconds="30")
    uploaded = interactive.press_try()
    assert uploaded.status in (200, 202), uploaded.text()
    assert uploaded.request.headers["idempotency-key"] == interactive.key
    again = interactive.press_try()
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json()["dataset_id"] == uploaded.json()["dataset_id"]

    interactive.choose("POST /v1/datasets/{dataset_id}/generations")
    interactive.fill(dataset_id=uploaded.json()["dataset_id"])
    scenario = {"categorical": {"segment": {"Premium": 0.55}}}
    interactive.fill_body({"row_count": 50, "wait_seconds": 30, "conditions": scenario})
    generated = interactive.press_try().json()
    first = interactive.key
    interactive.page.get_by_role("button", name="New key").click()
    assert interactive.key != first
    interactive.choose("GET /v1/generations/{generation_id}")
    interactive.fill(generation_id=generated["generation_id"])
    made = interactive.press_try().json()
    assert made["rows_generated"] == 50
    interactive.choose("GET /v1/generations/{generation_id}/artifact")
    interactive.fill(generation_id=generated["generation_id"])
    interactive.fill(token=made["artifact_url"].partition("?token=")[2])
    artifact = interactive.press_try()
    assert (artifact.status, artifact.body()[:4]) == (200, b"PAR1")


@needs_browser
def test_a_secret_in_the_place_of_a_token_is_explained_and_not_applied(
    interactive: Interactive,
) -> None:
    interactive.page.locator("#link-auth").click()
    field = interactive.page.locator(".api-key-input")
    field.fill("f" * 64)
    interactive.page.get_by_role("button", name="SET").click()
    note = interactive.page.locator("#bearer-note")
    playwright.expect(note).to_contain_text("not an access token")
    playwright.expect(field).to_have_value("")
    interactive.exchange("nobody", "f" * 64)
    refused = interactive.page.locator("#exchange-note")
    playwright.expect(refused).to_contain_text("wrong secret")


@needs_browser
@pytest.mark.parametrize("path", ["/__docs__/", "/__docs__/quickstart", "/errors", "/nowhere"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_can_be_read_on_a_phone(
    browser: playwright.Browser,
    server: harness.ServerProcess,
    path: str,
    scheme: Literal["light", "dark"],
) -> None:
    with contextlib.closing(
        browser.new_context(
            base_url=server.url,
            ignore_https_errors=True,
            viewport={"width": 360, "height": 740},
            color_scheme=scheme,
        )
    ) as context:
        page = context.new_page()
        page.goto(path)
        playwright.expect(page.get_by_role("heading", level=1).first).to_be_visible()
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360
        assert page.evaluate(CONTRASTS) == []


BROKEN_NAMES = """[...document.querySelectorAll('td:first-child code')]
    .filter(code => !/[\\s-]/.test(code.textContent) && code.getClientRects().length > 1)
    .map(code => code.textContent)"""
HIDDEN_CELLS = """[...document.querySelectorAll('td')]
    .filter(cell => cell.getBoundingClientRect().right > innerWidth).map(it => it.textContent)"""


@needs_browser
@pytest.mark.parametrize(("width", "fault"), [(1280, BROKEN_NAMES), (390, HIDDEN_CELLS)])
def test_tables_can_be_read(
    browser: playwright.Browser, server: harness.ServerProcess, width: int, fault: str
) -> None:
    """At a desk names in a first column stay whole; on a phone no cell is out of sight."""
    with contextlib.closing(
        browser.new_context(
            base_url=server.url,
            ignore_https_errors=True,
            viewport={"width": width, "height": 800},
        )
    ) as context:
        page = context.new_page()
        for shown in pages.PAGES:
            page.goto(f"/__docs__/{shown.slug}")
            assert page.evaluate(fault) == [], shown.slug


@needs_browser
def test_the_keyboard_is_enough(interactive: Interactive) -> None:
    page = interactive.page
    focused = "document.activeElement.shadowRoot?.activeElement?.id"
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate(focused) == "link-auth":
            break
    page.keyboard.press("Enter")
    playwright.expect(page.get_by_label("client_id")).to_be_visible()
    page.get_by_label("client_id").focus()
    for typed in ("nobody", "wrong"):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    playwright.expect(page.locator("#exchange-note")).to_contain_text("wrong secret")


def test_the_component_is_the_one_that_was_pinned() -> None:
    content = (STATIC / "openapi-explorer.min.js").read_bytes()
    assert hashlib.sha256(content).hexdigest() == PINNED
    assert "Apache License" in (STATIC / "openapi-explorer.LICENSE").read_text()


def test_no_other_site_may_exchange_credentials(server: harness.ServerProcess) -> None:
    credential = {"client_id": "x", "client_secret": "y"}
    own = {"Origin": server.url, "Sec-Fetch-Site": "same-origin"}
    with httpx.Client(base_url=server.url, verify=server.tls) as http:
        for headers in ({}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            answer = http.post("/__docs__/token", json=credential, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "simio_forbidden")
        refused = http.post("/__docs__/token", json=credential, headers=own)
        assert (refused.status_code, refused.json()["code"]) == (401, "simio_unauthorized")
        as_form = http.post("/__docs__/token", data=credential, headers=own)
        assert as_form.status_code == 415
        assert "access-control-allow-origin" not in refused.headers


def test_pages_may_do_nothing_but_what_they_need(server: harness.ServerProcess) -> None:
    with httpx.Client(base_url=server.url, verify=server.tls) as http:
        for path in ("/__docs__/", "/__docs__/access", "/errors", "/__docs__/whats-new"):
            answer = http.get(path, headers=HTML)
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "script-src 'self';" in policy
            assert "connect-src 'self'" in policy
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert not re.search(r"<script(?![^>]*\bsrc=)", answer.text), path


def test_addresses_lead_on(server: harness.ServerProcess) -> None:
    with httpx.Client(base_url=server.url, verify=server.tls) as http:
        person = http.get("/", headers=HTML)
        assert (person.status_code, person.headers["location"]) == (307, "/__docs__/")
        for address in http.get("/").json().values():
            if address.startswith("https"):
                assert http.get(address, follow_redirects=True).status_code == 200, address
        assert http.get("/__docs__").status_code == 307
        for page in pages.PAGES:
            shown = http.get(f"/__docs__/{page.slug}", headers=HTML)
            text = http.get(f"/__docs__/{page.slug}.md")
            assert shown.headers["content-type"].startswith("text/html")
            assert text.headers["content-type"].startswith("text/markdown")
            assert server.url in text.text or page.slug not in ("overview", "access", "quickstart")
            for target in set(re.findall(r"\]\((https://[^)#]+)", text.text)):
                assert http.get(target, follow_redirects=True).status_code == 200, target
            assert http.head(f"/__docs__/{page.slug}").status_code == 200
        absent = http.get("/__docs__/nothing")
        assert absent.status_code == 404
        for slug in (*pages.BY_SLUG, "whats-new"):
            assert slug in absent.json()["detail"]


def test_changes_are_a_page_for_people_and_data_for_programs(server: harness.ServerProcess) -> None:
    with httpx.Client(base_url=server.url, verify=server.tls) as http:
        data = http.get("/v1/whats-new")
        assert data.headers["vary"] == "Accept"
        for path in ("/v1/whats-new", "/__docs__/whats-new"):
            page = http.get(path, headers=HTML)
            assert page.headers["content-type"].startswith("text/html")
            assert "What&#39;s new" in page.text or "What's new" in page.text
        text = http.get("/__docs__/whats-new.md").text
        for release in data.json()["releases"]:
            for entries in release["changes"].values():
                assert all(f"- {entry}\n" in text for entry in entries)


@pytest.mark.parametrize("code", ["simio_condition_out_of_range", "simio_unavailable"])
def test_an_error_says_the_same_to_people_and_programs(
    server: harness.ServerProcess, code: str
) -> None:
    with httpx.Client(base_url=server.url, verify=server.tls) as http:
        document = http.get(f"/errors/{code}").json()
        page = http.get(f"/errors/{code}", headers=HTML)
        plain = re.sub(r"<[^>]+>", "", page.text).replace("&quot;", '"').replace("&#39;", "'")
        for member in ("title", "meaning", "cause", "fix", "retry", "support"):
            assert document[member].replace("`", "") in plain, member
        assert document["example"]["code"] == code
        listed = http.get("/errors").json()["errors"]
        shown = http.get("/errors", headers=HTML).text
        assert all(f'href="/errors/{it["code"]}"' in shown for it in listed)
        absent = http.get("/nowhere", headers=HTML)
        assert (absent.status_code, "simio_not_found" in absent.text) == (404, True)
        assert http.get("/nowhere").headers["content-type"] == "application/problem+json"
