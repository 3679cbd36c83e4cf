import re
from pathlib import Path

import pytest

import simulacra.service
from simulacra.service.errors.catalog import CATALOG, Entry

SOURCE = Path(simulacra.service.__file__).parents[1]
LISTS = ("catalog.py", "statuses.py")
"""Files that name every code, whether something raises it or not."""


@pytest.mark.parametrize("entry", CATALOG.values(), ids=list(CATALOG))
def test_every_entry_says_what_a_caller_needs(entry: Entry) -> None:
    assert re.fullmatch(r"simio_[a-z_]+", entry.code)
    for text in (entry.meaning, entry.cause, entry.fix):
        assert text.endswith(".")
    assert not entry.title.endswith(".")


def test_every_code_in_the_source_is_in_the_catalog_and_the_other_way_round() -> None:
    texts = [path.read_text() for path in SOURCE.rglob("*.py") if path.name not in LISTS]
    written = {code for text in texts for code in re.findall(r'"(simio_[a-z_]+)"', text)}
    assert written == set(CATALOG)
