"""Multiple-response sets that are spread over columns, told by names and answers."""

import itertools
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import simulacra
from simulacra.engine import limits
from simulacra.engine.cleaning import clean
from simulacra.engine.columns.schema import MultipleResponseSet, Schema
from simulacra.engine.options import Options
from simulacra.engine.reading import source

ROWS = 200
RNG = np.random.default_rng(0)
CHOSEN = RNG.random((ROWS, 4)) < [0.3, 0.4, 0.5, 0.6]
OPTIONS = ["Phone", "App", "Post", "Fax"]
AGE = RNG.integers(18, 80, ROWS)


def schema(columns: dict[str, object], **given: Any) -> Schema:  # noqa: ANN401 - options of `fit`
    table = pa.table({**columns, "age": AGE})
    options = Options.of(**given)
    return clean.clean(source.read(table, limits.DEFAULT), limits.DEFAULT, options).schema


def written(pair: tuple[object, object], form: str = "Which? - {}") -> dict[str, object]:
    """Return a column an option, with the answers for "not chosen" and "chosen"."""
    columns: dict[str, object] = {}
    for number, option in enumerate(OPTIONS, 1):
        no, yes = (it.format(option) if isinstance(it, str) else it for it in pair)
        name = form.format(option, number=number)
        columns[name] = [yes if chosen else no for chosen in CHOSEN[:, number - 1]]
    return columns


FORMS = [
    "Which? - {}",
    "Which? [{}]",
    "Q1[SQ00{number}]. Which? [{}]",
    "Which?: {}",
    "which/{}",
    "which.{}",
    "which_{number}",
    "Q2{number}",
]


@pytest.mark.parametrize("form", FORMS)
def test_neighbours_of_one_stem_are_a_set(form: str) -> None:
    read = schema(written((0, 1), form))
    (one,) = read.sets
    assert one.kind == "dichotomy"
    assert [*one.columns] == read.names[:4]
    assert one.label in {"Which?", "which", "Q", "Q1. Which?"}


@pytest.mark.parametrize(
    ("pair", "counted"),
    [
        ((False, True), None),
        (("No", "Yes"), None),
        (("Nein", "Ja"), "Ja"),
        (("Unchecked", "Checked"), "Checked"),
        (("nicht genannt", "genannt"), "genannt"),
        (("0", "{}"), None),
    ],
)
def test_the_answer_that_means_chosen_is_told_by_both(
    pair: tuple[object, object], counted: str | None
) -> None:
    (one,) = schema(written(pair)).sets
    assert one.counted == counted


@pytest.mark.parametrize(
    "columns",
    [
        written(("left", "right")),
        written((0, 2), "Q_{number}"),
        {f"Q_{i}": RNG.integers(1, 6, ROWS) for i in range(1, 5)},
        {f"Rate [{it}]": RNG.integers(0, 3, ROWS) for it in OPTIONS},
        {f"Rate [{it}]": RNG.choice(["bad", "fair", "good"], ROWS) for it in OPTIONS},
        {"flag.a": CHOSEN[:, 0], "flag.b": CHOSEN[:, 1]},
        {name: CHOSEN[:, i] for i, name in enumerate(["car", "dog", "cat", "bike"])},
    ],
)
def test_ratings_and_other_batteries_are_no_set(columns: dict[str, object]) -> None:
    assert not schema(columns).sets


def test_a_set_ends_where_the_stem_or_the_answers_do() -> None:
    columns = written((0, 1), "Q1 [{}]") | {"Q1 [other]": AGE} | written(("No", "Yes"), "Q2 [{}]")
    assert [(one.label, len(one.columns)) for one in schema(columns).sets] == [("Q1", 4), ("Q2", 4)]


def test_stated_sets_have_their_columns_first() -> None:
    stated = {"Modern": ["Which? - Phone", "Which? - App"]}
    sets = {one.label: one.columns for one in schema(written(("Nein", "Ja")), sets=stated).sets}
    assert sets == {
        "Modern": ("Which.Phone", "Which.App"),
        "Which?": ("Which.Post", "Which.Fax"),
    }


@pytest.mark.parametrize("pair", [(0, 1), ("No", "Yes"), ("Unchecked", "Checked")])
def test_a_study_read_with_its_sets_is_the_same(pair: tuple[object, object]) -> None:
    """Sets come in the order of their columns, wherever they are from."""
    lists = [[option for option, is_in in zip("abcd", row, strict=True) if is_in] for row in CHOSEN]
    cells = [";".join(it) for it in lists]
    columns = {"cells": cells[::-1]} | written(pair, "Which? [{}]") | {"more": lists}
    first = schema(columns)
    again = schema(columns, **first.overrides)
    assert again.sets == first.sets
    assert again.overrides == first.overrides


def test_options_of_zeros_and_ones_can_be_asked_for_and_tabulated() -> None:
    """They have no levels, so 1 means that one is chosen."""
    table = pa.table({**written((0, 1), "Which? [{}]"), "age": AGE})
    model = simulacra.fit(table)
    assert model.schema.sets == (
        MultipleResponseSet("Which", "Which?", "dichotomy", tuple(model.schema.names[:4])),
    )
    out = model.generate(200, seed=1, multiple_response={"Which": {"Phone": 0.8, "Which.App": 0.2}})
    assert out.table["Which.Phone"].to_numpy().mean() == pytest.approx(0.8, abs=0.01)
    assert out.table["Which.App"].to_numpy().mean() == pytest.approx(0.2, abs=0.01)
    shares = model.crosstab("Which")
    assert f"{100 * CHOSEN[:, 0].mean():.1f}%" in str(shares)


KOBO: dict[str, Any] = {
    "crops": [" ".join(itertools.compress(OPTIONS, row)) or "none" for row in CHOSEN],
    **{f"crops/{it}": [int(x) for x in CHOSEN[:, i]] for i, it in enumerate(OPTIONS)},
}


def test_options_beside_the_texts_they_were_split_into_are_duplicates() -> None:
    """As Kobo writes a question with several answers: the texts, then 1 or 0 for each option."""
    read = schema(KOBO)
    assert [one.name for one in read.sets] == ["crops"]
    dropped = {it.column: it.reason for it in read.cleaning if it.action == "dropped"}
    assert dropped["crops/Phone"] == "the same as column 'crops.Phone'"


def test_sets_of_one_name_are_told_apart() -> None:
    other = {name: [1 - it for it in cells] for name, cells in KOBO.items() if name != "crops"}
    read = schema({"crops": KOBO["crops"], **other})
    assert [one.name for one in read.sets] == ["crops", "crops.2"]
    again = schema({"crops": KOBO["crops"], **other}, **read.overrides)
    assert again.sets == read.sets
    assert {read[name].multiple_response for name in read.sets[1].columns} == {"crops.2"}


@pytest.mark.parametrize(
    ("no", "yes"),
    [("Nie", "Tak"), ("Nee", "Ja"), ("FAUX", "VRAI"), ("Ei", "Kyllä"), ("нет", "да"),
     ("いいえ", "はい"), ("Ne", "Ano"), ("Nem", "Igen"), ("FALSCH", "WAHR")],
)  # fmt: skip
def test_yes_and_no_may_be_in_another_language(no: str, yes: str) -> None:
    read = schema(written((no, yes)))
    (one,) = read.sets
    assert (one.counted or read[one.columns[0]].levels[1]) == yes
