"""Which distributions are shown together."""

from simulacra.engine.full_report.questions import together
from simulacra.engine.report.distributions import BINS, LEVELS, OPTIONS, Distribution, Part

PARTS = (Part("No", 0.6, 0.5), Part("Yes", 0.4, 0.5))
GRADES = tuple(Part(str(at), 0.2, 0.2) for at in range(1, 6))


def one(column: str, label: str, parts: tuple[Part, ...] = GRADES) -> Distribution:
    return Distribution(column, label, LEVELS, parts, study_base=10, rows_base=20)


def shown(*found: Distribution) -> list[tuple[str | None, list[str]]]:
    return [(it.title, [each.label for each in it.shown]) for it in together(found)]


def test_items_after_a_common_beginning() -> None:
    items = [one(f"q{at}", f"Satisfaction: {what}") for at, what in enumerate("abc")]
    assert shown(one("age", "Age"), *items, one("sex", "Sex")) == [
        (None, ["Age"]),
        ("Satisfaction", ["a", "b", "c"]),
        (None, ["Sex"]),
    ]


def test_items_before_a_common_end() -> None:
    items = [one(f"q{what}", f"{what} - Optus") for what in ("Friendly", "Cheap", "Quick - fast")]
    assert shown(*items) == [("Optus", ["Friendly", "Cheap", "Quick - fast"])]


def test_names_that_are_numbered() -> None:
    items = [one(f"lifsat{at}", f"lifsat{at}") for at in range(1, 5)]
    assert shown(*items) == [("lifsat", ["lifsat1", "lifsat2", "lifsat3", "lifsat4"])]


def test_numbered_names_with_other_answers_are_other_questions() -> None:
    found = [one("s1", "Age"), one("s2", "Sex", PARTS), one("s3", "Region", GRADES[:4])]
    assert [title for title, _ in shown(*found)] == [None, None, None]


def test_two_of_a_kind_are_no_question() -> None:
    assert [title for title, _ in shown(one("a1", "Price: now"), one("a2", "Price: then"))] == [
        None,
        None,
    ]


def test_items_with_the_same_two_levels_are_one_picture() -> None:
    items = [one(f"q{at}", f"Knows: {at}", PARTS) for at in range(3)]
    (question,) = together(items)
    (picture,) = question.shown
    assert picture.label == "Answer: Yes"
    assert [(part.name, part.study, part.rows) for part in picture.parts] == [
        ("0", 0.4, 0.5),
        ("1", 0.4, 0.5),
        ("2", 0.4, 0.5),
    ]


def test_the_share_of_a_level_that_means_no_is_not_shown() -> None:
    parts = (Part("Yes", 0.4, 0.5), Part("No", 0.6, 0.5))
    (question,) = together([one(f"q{at}", f"Knows: {at}", parts) for at in range(3)])
    assert question.shown[0].label == "Answer: Yes"
    assert question.shown[0].parts[0].study == 0.4


def test_nothing_is_lost_or_doubled() -> None:
    found = [
        Distribution("n", "Number", BINS, GRADES),
        *(one(f"q{at}", f"Satisfaction: {at}") for at in range(4)),
        *(one(f"r{at}", f"Knows: {at}", PARTS) for at in range(4)),
        one("last", "The last: one"),
    ]
    names = [each.label for it in together(found) for each in it.shown]
    assert names == ["Number", "0", "1", "2", "3", "Answer: Yes", "The last: one"]


def test_what_all_options_of_a_set_say_is_said_once() -> None:
    def told(label: str, *names: str) -> tuple[str, list[str]]:
        parts = tuple(Part(name, 0.1, 0.2) for name in names)
        (question,) = together([Distribution("q14", label, OPTIONS, parts)])
        return question.shown[0].label, [part.name for part in question.shown[0].parts]

    assert told("Q14 2", "Cheap - Optus", "Friendly - Optus", "Near - Optus") == (
        "Q14 2: Optus",
        ["Cheap", "Friendly", "Near"],
    )
    assert told("Image: friendly", "Friendly - a", "Friendly - b", "Friendly - c") == (
        "Image: friendly",
        ["a", "b", "c"],
    )
    assert told("Known", "Acme - new", "Acme - old", "Other") == (
        "Known",
        ["Acme - new", "Acme - old", "Other"],
    )
