"""The operator's page in a real browser, against a real server."""

import contextlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright import sync_api as playwright

from tests.acceptance import harness

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PASSWORD = "correct horse battery"
LIGHT = {"width": 1200, "height": 900}
PHONE = {"width": 360, "height": 740}

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")

CONTRASTS = """
() => {
  const channels = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = element => {
    for (let it = element; it; it = it.parentElement) {
      const color = channels(getComputedStyle(it).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const it of document.querySelectorAll("body *")) {
    const says = [...it.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!says || !it.checkVisibility()) continue;
    const [one, two] = [light(channels(getComputedStyle(it).color)), light(ground(it))];
    const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    if (ratio < 4.5) poor.push([it.textContent.trim().slice(0, 30), ratio.toFixed(2)]);
  }
  return poor;
}
"""
"""Texts below the contrast that WCAG 2.2 asks for (1.4.3), with their ratio."""

TOO_WIDE = """
() => {
  const right = it => it.getBoundingClientRect().right;
  return [...document.querySelectorAll("main *")]
    .filter(it => it.checkVisibility() && !it.parentElement.closest(".wide"))
    .filter(it => right(it) > right(it.closest("main > *")) + 1)
    .map(it => `${it.tagName} ${it.className}`);
}
"""
"""Elements that stick out of what they are in; only the inside of `.wide` scrolls."""

Visit = Callable[..., contextlib.AbstractContextManager[playwright.Page]]


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=options)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def account(server: harness.ServerProcess) -> str:
    server.operate("accounts", "create", "ann.lee", stdin=f"{PASSWORD}\n")
    return "ann.lee"


@pytest.fixture
def visit(browser: playwright.Browser, server: harness.ServerProcess, account: str) -> Visit:
    """Open the page as an operator who is signed in; the browser must have nothing to object to."""

    @contextlib.contextmanager
    def opened(**options: Any) -> Iterator[playwright.Page]:  # noqa: ANN401 - the browser's
        console: list[str] = []
        with contextlib.closing(
            browser.new_context(base_url=server.url, ignore_https_errors=True, **options)
        ) as context:
            page = context.new_page()
            page.on("console", lambda message: console.append(message.text))
            page.goto("/operator/")
            assert page.url.endswith("/operator/sign-in")
            playwright.expect(page.get_by_label("Name")).to_be_focused()
            page.keyboard.type(account)
            page.keyboard.press("Tab")
            page.keyboard.type(PASSWORD)
            page.keyboard.press("Enter")
            playwright.expect(page).to_have_title("Overview · Simulacra")
            yield page
        refused_forms = "the server responded with a status of 422"
        assert [line for line in console if refused_forms not in line] == []

    return opened


def test_a_tenant_is_suspended_and_let_in_again_by_keyboard_without_script(
    visit: Visit, server: harness.ServerProcess
) -> None:
    with (
        visit(java_script_enabled=False, viewport=LIGHT) as page,
        contextlib.closing(server.client(server.create_tenant("Brightwater"))) as client,
    ):
        page.get_by_role("link", name="Tenants", exact=True).press("Enter")
        page.get_by_role("link", name="Brightwater").press("Enter")
        assert client.get("/v1/datasets").status_code == 200
        page.get_by_text("Suspend…").press("Enter")
        page.get_by_role("button", name="Suspend Brightwater").press("Enter")
        playwright.expect(page.get_by_role("status")).to_contain_text("refused from now on")
        assert client.get("/v1/datasets").status_code == 401
        page.get_by_text("Reactivate…").press("Enter")
        page.get_by_role("button", name="Reactivate Brightwater").press("Enter")
        playwright.expect(page.get_by_role("status")).to_contain_text("let in again")
        assert client.get("/v1/datasets").status_code == 200
        changes = page.get_by_role("row").filter(has_text="ann.lee")  # and no looks
        playwright.expect(changes).to_have_count(2)


def test_a_request_is_approved_by_keyboard_without_script(
    visit: Visit, server: harness.ServerProcess
) -> None:
    body = {"company_name": "Coastline", "contact_email": "coast@acme.example"}
    answer = httpx.post(f"{server.url}/v1/signup", json=body, verify=server.tls)
    status = f"{server.url}/v1/signup/{answer.json()['request_id']}"
    with visit(java_script_enabled=False, viewport=LIGHT) as page:
        item = page.get_by_role("listitem").filter(has_text="Coastline")
        item.get_by_text("Approve…").press("Enter")
        item.get_by_role("button", name="Approve Coastline").press("Enter")
        playwright.expect(page.get_by_role("status")).to_contain_text("can now fetch the secret")
        approved = httpx.get(status, verify=server.tls).json()
        assert approved["status"] == "approved"
        server.secrets.add(approved["credential_claim_token"])
        assert approved["credential_claim_token"] not in page.content()
        page.get_by_role("link", name="Approved").press("Enter")
        item.get_by_role("link", name="Tenant").press("Enter")
        playwright.expect(page.get_by_role("heading", level=1)).to_contain_text("Coastline")


def test_limits_are_saved_and_mistakes_are_shown(
    visit: Visit, server: harness.ServerProcess
) -> None:
    server.create_tenant("Northwind & <i>Sons</i>")
    with visit(java_script_enabled=False, viewport=LIGHT) as page:
        page.goto("/operator/tenants")
        page.get_by_role("link", name="Northwind & <i>Sons</i>").click()
        page.get_by_label("Rows of the subscription").fill("5,000,000")
        page.get_by_label("Retention").fill("999")
        page.get_by_role("button", name="Save limits").click()
        playwright.expect(page.get_by_role("alert")).to_contain_text("from 1 to 168")
        playwright.expect(page.get_by_label("Rows of the subscription")).to_have_value("5,000,000")
        page.get_by_label("Retention").fill("48")
        page.get_by_role("button", name="Save limits").click()
        playwright.expect(page.get_by_role("status")).to_contain_text("saved")
        playwright.expect(page.get_by_label("Retention")).to_have_value("48")


def test_the_trail_is_filtered_and_links_lead_on(visit: Visit) -> None:
    with visit(java_script_enabled=False, viewport=LIGHT) as page:
        page.get_by_role("link", name="Audit trail").click()
        page.get_by_label("Action").select_option("session.opened")
        page.get_by_role("button", name="Show").click()
        page.wait_for_url(re.compile("action=session.opened"))
        shown = page.locator("tbody th").all_inner_texts()
        assert shown
        assert set(shown) == {"session.opened"}
        page.get_by_role("link", name="ann.lee").first.click()
        page.wait_for_url(re.compile("subject_id=ann.lee"))  # and until the page is there
        assert "account.created" in page.locator("tbody th").all_inner_texts()


def test_signing_out_leaves_nothing_behind_the_back_button(visit: Visit) -> None:
    with visit(java_script_enabled=False, viewport=LIGHT) as page:
        page.goto("/operator/tenants")
        page.locator("summary", has_text="ann.lee").press("Enter")
        page.get_by_role("button", name="Sign out", exact=True).press("Enter")
        playwright.expect(page).to_have_title("Sign in · Simulacra")
        page.go_back()
        playwright.expect(page).to_have_title("Sign in · Simulacra")
        assert page.context.cookies() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_enough_contrast_and_nothing_is_cut_off_on_a_phone(
    visit: Visit, api: harness.ApiClient, scheme: str
) -> None:
    assert api.get("/v1/datasets").status_code == 200  # there is a tenant
    unbroken = "Donaudampfschifffahrtsgesellschaftskapitaen"
    body = {"company_name": unbroken, "contact_email": f"{unbroken}@{unbroken}.example"}
    assert api.post("/v1/signup", json=body).status_code in (200, 202)
    with visit(color_scheme=scheme, viewport=PHONE) as page:
        page.goto("/operator/tenants")
        tenant = str(page.get_by_role("link", name="Acme").first.get_attribute("href"))
        for path in (
            *("/operator/", "/operator/signups", "/operator/jobs", "/operator/tenants"),
            *(tenant, "/operator/audit"),
        ):
            page.goto(path)
            for summary in page.locator("main summary").all():
                summary.click()
            page.locator(".account summary").click()
            assert page.evaluate(CONTRASTS) == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path


def test_nothing_is_wider_than_its_sheet_and_the_menu_is_one_line(
    visit: Visit, api: harness.ApiClient
) -> None:
    assert api.get("/v1/datasets").status_code == 200  # there is a tenant, and an audit trail
    unbroken = "Donaudampfschifffahrtsgesellschaftskapitaen"
    body = {"company_name": unbroken, "contact_email": f"{unbroken}@{unbroken}.example"}
    assert api.post("/v1/signup", json=body).status_code in (200, 202)
    with visit(viewport=LIGHT) as page:
        page.goto("/operator/tenants")
        tenant = str(page.get_by_role("link", name="Acme").first.get_attribute("href"))
        for path in (
            *("/operator/", "/operator/signups", "/operator/jobs", "/operator/tenants"),
            *(tenant, "/operator/audit"),
        ):
            page.goto(path)
            for width in (768, 1024, 1280):
                page.set_viewport_size({"width": width, "height": 900})
                assert page.evaluate(TOO_WIDE) == [], (path, width)
                tops = page.locator("nav[aria-label=Pages] a").evaluate_all(
                    "all => all.map(it => it.getBoundingClientRect().top)"
                )
                assert len(tops) == 5
                assert len(set(tops)) == 1, (path, width)


def test_every_control_has_a_name_and_can_be_reached_by_keyboard(
    visit: Visit, api: harness.ApiClient
) -> None:
    assert api.get("/v1/datasets").status_code == 200  # there is a tenant
    with visit(viewport=LIGHT) as page:
        page.goto("/operator/tenants")
        page.get_by_role("link", name="Acme").first.click()
        controls = "a[href], button, summary, input:not([type=hidden]), select"
        visible = [it for it in page.locator(controls).all() if it.is_visible()]
        reached = set()
        for _ in range(len(visible) + 5):
            page.keyboard.press("Tab")
            reached.add(page.evaluate("document.activeElement.outerHTML"))
        assert {it.evaluate("it => it.outerHTML") for it in visible} <= reached
        for it in page.get_by_role("textbox").all():
            assert it.evaluate("it => it.labels.length") == 1
