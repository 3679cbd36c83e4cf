from pathlib import Path
from typing import Literal

import pytest

from simulacra.engine import errors
from simulacra.engine.reading import sas
from tests.studies import statistical_files


@pytest.mark.parametrize("version", [5, 8])
def test_the_extent_of_a_transport_file(tmp_path: Path, version: Literal[5, 8]) -> None:
    statistical_files.xpt(tmp_path / "a.xpt", version)
    extent = sas.first_member(tmp_path / "a.xpt")
    assert (extent.rows, extent.actions) == (30, [])


def test_further_data_sets_are_no_rows_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "a.xpt"
    content = statistical_files.xpt(path)
    member = content[content.index(b"HEADER RECORD*******MEMBER") :]
    path.write_bytes(content + member)
    extent = sas.first_member(path)
    assert extent.rows == 30
    (action,) = extent.actions
    assert (action.action, action.count) == ("read", 1)


def test_a_transport_file_without_a_data_set_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xpt"
    path.write_bytes(statistical_files.xpt(path)[:240])
    with pytest.raises(errors.StudyError, match="holds no data set"):
        sas.first_member(path)


@pytest.mark.parametrize(
    ("display_format", "is_foreign"),
    [
        (None, False),
        ("BEST12", False),
        ("8.2", False),
        ("$CHAR20", False),
        ("$12", False),
        ("DOLLAR10.2", False),
        ("MMDDYY10", False),
        ("E8601DT20", False),
        ("YESNO", True),
        ("$REGION", True),
        ("AGEGRP3", True),
    ],
)
def test_formats_of_a_catalog_are_told_from_those_of_sas(
    display_format: str | None,
    is_foreign: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    assert bool(sas.without_catalog({"x": display_format})) is is_foreign
