"""The page of worked studies says what they do."""

import re
from pathlib import Path

import pytest

from tools.gallery import page, studies

PAGE = (Path(__file__).parents[3] / "docs" / "gallery.md").read_text()
NUMBER = re.compile(r"\d(?:[\d,]*\d)?(?:\.\d+)?")
SLACK = 0.02
"""By which part a number may differ: other processors round otherwise, and trees follow."""


def numbers(text: str) -> list[float]:
    return [float(it.replace(",", "")) for it in NUMBER.findall(text)]


@pytest.mark.parametrize("name", studies.STUDIES)
def test_a_section_has_the_code_the_output_and_the_truth_of_its_study(name: str) -> None:
    heading, _ = studies.STUDIES[name]
    _, section, _ = page.parts_of(PAGE, heading)
    module = page.module_of(name)
    _, _, printed = page.run(module)
    written = page.with_blocks(PAGE, heading, page.code_of(module), printed, module.truth())
    _, anew, _ = page.parts_of(written, heading)
    assert NUMBER.sub("#", anew) == NUMBER.sub("#", section)
    assert numbers(anew) == pytest.approx(numbers(section), rel=SLACK, abs=0.5)


@pytest.mark.parametrize("name", studies.STUDIES)
def test_the_text_quotes_only_figures_that_are_printed(name: str) -> None:
    _, section, _ = page.parts_of(PAGE, studies.STUDIES[name][0])
    question, code, _, printed, text = section.split("```")
    said, _, truth = re.sub(r"\]\(.*?\)", "", text).partition("**The truth.**")
    known = NUMBER.findall(question + code.replace("_", ",") + printed)
    assert [it for it in NUMBER.findall(said) if it not in known] == []
    assert truth.strip()


def test_a_section_without_a_place_for_output_is_a_fault() -> None:
    bare = "\n## One\n\nText.\n\n## Two\n"
    with pytest.raises(ValueError, match="no place"):
        page.with_blocks(bare, "One", "code", "out", "truth")


def test_one_section_is_changed_and_no_other() -> None:
    block = "```python\nold\n```\n\n```\nout\n```\n\n**The truth.** Old.\n"
    before = f"\n## One\n\n{block}\n## Two\n\n{block}"
    after = page.with_blocks(before, "Two", "new", "3", "New.")
    changed = block.replace("old", "new").replace("out", "3").replace("Old.", "New.")
    assert after == f"\n## One\n\n{block}\n## Two\n\n{changed}"
