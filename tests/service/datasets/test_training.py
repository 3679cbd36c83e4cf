from pathlib import Path

import pytest

from simulacra.engine import errors
from simulacra.service.datasets import payloads, training
from simulacra.service.errors import study as errors_of_study


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


@pytest.mark.parametrize(
    ("options", "pointer", "told"),
    [
        (payloads.StudyOptions(weight="nope"), "/weight_column", "nearest: 'none'"),
        (payloads.StudyOptions(weight="word"), "/weight_column", "holds texts"),
        (payloads.StudyOptions(weight="below"), "/weight_column", "is negative in 12 rows"),
        (payloads.StudyOptions(weight="none"), "/weight_column", "zero or missing in every row"),
        (payloads.StudyOptions(types={"a/b": "date"}), "/column_types/a~1b", "cannot be read as"),
        (payloads.StudyOptions(types={"word": ["x", "z"]}), "/column_types/word", "leaves out"),
        (payloads.StudyOptions(types={"nope": "date"}), "/column_types/nope", "does not have"),
        (payloads.StudyOptions(keep=["nope"]), "/keep_columns", "does not have"),
        (payloads.StudyOptions(drop=["nope"]), "/drop_columns", "does not have"),
        (payloads.StudyOptions(sheet="Wave 2"), "/sheet", "a file in the format csv"),
    ],
)
def test_what_the_file_disproves_is_told_where_it_stands_in_the_form(
    tmp_path: Path, options: payloads.StudyOptions, pointer: str, told: str
) -> None:
    file = tmp_path / "study.csv"
    cells = (f"{row % 7},{'xyz'[row % 3]},{row % 5 - 1},0" for row in range(60))
    file.write_text("a/b,word,below,none\n" + "\n".join(cells))
    request = payloads.TrainingRequest(file, tmp_path / "model", options)
    with pytest.raises(errors.StudyError) as caught:
        training.fit(request, lambda _: None)
    (fault,) = errors_of_study.translate(caught.value).faults
    assert (fault.pointer, fault.where, fault.is_parameter) == (
        pointer,
        pointer.split("/")[1],
        True,
    )
    assert told in fault.detail


def test_a_file_that_is_at_fault_itself_blames_no_field(tmp_path: Path) -> None:
    (tmp_path / "study.csv").write_text("a,b\n1,2\n")
    request = payloads.TrainingRequest(
        tmp_path / "study.csv", tmp_path / "model", payloads.StudyOptions()
    )
    with pytest.raises(errors.StudyError) as caught:
        training.fit(request, lambda _: None)
    assert errors_of_study.translate(caught.value).faults == ()
