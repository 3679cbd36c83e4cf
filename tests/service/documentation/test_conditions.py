"""The page on scenarios: each example can be asked for, and is met on the example study."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

import simulacra
from examples import study
from simulacra.engine.scenario.kinds import registry
from simulacra.service import documentation
from simulacra.service.generations.schemas import Conditions

PAGE = (Path(documentation.__file__).parent / "texts" / "conditions.md").read_text()
FENCED = re.compile(r"^```json\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCKS = [json.loads(block) for block in FENCED.findall(PAGE)]
ASKED: list[dict[str, Any]] = [block.get("conditions", block) for block in BLOCKS]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> simulacra.Model:
    path = tmp_path_factory.mktemp("study") / "seed.csv"
    study.write(path)
    return simulacra.fit(path)


def test_each_kind_has_a_line_a_section_and_an_example() -> None:
    assert {member for asked in ASKED for member in asked} == set(registry.KINDS)
    for member in registry.KINDS:
        assert f"\n| `{member}` |" in PAGE
        assert re.search(rf"^## .*`{member}`$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("asked", ASKED, ids=" ".join)
def test_an_example_is_met_on_the_example_study(
    model: simulacra.Model, asked: dict[str, Any]
) -> None:
    assert Conditions.model_validate(asked).asked().items() >= asked.items()
    if "multiple_response" in asked:  # the page says that the example study has no such question
        assert not model.schema.sets
        return
    assert model.generate(1_000, seed=1, **asked).status == "ready"


def test_all_examples_are_met_together(model: simulacra.Model) -> None:
    together = {
        member: given
        for asked in ASKED[1:]
        for member, given in asked.items()
        if member != "multiple_response"
    }
    assert model.generate(1_000, seed=1, **together).status == "ready"
