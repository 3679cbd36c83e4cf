from pathlib import Path

import pytest

from simulacra.engine import errors
from simulacra.service.datasets import payloads, training


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (payloads.StudyOptions(types={"nope": "integer"}), "column_types"),
        (payloads.StudyOptions(keep=["nope"]), "keep_columns"),
        (payloads.StudyOptions(drop=["nope"]), "drop_columns"),
    ],
)
def test_a_column_that_is_not_there_is_told_with_the_field_of_the_form(
    tmp_path: Path, options: payloads.StudyOptions, field: str
) -> None:
    study = tmp_path / "study.csv"
    study.write_text("a,b\n" + "".join(f"{row % 7},{row % 3}\n" for row in range(60)))
    request = payloads.TrainingRequest(study, tmp_path / "model", options)
    with pytest.raises(errors.StudyError, match=f"^{field} names a column 'nope'"):
        training.fit(request, lambda _: None)
