"""A person builds a scenario in a real browser, against a real server, and gets rows."""

import contextlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright import sync_api as playwright

from tests.acceptance import harness
from tests.acceptance.test_operator_page import CONTRASTS

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PASSWORD = "correct horse battery"
DESKTOP = playwright.ViewportSize(width=1280, height=900)
PHONE = playwright.ViewportSize(width=390, height=844)
ABORTED = "htmx:sendAbort", "htmx:afterRequest"
"""What htmx says to the console of a preview that was superseded."""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture
def page(server: harness.ServerProcess, study_csv: bytes) -> Iterator[tuple[playwright.Page, str]]:
    """The builder of a trained study, as somebody sees it who has just been invited."""
    credential = server.create_tenant("Northwind Lakes")
    with contextlib.closing(server.client(credential)) as client:
        dataset_id = client.train(study_csv)
    invite = ("people", "invite", "Northwind Lakes", "--email", "ann@northwind.example", "--json")
    link = json.loads(server.operate(*invite))["invitation_link"]
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    console: list[str] = []
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=options)
        context = chromium.new_context(
            base_url=server.url, ignore_https_errors=True, viewport=DESKTOP
        )
        opened = context.new_page()
        opened.on("console", lambda message: console.append(message.text))
        opened.on("pageerror", lambda error: console.append(str(error)))
        opened.goto(link)
        for label in ("New password", "once more"):
            opened.get_by_label(label).fill(PASSWORD)
        opened.keyboard.press("Enter")
        opened.wait_for_url("**/studio/")
        opened.goto(f"/studio/studies/{dataset_id}/scenario")
        yield opened, dataset_id
        chromium.close()
    assert [line for line in console if not line.startswith(ABORTED)] == []


def test_from_a_question_to_rows_by_keyboard(
    page: tuple[playwright.Page, str], tmp_path: Path
) -> None:
    shown, dataset_id = page
    said = shown.get_by_role("status")
    playwright.expect(said).to_have_text("5,000 of 5,000 rows, support good", timeout=60_000)
    # A question is found, and its shares are set with a slider.
    shown.get_by_label("Find a question").fill("segm")
    shown.get_by_role("button", name="Shares of segment").press("Enter")
    premium = shown.get_by_role("slider", name="Premium, percent of the rows")
    assert premium.input_value() == "20"  # as in the study, rounded to a step
    open_share = shown.get_by_role("spinbutton", name="Premium")
    playwright.expect(open_share).to_have_value("")
    for _ in range(3):
        premium.press("PageUp")
    playwright.expect(open_share).to_have_value("50")
    preview = shown.get_by_role("region", name="Preview")
    segment = preview.locator("table.chart").filter(has_text="asked for")
    playwright.expect(segment.get_by_role("row", name="Premium")).to_contain_text("50.0%")
    playwright.expect(shown).to_have_url(re.compile("Premium=50"))
    # Shares stay within 100 %: the others can have what is left.
    value = shown.get_by_role("slider", name="Value, percent of the rows")
    value.press("End")
    playwright.expect(shown.get_by_role("spinbutton", name="Value")).to_have_value("50")
    shown.get_by_role("button", name="Leave Value open").press("Enter")
    playwright.expect(shown.get_by_text("50% are left")).to_be_visible()
    # The link is the scenario.
    shown.reload()
    playwright.expect(segment.get_by_role("row", name="Premium")).to_contain_text("50.0%")
    assert shown.evaluate(CONTRASTS) == []
    # On a phone nothing is wider than the screen, and the support stays in sight.
    shown.set_viewport_size(PHONE)
    assert shown.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    playwright.expect(said).to_be_in_viewport()
    shown.set_viewport_size(DESKTOP)
    # It is kept under a name, and made into rows.
    shown.get_by_label("Name of the scenario").fill("Half Premium")
    shown.get_by_role("button", name="Save", exact=True).press("Enter")
    playwright.expect(shown.get_by_role("link", name="Half Premium")).to_be_visible()
    shown.get_by_role("button", name="Generate 5,000 rows").press("Enter")
    achieved = shown.get_by_role("region", name="Conditions")
    playwright.expect(achieved.get_by_role("row", name="Premium")).to_contain_text(
        "50.0%", timeout=60_000
    )
    changes = shown.get_by_role("table", name="Means")
    playwright.expect(changes).to_contain_text("monthly_spend", timeout=60_000)
    assert shown.evaluate(CONTRASTS) == []
    with shown.expect_download() as download:
        shown.get_by_role("link", name="Download").press("Enter")
    assert download.value.suggested_filename.endswith(".parquet")
    download.value.save_as(tmp_path / "rows.parquet")
    assert (tmp_path / "rows.parquet").read_bytes()[:4] == b"PAR1"
    shown.goto(f"/studio/studies/{dataset_id}/rows")
    playwright.expect(shown.get_by_role("link", name="segment: Premium 50.0%")).to_be_visible()
