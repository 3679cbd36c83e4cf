import re
from pathlib import Path

import pytest

import simulacra.service
from simulacra.service.http.catalog import CATALOG, Entry

SOURCE = Path(simulacra.service.__file__).parents[1]
KEPT_EXACTLY = {
    "simio_invalid_field": 400,
    "simio_upload_invalid": 400,
    "simio_invalid_idempotency_key": 400,
    "simio_unknown_condition_column": 400,
    "simio_unsupported_content_type": 415,
    "simio_file_too_large": 413,
    "simio_dataset_not_found": 404,
    "simio_generation_not_found": 404,
    "simio_job_not_found": 404,
}


def test_contract_codes_have_their_status() -> None:
    assert {code: CATALOG[code].status for code in KEPT_EXACTLY} == KEPT_EXACTLY


@pytest.mark.parametrize("entry", CATALOG.values(), ids=list(CATALOG))
def test_every_entry_says_what_a_caller_needs(entry: Entry) -> None:
    assert re.fullmatch(r"simio_[a-z_]+", entry.code)
    assert 400 <= entry.status < 600
    for text in (entry.meaning, entry.cause, entry.fix):
        assert text.endswith(".")
    assert not entry.title.endswith(".")


def test_every_code_in_the_source_is_in_the_catalog_and_the_other_way_round() -> None:
    texts = {path: path.read_text() for path in SOURCE.rglob("*.py") if path.name != "catalog.py"}
    written = {code for text in texts.values() for code in re.findall(r'"(simio_[a-z_]+)"', text)}
    engine = {
        f"simio_{code}"
        for path, text in texts.items()
        if "engine" in path.parts
        for code in re.findall(r'"([a-z]+_[a-z_]+)"', text)
    }
    assert written - {"simio_"} <= set(CATALOG)
    assert set(CATALOG) <= written | engine
