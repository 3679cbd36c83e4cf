"""The words of the study page."""

from simulacra.service.generations import schemas
from simulacra.service.studio import wording


def test_every_format_of_rows_has_a_name_for_people() -> None:
    # The page of a scenario and that of rows offer all of them, and fail if one has no name.
    assert {*wording.FORMATS} == {it.value for it in schemas.OutputFormat}
