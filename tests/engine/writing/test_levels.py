from simulacra.engine.codebook import Coding
from simulacra.engine.columns.boolean import BOOLEAN
from simulacra.engine.columns.nominal import NOMINAL
from simulacra.engine.columns.schema import Column, MultipleResponseSet
from simulacra.engine.writing import levels
from simulacra.engine.writing.codebook import Codebook, Entry
from simulacra.engine.writing.levels import LevelCodes


def column(name: str, *names: str) -> Column:
    kind = BOOLEAN if names == ("false", "true") else NOMINAL
    return Column(name, name, name, kind, 0.0, levels=names)


def codes(
    *columns: Column,
    sets: tuple[MultipleResponseSet, ...] = (),
    codings: dict[str, Coding] | None = None,
) -> dict[str, LevelCodes]:
    known = codings or {}
    entries = {it.name: Entry(it, known.get(it.name)) for it in columns}
    return levels.of(Codebook(entries, sets))


def test_levels_without_codes_are_counted() -> None:
    found = codes(column("q", "North", "South"))["q"]
    assert found == LevelCodes((1.0, 2.0), {1.0: "North", 2.0: "South"})


def test_whole_numbers_are_codes_themselves() -> None:
    assert codes(column("q", "0", "5", "-10"))["q"].codes == (0.0, 5.0, -10.0)
    assert codes(column("zip", "01067", "10115"))["zip"].codes == (1.0, 2.0)


def test_choices_are_0_and_1() -> None:
    found = codes(column("a", "false", "true"), column("b", "Not selected", "Shop"))
    assert [it.codes for it in found.values()] == [(0.0, 1.0)] * 2
    assert found["b"].labels == {0.0: "Not selected", 1.0: "Shop"}


def test_options_of_a_set_share_their_counted_code() -> None:
    asked = MultipleResponseSet("s", "S", "dichotomy", ("a", "b"), "Yes")
    found = codes(column("a", "No", "Yes"), column("b", "Yes", "never"), sets=(asked,))
    assert [it.codes for it in found.values()] == [(0.0, 1.0), (1.0, 0.0)]


def test_columns_of_categories_share_their_codes() -> None:
    asked = MultipleResponseSet("s", "S", "category", ("a", "b"))
    found = codes(column("a", "x", "y"), column("b", "z", "y"), sets=(asked,))
    assert [it.codes for it in found.values()] == [(1.0, 2.0), (3.0, 2.0)]
    assert found["b"].labels == {3.0: "z", 2.0: "y"}


def test_codes_of_the_file_come_first() -> None:
    coding = Coding((7.0, 9.0, 3.0, None), {1.0: "Unused", 7.0: "A (7)"})
    found = codes(column("q", "A", "Other", "3", "Not selected"), codings={"q": coding})["q"]
    assert found.codes == (7.0, 9.0, 3.0, None)
    assert found.labels == {1.0: "Unused", 7.0: "A (7)", 9.0: "Other"}


def test_codes_of_another_number_of_levels_are_not_used() -> None:
    found = codes(column("q", "A", "B"), codings={"q": Coding((5.0,))})["q"]
    assert found.codes == (1.0, 2.0)
