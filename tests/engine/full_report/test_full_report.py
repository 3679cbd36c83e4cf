"""The full report as JSON and as a page: whole, bounded, well-formed, and complete in itself."""

import itertools
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

import simulacra
from simulacra.engine.full_report import making
from simulacra.engine.full_report.full_report import FullReport
from simulacra.engine.full_report.page import styles
from simulacra.engine.tabulating.sample import Sample

VOID = {"meta", "br", "hr", "img", "link", "input"}


@pytest.fixture(scope="module")
def out(meal_kit_model: simulacra.Model) -> simulacra.Generation:
    return meal_kit_model.generate(
        2_000,
        seed=1,
        categorical={"segment": {"Premium": 0.55}},
        numeric={"age": {"min": 25, "max": 44}},
    )


@pytest.fixture(scope="module")
def full(out: simulacra.Generation) -> FullReport:
    return out.full_report()


@pytest.fixture(scope="module")
def page(full: FullReport) -> "Page":
    return Page(full.to_html("Meal kits & <friends>", "27 November 2026"))


class Page(HTMLParser):
    """Elements with what they are in, and the text of each; refuses tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.source = text
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[tuple[str, int]] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.texts.append("")
        if tag not in VOID:
            self.open.append((tag, len(self.elements) - 1))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        for _, at in self.open:
            self.texts[at] += data

    def all(self, *tags: str) -> Iterator[tuple[dict[str, str | None], str]]:
        for (tag, attrs), text in zip(self.elements, self.texts, strict=True):
            if tag in tags:
                yield attrs, " ".join(text.split())


def test_it_is_read_back_from_json(full: FullReport) -> None:
    document = json.loads(json.dumps(full.to_json()))
    again = FullReport.from_json(document)
    assert again.figures == full.figures
    assert json.loads(json.dumps(again.to_json())) == document
    assert again.to_html() == full.to_html()


def test_what_changed_is_that_of_the_comparison(
    meal_kit_model: simulacra.Model, out: simulacra.Generation, full: FullReport
) -> None:
    compared = simulacra.compare(meal_kit_model, out)
    assert full.figures.comparison is not None
    assert full.figures.comparison.figures == compared.figures
    assert full.figures.question_count == len(meal_kit_model.schema.columns)


def test_the_page_loads_and_runs_nothing(page: Page) -> None:
    forbidden = {"script", "link", "img", "iframe", "object", "form", "base", "image", "use"}
    assert not forbidden & {tag for tag, _ in page.elements}
    for _, attrs in page.elements:
        assert not [name for name in attrs if name.startswith("on") or name == "style"]
        for name in ("src", "href", "xlink:href", "action", "data"):
            assert (attrs.get(name) or "#").startswith("#")
    assert not re.search(r"url\(|@import|https?:", page.source)


def test_names_are_escaped_and_the_page_has_a_title(page: Page) -> None:
    assert [text for _, text in page.all("h1")] == ["Meal kits & <friends>"]
    assert [text for _, text in page.all("title")] == [
        "Report on synthetic rows: Meal kits & <friends>"
    ]
    assert "<friends>" not in page.source
    assert "27 November 2026" in page.source


def test_headings_are_in_order_and_sections_are_named(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    ids = {attrs["id"] for _, attrs in page.elements if "id" in attrs}
    for attrs, _ in page.all("section"):
        assert attrs.get("aria-label") or attrs.get("aria-labelledby") in ids
    assert [attrs["lang"] for attrs, _ in page.all("html")] == ["en"]


def test_warnings_come_first(page: Page) -> None:
    heads = [text for _, text in page.all("h2")]
    assert heads[:2] == ["No warnings", "The scenario"]


def test_tables_have_captions_and_headers_with_scope_and_pictures_have_text(page: Page) -> None:
    captions, tables = [*page.all("caption")], [*page.all("table")]
    assert len(captions) == len(tables) > 8
    assert all(text for _, text in captions)
    assert {attrs.get("scope") for attrs, _ in page.all("th")} == {"row", "col"}
    pictures = [*page.all("svg")]
    assert pictures
    assert all(attrs.get("aria-hidden") == "true" for attrs, _ in pictures)
    cells = {text for _, text in page.all("td")}
    assert "55.0%" in cells, "the figures of pictures are in the table"


def test_every_class_has_a_style(page: Page) -> None:
    classes = {name for _, it in page.elements for name in (it.get("class") or "").split()}
    assert [name for name in sorted(classes) if f".{name}" not in styles()] == []


def test_text_has_enough_contrast() -> None:
    """WCAG AA: 4.5 to 1 for text, 3 to 1 for what pictures are made of; light and dark."""
    schemes = [
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{(.*?)\}", styles())
    ]
    assert len(schemes) == 2
    for colours in schemes:
        for text in ("text", "quiet", "link", "accent"):
            assert contrast(colours[text], colours["page"]) >= 4.5, text
            assert contrast(colours[text], colours["tint"]) >= 4.5, text
        assert contrast(colours["wait"], colours["wait-tint"]) >= 4.5
        assert contrast("#3d7ab0", colours["page"]) >= 3


def contrast(one: str, other: str) -> float:
    lights = sorted((luminance(one), luminance(other)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [it / 12.92 if it <= 0.04045 else ((it + 0.055) / 1.055) ** 2.4 for it in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_card_and_the_scenario_are_on_it(full: FullReport, page: Page) -> None:
    shown = {text for _, text in page.all("dt", "dd", "li")}
    for heading, text in full.card.items():
        assert heading in shown
        assert {" ".join(line.split()) for line in text.splitlines()} <= shown
    assert full.card.conditions[0] in shown


def test_what_changed_is_listed_with_its_interval(full: FullReport, page: Page) -> None:
    names = [text for attrs, text in page.all("th") if attrs.get("scope") == "row"]
    assert full.figures.comparison is not None
    for each in full.figures.comparison.changes:
        label = full.figures.labels.get(each.column, each.column)
        assert (label if each.level is None else f"{label}: {each.level}") in names


def test_a_wide_study_is_told_in_part(
    out: simulacra.Generation, full: FullReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "MOST_DISTRIBUTIONS", 3)
    monkeypatch.setattr(making, "MOST_FIGURES", 4)
    bounded = out.full_report()
    assert bounded.figures.distributions is not None
    assert bounded.figures.comparison is not None
    assert len(bounded.figures.comparison.figures) == 4
    told = [each.column for each in bounded.figures.distributions]
    assert len(told) == 3
    assert {"age", "segment"} <= {*told}, "those that the scenario is about"
    assert "these 3 changed most or were asked for" in bounded.to_html()
    assert "changed most or were asked for" not in full.to_html()


def test_without_figures_the_page_says_so(full: FullReport) -> None:
    document = full.to_json() | {"comparison": None, "distributions": None}
    text = FullReport.from_json(document).to_html()
    Page(text)
    assert text.count("made by a version that did not keep") == 2


def test_warnings_are_listed(meal_kit_model: simulacra.Model) -> None:
    ends = {"age": {"min": 25, "max": 29}}
    thin = meal_kit_model.generate(
        200, seed=1, categorical={"segment": {"Premium": 1.0}}, numeric=ends
    )
    text = thin.full_report().to_html()
    assert thin.report.warnings
    listed = [text for attrs, text in Page(text).all("ul") if attrs.get("class") == "warnings"]
    for warning in thin.report.warnings:
        assert warning.code in listed[0]


def test_margins_are_the_intervals(meal_kit_model: simulacra.Model) -> None:
    doubted = meal_kit_model.generate(
        500, seed=1, categorical={"segment": {"Premium": 0.55}}, margins="quick"
    )
    full = doubted.full_report()
    assert "margins of error from refitted models" in full.to_html()
    document = json.loads(json.dumps(full.to_json()))
    assert document["report"]["margins"].keys() >= {"changed_count", "changes"}
    assert "margins of error from refitted models" in FullReport.from_json(document).to_html()


def test_it_is_written_to_a_file(out: simulacra.Generation, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    assert out.to_html(path, name="Study") is out
    assert "<h1>Study</h1>" in path.read_text("utf-8")
    with pytest.raises(ValueError, match=r"end it in \.html"):
        out.to_html(tmp_path / "report.pdf")


def test_what_changed_tells_no_share_of_few_respondents(
    meal_kit_model: simulacra.Model, out: simulacra.Generation
) -> None:
    whole = meal_kit_model.sample
    for size in (12, 30):
        study = Sample(whole.schema, {at: values[:size] for at, values in whole.rows.items()})
        figures = making.figures_of(study, out.sample, out.report, out.card)
        assert figures.comparison is not None
        shares = [it.first.figure for it in figures.comparison.figures if it.level is not None]
        assert shares
        for share in shares:
            assert isinstance(share, float)
            assert share == 0 or share * size > 4.5
