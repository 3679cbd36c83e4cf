"""The page on tables: its limits are those of the API, and its figures those of the library."""

import json
import re
from pathlib import Path
from typing import Any

import simulacra
from examples import study
from examples.quickstart import SCENARIO
from simulacra.service import documentation
from simulacra.service.generations import tabulation_schemas
from simulacra.service.generations.tabulation_schemas import ComparisonRequest, CrosstabRequest

PAGE = (Path(documentation.__file__).parent / "texts" / "tables.md").read_text()
ASKED, BLOCK, COMPARED = map(
    json.loads, re.findall(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
)


def test_limits_are_those_of_the_api() -> None:
    limits = tabulation_schemas
    for said in (
        f"up to {limits.MAX_SHOWN} columns",
        f"up to {limits.MAX_BANNER} categorical",
        f"{limits.MAX_CELLS:,} cells",
        f"up to {limits.MAX_COMPARED};",
        f"{limits.MAX_FIGURES:,} figures",
    ):
        assert said in PAGE, said


def test_requests_can_be_sent_and_have_the_answer_that_is_shown(tmp_path: Path) -> None:
    ComparisonRequest.model_validate(COMPARED)
    request = CrosstabRequest.model_validate(ASKED)
    study.write(tmp_path / "seed.csv")
    scenario: dict[str, Any] = SCENARIO
    out = simulacra.fit(tmp_path / "seed.csv").generate(5_000, seed=7, **scenario)
    table = out.crosstab(request.rows, request.banner).to_json()
    assert json.loads(json.dumps(table["blocks"][1])) == BLOCK
