"""An entry has no place for free text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.service.audit import entry
from simulacra.service.audit.entry import Action, Detail, Entry, Outcome


def _entry(**changes: object) -> Entry:
    fields = {
        "actor": entry.client("a" * 32),
        "action": Action.DATASET_CREATED,
        "subject_id": "ds_1",
        "tenant_id": "ten_1",
        "request_id": "req_1",
        "outcome": Outcome.SUCCEEDED,
        "details": {Detail.BYTES: 7, Detail.FORMAT: "csv"},
    }
    return Entry(**(fields | changes))  # type: ignore[arg-type]  # the tests choose


def test_identifiers_numbers_and_words_are_accepted() -> None:
    assert _entry(details={Detail.CODE: "simio_training_failed", Detail.ROWS: 3}).subject_id


@pytest.mark.parametrize(
    "changes",
    [
        {"subject_id": "data@acme.example"},
        {"subject_id": "Acme Research"},
        {"tenant_id": ""},
        {"request_id": "a" * 129},
        {"actor": entry.operator("Ann Smith")},
        {"details": {Detail.CODE: "salary of Ann"}},
        {"details": {Detail.FORMAT: "seed.csv"}},
    ],
    ids=str,
)
def test_text_is_refused_and_not_quoted(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="audit") as refused:
        _entry(**changes)
    assert "Ann" not in str(refused.value)


@given(st.text(alphabet=st.characters(exclude_categories=["Nd", "Ll", "Lu"]), min_size=1))
def test_no_identifier_holds_what_could_part_words(text: str) -> None:
    if set(text) - set("_.:-"):
        with pytest.raises(ValueError, match="audit"):
            _entry(subject_id=text)
