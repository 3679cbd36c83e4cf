import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine.cleaning import sources
from simulacra.engine.codebook import RawStudy, Variable
from simulacra.engine.columns.schema import CleaningAction, MultipleResponseSet


def study(*names: str) -> RawStudy:
    return RawStudy(pa.Table.from_arrays([pa.array([n]) for n in range(len(names))], [*names]))


def test_good_names_are_left_alone() -> None:
    raw = study("Age (years)", "b", "")
    assert sources.rename_columns(raw) is raw


def test_changes_to_a_name_are_reported() -> None:
    settled = sources.rename_columns(study("a", "a\0", "x" * 30_000, "fine"))
    assert settled.table.column_names == ["a", "a_2", "x" * 5_000, "fine"]
    reasons = {action.column: action.reason for action in settled.actions}
    assert reasons == {
        "a_2": "NUL characters removed from its name; another column has the same name",
        "x" * 5_000: "its name of 30,000 characters cut to 5,000",
    }


def test_a_good_name_is_not_taken_from_its_column() -> None:
    settled = sources.rename_columns(study("a\0", "a", "a", "a_2"))
    assert settled.table.column_names == ["a_3", "a", "a_4", "a_2"]


def test_the_codebook_follows_the_names() -> None:
    raw = RawStudy(
        study("a\0", "b").table,
        {"a\0": Variable("Wording")},
        (MultipleResponseSet("s", "Which?", "category", ("a\0", "b")),),
        (CleaningAction("a\0", "renamed", "why", 1), CleaningAction(None, "read", "how", 1)),
    )
    settled = sources.rename_columns(raw)
    assert settled.variables == {"a": Variable("Wording")}
    assert settled.sets[0].columns == ("a", "b")
    assert [action.column for action in settled.actions] == ["a", None, "a"]


@given(st.lists(st.sampled_from(["a", "a_2", "a\0", "\0", "b", "a_2\0"]), max_size=8))
def test_names_are_unique_and_settled_once(names: list[str]) -> None:
    settled = sources.rename_columns(study(*names))
    settled_names = settled.table.column_names
    assert len(set(settled_names)) == len(names)
    assert not any("\0" in name for name in settled_names)
    assert sources.rename_columns(settled) is settled
