"""Charts are tables: well-formed, readable without the pictures, and without scripts or styles."""

from xml.etree import ElementTree as ET

from simulacra.engine import display
from simulacra.engine.display.templating import (
    change,
    number,
    points,
    share,
    stylesheet,
    whole_points,
    whole_share,
    width,
)
from simulacra.engine.report.distributions import LEVELS, Distribution, Part

SHOWN = Distribution(
    "q4",
    "Which do you like <most>?",
    LEVELS,
    (Part("Burger & Co", 0.25, 0.4), Part("None", None, 0.6)),
    study_base=800,
    rows_base=5000,
    left_out=3,
)


def drawn(call: str) -> ET.Element:
    source = '{% import "charts.html" as charts %}' + call
    html = display.environment().from_string(source).render(shown=SHOWN)
    return ET.fromstring(f"<div>{html}</div>")  # noqa: S314 - our own


def test_every_figure_is_a_cell_with_its_headers() -> None:
    found = drawn("{{ charts.distribution(shown) }}")
    heads = [it.text for it in found.iter("th") if it.get("scope") == "col"]
    assert heads == ["Answer", "Study", "Rows", None]
    lines = [
        [it.text for it in row.iter() if it.tag in ("th", "td") and not it.get("aria-hidden")]
        for row in found.findall(".//tbody/tr")
    ]
    assert lines == [
        ["Burger & Co", "25.0%", "40.0%", "+15.0"],
        ["None", "\u2013", "60.0%", "\u2013"],
    ]
    assert "Which do you like <most>?" in "".join(found.find(".//caption").itertext())  # type: ignore[union-attr]
    assert "and 3 smaller ones" in "".join(found.itertext())


def test_estimates_are_told_in_whole_percent_and_rounding_is_no_change() -> None:
    assert [whole_share(it) for it in (0.41, 0.0, None)] == ["41%", "0%", "\u2013"]
    assert [whole_points(it) for it in (0.004, -0.004, 0.025, -0.083, None)] == [
        *("0", "0", "+2", "\u22128", "\u2013")
    ]
    found = drawn("{{ charts.distribution(shown, is_estimate=true) }}")
    cells = [[it.text for it in row.findall("td")[1:]] for row in found.findall(".//tbody/tr")]
    assert cells == [["25.0%", "40%", "+15"], ["\u2013", "60%", "\u2013"]]


def test_bars_are_as_long_as_the_shares_and_hidden_from_screen_readers() -> None:
    found = drawn("{{ charts.distribution(shown) }}")
    bars = [(it.get("class"), it.get("width")) for it in found.iter("rect")]
    assert SHOWN.scale == 0.75
    assert bars == [
        ("chart-study", "33.33%"),
        ("chart-rows", "53.33%"),
        ("chart-rows", "80%"),
    ]
    for picture in found.iter("svg"):
        assert picture.get("aria-hidden") == "true"


def test_nothing_in_it_needs_a_script_or_a_style_that_a_strict_policy_refuses() -> None:
    calls = ("distribution(shown)", "legend()", "interval(0.1, 0.02, 0.2, 0.3)")
    for call in calls:
        found = drawn("{{ charts.%s }}" % call)  # noqa: UP031 - braces are the template's
        for it in found.iter():
            assert it.tag not in ("script", "style", "link", "img")
            assert not [name for name in it.attrib if name == "style" or name.startswith("on")]
    classes = {name for call in calls for name in _classes(drawn("{{ charts.%s }}" % call))}  # noqa: UP031
    assert [name for name in sorted(classes) if f".{name}" not in stylesheet()] == []


def _classes(found: ET.Element) -> set[str]:
    return {name for it in found.iter() for name in it.get("class", "").split()}


def test_an_interval_lies_where_its_ends_are() -> None:
    span = drawn("{{ charts.interval(0.1, -0.1, 0.3, 0.5) }}").find(".//line[@class='chart-span']")
    assert span is not None
    assert (span.get("x1"), span.get("x2")) == ("40%", "80%")


def test_small_shares_do_not_become_nothing_and_large_ones_not_everything() -> None:
    assert [share(it) for it in (0.0, 0.0002, 0.034, 0.99999, 1.0, None)] == [
        *("0.0%", "<0.1%", "3.4%", ">99.9%", "100.0%", "\u2013")
    ]
    assert [points(it) for it in (0.0, -0.0001, 0.021, -0.3)] == [
        "0.0",
        "0.0",
        "+2.1",
        "\u221230.0",
    ]
    assert [number(it) for it in (0.0123, 5, 5.5, 48123.4, "2024-01-31T10:00", None)] == [
        *("0.012", "5", "5.50", "48,123", "2024-01-31 10:00", "\u2013")
    ]
    assert [change(0.032), change(0.032, 1.5), change(-2.5), change(0.0)] == [
        *("+0.032", "+0.03", "\u22122.50", "0")
    ]
    assert [width(0.5, 0.75), width(None, 1.0), width(2.0, 1.0)] == ["66.67", "0", "100"]
