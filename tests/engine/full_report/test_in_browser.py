"""The page of a full report in a real browser: on a screen, on a phone and on paper."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright import sync_api as playwright

import simulacra
from tests.acceptance.test_operator_page import CHROMIUM, CONTRASTS, browser

__all__ = ["browser"]  # a fixture

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")

CUT_OFF = """
() => [...document.querySelectorAll("main *")]
  .filter(it => it.checkVisibility() && !(it.closest("svg")))
  .filter(it => it.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map(it => `${it.tagName} ${it.className} ${it.textContent.trim().slice(0, 40)}`)
"""
"""What reaches beyond the right edge of the window."""
A4 = (595, 842)
"""In points."""


@pytest.fixture(scope="module")
def file(meal_kit_model: simulacra.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    ends = {"age": {"min": 25, "max": 34}}
    scenario: dict[str, Any] = {"categorical": {"segment": {"Premium": 0.55}}, "numeric": ends}
    meal_kit_model.generate(2_000, seed=1, **scenario).to_html(path)
    return path


def opened(browser: playwright.Browser, file: Path, **options: Any) -> playwright.Page:  # noqa: ANN401 - the browser's
    """Return the page, which must have asked for nothing but itself."""
    page, asked = browser.new_context(**options).new_page(), list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri(), wait_until="networkidle")
    assert asked == [file.as_uri()]
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_its_texts_are_seen(browser: playwright.Browser, file: Path, scheme: str) -> None:
    page = opened(browser, file, color_scheme=scheme)
    assert page.evaluate(CONTRASTS) == []


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_cut_off(browser: playwright.Browser, file: Path, width: int) -> None:
    page = opened(browser, file, viewport={"width": width, "height": 800})
    assert page.evaluate(CUT_OFF) == []


def test_tables_have_names_and_bars_have_none(browser: playwright.Browser, file: Path) -> None:
    """As a screen reader has them."""
    page = opened(browser, file)
    table = page.get_by_role("table", name=re.compile("^segment"))
    playwright.expect(table).to_have_count(1)
    cells = table.get_by_role("row", name=re.compile("^Premium")).get_by_role("cell")
    assert [it.inner_text() for it in cells.all()] == ["19.5%", "55.0%", "+35.5"]
    playwright.expect(page.get_by_role("img")).to_have_count(0)


def test_it_prints_on_a4(browser: playwright.Browser, file: Path) -> None:
    printed = opened(browser, file).pdf(prefer_css_page_size=True)
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed)
    assert {tuple(round(float(it)) for it in box) for box in boxes} == {A4}
    assert 3 <= len(re.findall(rb"/Type /Page\b", printed)) <= 8
