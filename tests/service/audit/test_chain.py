"""Laws of the seal."""

import copy
import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from simulacra.service.audit import chain
from simulacra.service.database import tables

KEY = b"k" * 32
WORDS = st.text(st.sampled_from('ab_,"[]'), max_size=4)
MAYBE = st.none() | WORDS


@st.composite
def rows(draw: st.DrawFn) -> tables.AuditEntry:
    return tables.AuditEntry(
        number=draw(st.integers(1, 2**62)),
        at=draw(st.datetimes(timezones=st.timezones())),
        actor_kind=draw(WORDS),
        actor_id=draw(MAYBE),
        action=draw(WORDS),
        subject_id=draw(MAYBE),
        tenant_id=draw(MAYBE),
        request_id=draw(MAYBE),
        outcome=draw(WORDS),
        details=draw(st.dictionaries(WORDS, st.integers() | WORDS, max_size=3)),
        previous_hash=draw(st.binary(min_size=32, max_size=32)),
    )


def _fields(row: tables.AuditEntry) -> dict[str, object]:
    fields = {name: getattr(row, name) for name in row.__table__.columns.keys()}  # noqa: SIM118
    fields["at"] = row.at.astimezone(dt.UTC)
    return fields


@given(rows(), rows())
def test_two_entries_have_one_seal_only_if_they_are_equal(
    one: tables.AuditEntry, two: tables.AuditEntry
) -> None:
    is_same = _fields(one) == _fields(two)
    assert (chain.seal(KEY, one) == chain.seal(KEY, two)) is is_same
    assert chain.seal(KEY, one) != chain.seal(b"other", one)


@given(rows(), st.data())
def test_any_change_of_a_field_breaks_the_seal(row: tables.AuditEntry, data: st.DataObject) -> None:
    row.hash = chain.seal(KEY, row)
    assert chain.fault(KEY, row, row.number, row.previous_hash) is None
    name = data.draw(st.sampled_from(["actor_id", "subject_id", "tenant_id", "action", "outcome"]))
    before = copy.copy(getattr(row, name))
    setattr(row, name, data.draw(WORDS.filter(lambda text: text != before)))
    assert "altered" in str(chain.fault(KEY, row, row.number, row.previous_hash))


@given(rows())
def test_a_time_is_sealed_as_an_instant_not_as_a_zone(row: tables.AuditEntry) -> None:
    sealed = chain.seal(KEY, row)
    row.at = row.at.astimezone(dt.UTC)
    assert chain.seal(KEY, row) == sealed
