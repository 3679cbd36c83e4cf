"""What notebooks show of objects: HTML that says what the object says, bounded and escaped."""

import dataclasses
from html.parser import HTMLParser

import pytest

import simulacra
from simulacra.engine import documents
from simulacra.engine.columns.schema import MultipleResponseSet, Schema
from simulacra.engine.display import notebook

HOSTILE = '<script>alert("1")</script>'
VOID = ("rect", "line", "circle", "br", "meta")


class Checked(HTMLParser):
    """Counts tags, and finds those that are not closed, or are not to be there."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def shown(it: object) -> str:
    html = notebook.html(it)
    assert html is not None
    checked = Checked(html)
    assert not checked.open
    assert "script" not in checked.tags
    assert not {name for name in checked.attributes if name == "style" or name.startswith("on")}
    return html


@pytest.fixture(scope="module")
def out(meal_kit_model: simulacra.Model) -> simulacra.Generation:
    return meal_kit_model.generate(
        400,
        seed=1,
        categorical={"segment": {"Premium": 0.5}},
        numeric={"age": {"min": 25, "max": 60}},
        means={"monthly_spend": 45},
    )


def test_a_schema_shows_its_questions_collapsed(schema: Schema) -> None:
    html = shown(dataclasses.replace(schema, cleaning=()))
    assert html.count("<details>") == len(schema.questions)
    assert "open" not in Checked(html).attributes
    assert "Premium" in html


def labelled(schema: Schema, count: int, label: str = "Brand") -> Schema:
    columns = (
        dataclasses.replace(
            schema["segment"], name=f"q{at}", label=f"{label} {at}", multiple_response="all"
        )
        for at in range(count)
    )
    names = tuple(f"q{at}" for at in range(count))
    one = MultipleResponseSet("all", "Which of these do you know?", "dichotomy", names)
    return dataclasses.replace(schema, columns=tuple(columns), sets=(one,))


def test_options_of_a_set_are_shown_as_one_question(schema: Schema) -> None:
    html = shown(labelled(schema, 3))
    assert html.index("Which of these do you know?") < html.index("Brand 0")
    assert "3 options" in html


def test_what_a_wide_schema_shows_is_bounded(schema: Schema) -> None:
    assert len(shown(labelled(schema, 2_000))) < 40_000
    single = dataclasses.replace(
        schema,
        sets=(),
        columns=tuple(
            dataclasses.replace(schema["segment"], name=f"q{at}", label=f"{at} asked")
            for at in range(2_000)
        ),
    )
    html = shown(single)
    assert len(html) < 500_000
    assert "and 1,700 more questions" in html
    assert "and 1,940 more" in shown(single.find("asked"))


def test_texts_of_a_study_are_escaped(schema: Schema) -> None:
    for it in (labelled(schema, 2, HOSTILE), labelled(schema, 2, HOSTILE).find("alert")):
        html = shown(it)
        assert HOSTILE not in html
        assert "&lt;script&gt;" in html


def test_a_generation_shows_its_report_and_its_first_rows(out: simulacra.Generation) -> None:
    html = shown(out)
    assert "400 of 400 rows" in html
    assert "Premium" in html
    assert "25 to 60" in html
    assert "The first rows" in html
    assert str(out) == f"{out!r}\n{out.report}"


def test_everything_that_is_printed_in_a_notebook_has_html(
    meal_kit_model: simulacra.Model, out: simulacra.Generation
) -> None:
    table = out.crosstab(["segment", "monthly_spend"], banner="region")
    assert "full report" in shown(out.full_report())
    preview = meal_kit_model.preview(400, categorical={"segment": {"Premium": 0.5}})
    for it in (
        meal_kit_model,
        meal_kit_model.quality,
        preview,
        table,
        simulacra.compare(meal_kit_model, out),
        out.head(),
    ):
        html = shown(it)
        assert html.startswith('<div class="simulacra">')
        assert repr(it).startswith(f"<{type(it).__name__}: ")
        assert "\n" not in repr(it)


def test_a_comparison_shows_the_label_of_a_question_and_draws_its_intervals(
    meal_kit_model: simulacra.Model, out: simulacra.Generation
) -> None:
    found = simulacra.compare(meal_kit_model, out)
    html = shown(dataclasses.replace(found, labels={"region": "Where do you live?"}))
    assert "Where do you live?" in html
    assert html.count('class="chart-dot"') == sum(line.reach > 0 for line in found.lines)
    first = found.lines[0]
    assert first.change in html
    assert len(shown(found.head(3))) < len(html)


def test_what_has_no_template_has_no_html() -> None:
    class Other(documents.Shown):
        pass

    assert notebook.html(Other()) is None


def test_margins_and_validations_are_shown(meal_kit_model: simulacra.Model) -> None:
    found = meal_kit_model.generate(
        400, seed=1, categorical={"segment": {"Premium": 0.8}}, margins="quick"
    ).report
    assert found.margins is not None
    assert f"of {len(found.margins.figures)} figures changed" in shown(found.margins)
    assert "beyond their margin" in shown(found)
    hidden = simulacra.Validation(100, 3, 1, False, None, (), None, (), ("East",))  # noqa: FBT003 - in its order
    assert "could not make rows for East" in shown(hidden)
    assert repr(hidden).startswith("<Validation: 100 respondents")
