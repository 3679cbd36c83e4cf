"""What stands between answers is found in cells of any form, and in nothing that looks alike."""

import json
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from simulacra.engine.cleaning import separators

Make = Callable[[np.random.Generator, int], list[str]]

WRITTEN: dict[str, Callable[[Sequence[str]], str]] = {
    ", ": ", ".join,
    ";": lambda answers: "".join(f"{answer};" for answer in answers),
    "; ": "; ".join,
    "|": "|".join,
    "\n": "\n".join,
    "、": "、".join,
    separators.JSON_LIST: lambda answers: json.dumps([*answers], ensure_ascii=False),
    separators.PYTHON_LIST: lambda answers: repr([*answers]),
}


def found(cells: Sequence[str]) -> tuple[str | None, separators.Cells]:
    counts = Counter(cells)
    texts, numbers = [*counts], np.array([*counts.values()])
    guess = separators.find(texts, numbers)
    separator = guess.separator if guess is not None and guess.is_certain else None
    return separator, separators.part(texts, numbers, separator or "\0")


def choices(
    options: Sequence[str], rows: int, rng: np.random.Generator, *, share: float = 0.4
) -> list[list[str]]:
    """Return the options that each row chooses, at least one."""
    chosen = rng.random((rows, len(options))) < share
    chosen[np.arange(rows), rng.integers(len(options), size=rows)] = True
    return [[*np.array(options, dtype=object)[row]] for row in chosen]


OPTION = st.text(st.characters(codec="ascii", categories=["L"]), min_size=1, max_size=8)


@settings(max_examples=40)
@given(
    st.lists(OPTION, min_size=4, max_size=9, unique_by=str.casefold),
    st.sampled_from([*WRITTEN]),
    st.sampled_from(["in order", "as clicked"]),
    st.integers(0, 2**32 - 1),
)
def test_answers_in_any_form_are_found(
    options: list[str], separator: str, order: str, seed: int
) -> None:
    assume(not {"null", "true", "false", "nan"} & {option.casefold() for option in options})
    rng = np.random.default_rng(seed)
    rows = choices(options, 300, rng)
    if order == "as clicked":
        rows = [rng.permutation(row).tolist() for row in rows]
    written = [WRITTEN[separator](row) for row in rows]
    guessed, cells = found(written)
    assert guessed == separator
    assert {*cells.options} == {*options}
    assert cells.is_terminated == (separator == ";")
    by_text = dict(zip(dict.fromkeys(written), cells.parts, strict=True))
    assert [[*by_text[text]] for text in written] == rows


@pytest.mark.parametrize("separator", [" ", ",", "/"])
def test_codes_in_their_order_are_found(separator: str) -> None:
    """As Kobo and Qualtrics write them; 1,5 is then no number."""
    rng = np.random.default_rng(0)
    rows = choices([str(code) for code in range(1, 12)], 200, rng, share=0.15)
    guessed, cells = found([separator.join(row) for row in rows])
    assert guessed == separator
    assert cells.options == tuple(str(code) for code in range(1, 12))
    assert cells.is_in_order


def test_an_option_keeps_the_separator_that_it_holds() -> None:
    options = ["Yes, often", "Website (desktop, mobile)", "By post, to me", "By post, to all", "No"]
    rng = np.random.default_rng(0)
    guessed, cells = found([", ".join(row) for row in choices(options, 200, rng)])
    assert guessed == ", "
    assert {*cells.options} == {*options}


def test_rare_write_ins_are_no_options() -> None:
    rng = np.random.default_rng(0)
    rows = choices(["Phone", "App", "Post", "Fax"], 200, rng)
    for index in range(20):
        rows[index].append(f"Other: my own word, {index}")
    guessed, cells = found([", ".join(row) for row in rows])
    assert guessed == ", "
    assert cells.options == ("Phone", "App", "Post", "Fax")


def test_each_cell_with_all_options_is_a_ranking() -> None:
    rng = np.random.default_rng(0)
    cells = [";".join(rng.permutation(["A", "B", "C", "D"])) for _ in range(60)]
    guessed, parted = found(cells)
    assert guessed == ";"
    assert parted.is_ranking


FIRST, LAST = ["John", "Mary", "Ann", "Bob", "Sue"], ["Doe", "Smith", "Miller", "Jones"]
CITIES = {"Berlin": "Germany", "Munich": "Germany", "Paris": "France", "Lyon": "France"}
WORDS = ["good", "bad", "service", "price", "staff", "slow", "but", "and", "very", "the", "not"]


def each(make: Callable[[np.random.Generator], str]) -> Make:
    return lambda rng, rows: [make(rng) for _ in range(rows)]


def decimals(low: float, high: float, step: float) -> Make:
    count = round((high - low) / step) + 1
    return each(lambda rng: f"{low + step * rng.integers(count):g}".replace(".", ","))


def prose(between: str) -> Make:
    return each(
        lambda rng: between.join(
            " ".join(rng.choice(WORDS, rng.integers(1, 5))) for _ in range(rng.integers(1, 5))
        )
    )


def from_to(separator: str) -> Make:
    def make(rng: np.random.Generator) -> str:
        first = rng.integers(1, 9)
        return f"{first}{separator}{first + rng.integers(1, 5)}"

    return each(make)


ALIKE: dict[str, Make] = {
    "names": each(lambda rng: f"{rng.choice(LAST)}, {rng.choice(FIRST)}"),
    "names without comma": each(lambda rng: f"{rng.choice(FIRST)} {rng.choice(LAST)}"),
    "two first names": each(lambda rng: " ".join(rng.choice(FIRST, 2, replace=False))),
    "places": each(lambda rng: "{}, {}".format(*[*CITIES.items()][rng.integers(len(CITIES))])),
    "addresses": each(
        lambda rng: f"{rng.integers(1, 300)} {rng.choice(WORDS)} St, {rng.choice([*CITIES])}"
    ),
    "one decimal": decimals(0, 10, 0.1),
    "half steps": decimals(1, 5, 0.5),
    "quarter steps": decimals(1, 5, 0.25),
    "prices": each(lambda rng: f"{rng.integers(1, 30)},{rng.choice(['49', '95', '99'])}"),
    "thousands": each(lambda rng: f"{rng.integers(5, 90) * 100:,}"),
    "days": each(lambda rng: f"{rng.integers(1, 13)}/{rng.integers(1, 29)}/2021"),
    "months": each(lambda rng: f"{rng.integers(1, 13)}/{rng.integers(20, 25)}"),
    "scores": each(lambda rng: f"{rng.integers(11)}/10"),
    "bands": each(lambda rng: str(rng.choice(["18 - 24", "25 - 34", "35 - 44", "45 - 64"]))),
    "bands with words": each(
        lambda rng: str(rng.choice(["18-24; young", "25-34; mid", "35-44; mid", "45+; old"]))
    ),
    "from and to": from_to(";"),
    "from and to by space": from_to(" "),
    "agreement": each(
        lambda rng: str(
            rng.choice(["agree", "neither agree nor disagree", "disagree", "strongly disagree"])
        )
    ),
    "colours": each(lambda rng: f"{rng.choice(['dark', 'light'])} {rng.choice(['blue', 'red'])}"),
    "jobs": each(
        lambda rng: f"{rng.choice(['Clerk', 'Cook'])}, {rng.choice(['junior', 'senior'])}"
    ),
    "groups": each(
        lambda rng: str(rng.choice(["Black/African American", "Hispanic/Latino", "White", "X/Y"]))
    ),
    "prose": prose(" "),
    "prose with commas": prose(", "),
    "prose in sentences": prose("; "),
    "ratings in a row": each(lambda rng: ",".join(map(str, rng.integers(1, 6, 4)))),
    "places on the map": each(lambda rng: f"{rng.integers(40, 60)}, {rng.integers(20)}"),
    "times": each(lambda rng: f"{rng.integers(1, 13)}:{rng.integers(60):02} AM"),
}


@pytest.mark.parametrize("kind", ALIKE)
def test_texts_that_look_alike_are_whole(kind: str) -> None:
    """None of 27 kinds at three sizes and four seeds each: a rate of at most 1 % (95 %)."""
    for rows in (60, 300, 2_000):
        for seed in range(4):
            cells = ALIKE[kind](np.random.default_rng(seed), rows)
            assert found(cells)[0] is None


def test_too_few_cells_are_a_suspicion() -> None:
    rng = np.random.default_rng(4)
    counts = Counter(", ".join(row) for row in choices(["Radio", "TV", "Web"], 40, rng, share=0.3))
    guess = separators.find([*counts], np.array([*counts.values()]))
    assert guess == separators.Guess(", ", is_certain=False)


def test_a_slip_or_two_are_no_fields() -> None:
    rng = np.random.default_rng(0)
    cells = [";".join(row) for row in choices(["Phone", "App", "Post", "Fax"], 600, rng)]
    assert found([*cells, "Phone;;App"])[0] == ";"
    fields = [f"{rng.integers(1, 4)};{rng.choice(['', '4'])};{rng.integers(5, 9)}" for _ in cells]
    assert found(fields)[0] is None


@settings(max_examples=200)
@given(st.lists(st.text(" ,;/|[]()'\"\\ab1\n\0{}", max_size=12), min_size=1, max_size=30))
def test_any_texts_can_be_looked_at(texts: list[str]) -> None:
    found([*texts, "[" * 10_000 + "]" * 10_000] * 6)
    found([f"[{text}]" for text in texts] * 6)


def test_arrays_of_numpy_are_lists_without_commas() -> None:
    texts = ["['App' 'Web']", "['Web' \"It's\"\n 'Post']", "[]", "['App']", "['a, \\'b\\' \\'c']"]
    cells = separators.part(texts, np.full(5, 9), separators.PYTHON_LIST)
    assert cells.parts == [("App", "Web"), ("Web", "It's", "Post"), (), ("App",), ("a, 'b' 'c",)]
    guess = separators.find(texts[:4], np.full(4, 9))
    assert guess is not None
    assert guess.separator == separators.PYTHON_LIST
