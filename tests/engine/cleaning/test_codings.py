from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from simulacra.engine import limits
from simulacra.engine.cleaning import clean
from simulacra.engine.codebook import Code, Coding, RawStudy, Variable
from simulacra.engine.options import Options

ROWS = 400


def cleaned(
    array: pa.Array | list[Any], variable: Variable, options: Options | None = None
) -> clean.Study:
    table = pa.table({"q": array, "id": np.arange(ROWS) % 7 + 0.5, "x": np.arange(ROWS) % 3})
    return clean.clean(RawStudy(table, {"q": variable}), limits.DEFAULT, options)


def labelled(counts: dict[str, int], codes: tuple[Code, ...], **facts: Any) -> clean.Study:  # noqa: ANN401
    """A study with a column of labels and codes; blanks are the remaining rows."""
    positions = np.repeat(np.arange(len(counts)), list(counts.values()))
    padded = [*positions.tolist(), *[None] * (ROWS - len(positions))]
    array = pa.DictionaryArray.from_arrays(pa.array(padded, pa.int32()), pa.array(list(counts)))
    coding = Coding(codes, dict(zip(codes, counts, strict=True)), **facts)
    return cleaned(array, Variable(is_labelled=True, coding=coding))


def test_levels_keep_their_codes() -> None:
    study = labelled({"A": 200, "B": 0, "C": 100}, (1.0, 5.0, 9.0))
    assert (study.schema["q"].levels, study.codings["q"].codes) == (("A", "C"), (1.0, 9.0))
    assert study.codings["q"].labels == {1.0: "A", 5.0: "B", 9.0: "C"}


def test_pooled_levels_get_a_code_beyond_all_answers() -> None:
    counts = {"A": 200, "B": 100, "C": 3, "D": 3, "No answer": 0}
    missing = ((99.0, 99.0),)
    study = labelled(counts, (1.0, 2.0, 3.0, 98.0, 99.0), missing=missing)
    assert study.schema["q"].levels == ("A", "B", "Other")
    assert study.codings["q"].codes == (1.0, 2.0, 100.0)
    assert study.codings["q"].missing == missing
    array = pa.DictionaryArray.from_arrays(
        pa.array([0, 1] * 195 + [2, 3] * 5, pa.int32()), ["A", "B", "Other (3)", "Other (4)"]
    )
    labels = {1.0: "A", 2.0: "B", 3.0: "Other ", 4.0: "Other"}
    coding = Coding((1.0, 2.0, 3.0, 4.0), labels)
    keeping = cleaned(array, Variable(is_labelled=True, coding=coding))
    assert keeping.codings["q"].codes == (1.0, 2.0, 3.0, 4.0)
    rare = pa.DictionaryArray.from_arrays(
        pa.array([0, 1] * 197 + [2, 3] * 3, pa.int32()), array.dictionary
    )
    pooled = cleaned(rare, Variable(is_labelled=True, coding=coding))
    assert pooled.schema["q"].levels == ("A", "B", "Other")
    assert pooled.codings["q"].codes == (1.0, 2.0, 3.0)
    texts = labelled({"A": 200, "B": 100, "C": 3, "D": 3}, ("a", "b", "Other", "d"), is_text=True)
    assert texts.codings["q"].codes == ("a", "b", "Other 2")


def test_a_blank_that_was_filled_is_a_blank() -> None:
    study = labelled({"Shop": 150}, (1.0,))
    assert study.schema["q"].levels == ("Not selected", "Shop")
    assert study.codings["q"].codes == (None, 1.0)
    texts = pa.array(["Shop"] * 150 + [None] * (ROWS - 150))
    study = cleaned(texts, Variable(coding=Coding(is_text=True)))
    assert study.codings["q"].codes == (None, "Shop")


@pytest.mark.parametrize(
    ("others", "expected"), [([0.0], (0.0, 1.0)), ([2.0], (2.0, 1.0)), ([None], (None, 1.0))]
)
def test_options_without_labels(others: list[float | None], expected: tuple[Code, ...]) -> None:
    array = pa.array([1.0, others[0]] * (ROWS // 2), pa.float64())
    study = cleaned(array, Variable(counted=1.0, coding=Coding()))
    assert study.schema["q"].type == "boolean"
    assert study.codings["q"].codes == expected


def test_labels_of_false_and_true_are_a_boolean() -> None:
    study = labelled({"false": 100, "true": 100}, (0.0, 1.0))
    assert (study.schema["q"].type, study.codings["q"].codes) == ("boolean", (0.0, 1.0))
    other = labelled({"false": 100, "true": 100}, (1.0, 2.0))
    assert (other.schema["q"].type, other.codings["q"].codes) == ("nominal", (1.0, 2.0))


def test_types_that_a_caller_states() -> None:
    answers = pa.array([3.0, 1.0] * (ROWS // 2))
    nominal = cleaned(answers, Variable(coding=Coding()), Options.of(types={"q": "nominal"}))
    assert nominal.codings["q"].codes == (1.0, 3.0)
    positions = pa.array([0, 1] * (ROWS // 2), pa.int32())
    yes = pa.DictionaryArray.from_arrays(positions, pa.array(["Yes", "No"]))
    variable = Variable(is_labelled=True, coding=Coding((1.0, 2.0), {1.0: "Yes", 2.0: "No"}))
    choice = cleaned(yes, variable, Options.of(types={"q": "boolean"}))
    assert choice.codings["q"].codes == (2.0, 1.0)
    ordered = cleaned(yes, variable, Options.of(types={"q": ["No", "Yes"]}))
    assert ordered.codings["q"].codes == (2.0, 1.0)


def test_numbers_keep_labels_and_missing_codes_and_texts_do_not() -> None:
    coding = Coding((), {99.0: "Refused"}, ((99.0, 99.0),), "scale", "F2.0")
    numbers = np.arange(ROWS) % 60 + 20.0
    assert cleaned(pa.array(numbers), Variable(coding=coding)).codings["q"] == coding
    texts = pa.array([f"{number:.0f}" for number in numbers])
    assert "q" not in cleaned(texts, Variable(coding=Coding(is_text=True))).codings


def test_a_missing_code_that_is_a_level_is_none() -> None:
    study = labelled({"A": 200, "Refused": 100}, (1.0, 9.0), missing=((8.0, 9.0), (99.0, 99.0)))
    assert study.codings["q"].missing == ((99.0, 99.0),)


def test_a_table_has_no_codes() -> None:
    assert cleaned(pa.array(["A", "B"] * (ROWS // 2)), Variable()).codings == {}


def test_a_code_is_found_where_missing_values_go_on_without_end() -> None:
    counts = {"A": 200, "B": 100, "C": 3, "D": 3}
    without_end = ((5.0, float("inf")),)
    study = labelled(counts, (1.0, 2.0, 3.0, 4.0), missing=without_end)
    assert study.schema["q"].levels == ("A", "B", "Other")
    assert study.codings["q"].codes == (1.0, 2.0, 0.0)
    assert study.codings["q"].missing == without_end
    all_others = (*without_end, (float("-inf"), 0.0))
    study = labelled(counts, (1.0, 2.0, 3.0, 4.0), missing=all_others)
    assert study.codings["q"].codes == (1.0, 2.0, 5.0)
    assert study.codings["q"].missing == all_others[1:]


def test_a_code_so_large_that_the_next_one_is_the_same_is_not_given_twice() -> None:
    counts = {"A": 200, "B": 100, "C": 3, "D": 3, "E": 0}
    study = labelled(counts, (1.0, 2.0, 3.0, 4.0, 1e300))
    assert study.codings["q"].codes == (1.0, 2.0, 5.0)


def test_a_label_of_what_is_no_number_is_left_out() -> None:
    counts = {"A": 200, "B": 100, "Nothing": 0}
    study = labelled(counts, (1.0, 2.0, float("nan")))
    assert study.codings["q"].labels == {1.0: "A", 2.0: "B"}
