"""The study page in a real browser, against a real server, from an invitation to signing out."""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright import sync_api as playwright

from tests.acceptance import harness
from tests.acceptance.test_operator_page import CHROMIUM, CONTRASTS

LIGHT: playwright.ViewportSize = {"width": 1200, "height": 900}
PHONE: playwright.ViewportSize = {"width": 360, "height": 740}
PASSWORD = "correct horse battery"
EMAIL = "ann@lighthouse.example"
DROP = """
() => {
  const dropped = new DataTransfer();
  dropped.items.add(new File([CONTENT], "study.csv"));
  return dropped;
}
"""
TRAINING_MS = 120_000

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def page(server: harness.ServerProcess) -> Iterator[playwright.Page]:
    """A browser that has nothing to object to, whatever the tests do."""
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    console: list[str] = []
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=options)
        with contextlib.closing(
            chromium.new_context(base_url=server.url, ignore_https_errors=True, viewport=LIGHT)
        ) as context:
            page = context.new_page()
            page.on("console", lambda message: console.append(message.text))
            page.on("pageerror", lambda error: console.append(str(error)))
            yield page
        chromium.close()
    refused = "the server responded with a status of 4"
    assert [line for line in console if refused not in line] == []


def test_from_an_invitation_to_a_study_that_was_corrected_and_deleted(
    page: playwright.Page, server: harness.ServerProcess, study_csv: bytes, tmp_path: Path
) -> None:
    join(page, server)
    upload(page, study_csv, tmp_path)
    find_and_correct(page)
    delete(page)
    page.locator("details.who summary").press("Enter")
    page.get_by_role("button", name="Sign out", exact=True).click()
    playwright.expect(page).to_have_title("Sign in · Simulacra")
    page.go_back()
    playwright.expect(page).to_have_title("Sign in · Simulacra")


def join(page: playwright.Page, server: harness.ServerProcess) -> None:
    """Take an invitation up by keyboard."""
    server.create_tenant("Lighthouse")
    told = server.operate("people", "invite", "Lighthouse", "--email", EMAIL)
    (link,) = re.findall(r"https://\S+", told)
    server.secrets.add(link.partition("=")[2])
    page.goto(link)
    check_looks(page)
    for typed in (PASSWORD, PASSWORD):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    playwright.expect(page).to_have_title("Studies · Simulacra")
    check_looks(page)


def upload(page: playwright.Page, content: bytes, folder: Path) -> None:
    """Upload what is no study, and then one, until it is trained."""
    page.get_by_role("link", name="Upload a study").first.press("Enter")
    check_looks(page)
    for dropped, fault in (
        ("'%PDF-1.7'", "a PDF document"),
        ("new Uint8Array(21e6)", "at most 19.1 MiB"),
    ):
        page.locator("[data-drop]").dispatch_event(
            "drop", {"dataTransfer": page.evaluate_handle(DROP.replace("CONTENT", dropped))}
        )
        page.get_by_role("button", name="Upload and train").click()
        playwright.expect(page.get_by_role("alert")).to_contain_text(fault)
    check_looks(page)
    file = folder / "Wave 7.csv"
    file.write_bytes(content)
    page.get_by_label("Drop a file here").set_input_files(file)
    page.get_by_role("button", name="Upload and train").click()
    heading = page.get_by_role("heading", level=1)
    playwright.expect(heading).to_contain_text("Wave 7")
    playwright.expect(heading).to_contain_text("ready", timeout=TRAINING_MS)  # by itself
    playwright.expect(page.get_by_text("800", exact=True)).to_be_visible()


def find_and_correct(page: playwright.Page) -> None:
    """Find a question, leave it out, and train again."""
    page.get_by_role("link", name="Questions", exact=True).click()
    playwright.expect(page.get_by_role("article")).to_have_count(7)
    page.get_by_label("Search").press_sequentially("premium")
    playwright.expect(page.get_by_role("article")).to_have_count(1)  # while it is typed
    assert page.url.endswith("q=premium")
    check_looks(page)
    page.get_by_role("link", name="Correct segment").click()
    playwright.expect(page.get_by_label("Column its name")).to_have_value("segment")
    page.get_by_label("Use").select_option("drop")
    page.get_by_role("button", name="Add to what is stated").first.click()
    playwright.expect(page.get_by_text("segment left out")).to_be_visible()
    check_looks(page)
    page.get_by_label("Name of the new study").fill("Without segments")
    page.get_by_role("button", name="Train again").click()
    heading = page.get_by_role("heading", level=1)
    playwright.expect(heading).to_contain_text("Without segments")
    playwright.expect(heading).to_contain_text("ready", timeout=TRAINING_MS)
    page.get_by_role("link", name="Cleaning", exact=True).click()
    playwright.expect(page.locator("strong", has_text="segment")).to_be_visible()
    check_looks(page)


def delete(page: playwright.Page) -> None:
    """Delete the corrected study; the first one stays."""
    for path in ("/studio/usage", "/studio/"):
        page.goto(path)
        check_looks(page)
    page.get_by_role("link", name="Without segments").click()
    check_looks(page)
    page.get_by_text("Delete…").click()
    page.get_by_role("button", name="Delete the study").click()
    playwright.expect(page.get_by_role("status")).to_contain_text("deleted")
    playwright.expect(page.locator("tbody tr")).to_have_count(1)


def check_looks(page: playwright.Page) -> None:
    """Check a page in light and dark, and on a phone: contrast, width, names of controls."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(CONTRASTS) == [], (page.url, scheme)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], page.url
    page.set_viewport_size(LIGHT)
    unnamed = "[...document.querySelectorAll('input:not([type=hidden]), select, textarea')]"
    assert page.evaluate(f"{unnamed}.filter(it => !it.labels.length).length") == 0, page.url
