"""Dates that Babel writes in a language, read back from it."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from babel import Locale
from babel import dates as babel_dates
from hypothesis import given, settings
from hypothesis import strategies as st

from simulacra.engine.columns.date import DATE
from simulacra.engine.columns.texts import calendar_names, dates, wordings

YEAR = [dt.date(2023, 1, 1) + dt.timedelta(9 * step) for step in range(41)]
"""Days of all months, so that the language shows."""
LANGUAGES = (
    *("ar", "bg", "bs", "ca", "cs", "cy", "da", "de", "el", "en", "es", "et", "eu"),
    *("fi", "fr", "ga", "gl", "he", "hi", "hr", "hu", "hy", "id", "is", "it", "ja"),
    *("ka", "ko", "lt", "lv", "mk", "ms", "mt", "nb", "nl", "pl", "pt", "ro", "ru"),
    *("sk", "sl", "sq", "sr", "sr_Latn", "sv", "sw", "tr", "uk", "zh"),
)
NUMBERED = calendar_names.NUMBERED
FORMS = ("long", "d MMMM y", "d. MMM y", "dd-MMM-y", "EEEE d MMMM y")


def read(*texts: str) -> dates.Dates | None:
    return dates.parse(pa.array(texts), np.ones(len(texts), dtype=np.int64))


@pytest.mark.parametrize("language", LANGUAGES)
def test_dates_of_a_year_come_back_from_a_language(language: str) -> None:
    """In forms that people use; where months are numbers, in its own alone."""
    for form in FORMS[:1] if language in NUMBERED else FORMS:
        written = [babel_dates.format_date(day, form, locale=language) for day in YEAR]
        found = read(*written)
        assert found is not None, written[:3]
        assert [DATE.to_bound(value) for value in found.values] == list(map(str, YEAR))


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([code for code in LANGUAGES if code not in NUMBERED]),
    st.lists(st.dates(dt.date(1930, 1, 1), dt.date(2035, 12, 31)), min_size=1, max_size=9),
)
def test_one_date_with_a_name_is_read_as_no_other_day(language: str, days: list[dt.date]) -> None:
    """A column in one language that another could be is read as one of them, and says so."""
    written = [babel_dates.format_date(day, "d MMMM y", locale=language) for day in days]
    found = read(*written)
    assert found is not None
    is_same = [DATE.to_bound(value) for value in found.values] == [d.isoformat() for d in days]
    assert is_same or any("other languages" in note.reason for note in found.notes)


def test_every_name_of_a_month_is_known_by_its_language() -> None:
    for code in ("de", "pt", "he", "th", "uk"):
        language = calendar_names.language(code)
        for number, name in Locale.parse(code).months["format"]["wide"].items():
            assert language.months[calendar_names.fold(name)] == number


def test_the_column_settles_what_a_name_means() -> None:
    """Listopad is October in Croatian and November in Polish."""
    croatian = wordings.read(["# listopada #", "# studenoga #"], [5, 1])
    polish = wordings.read(["# listopada #", "# grudnia #"], [5, 1])
    assert [it and it.month for it in croatian.wordings] == [10, 11]
    assert [it and it.month for it in polish.wordings] == [11, 12]
    assert croatian.is_certain
    assert not wordings.read(["# listopada #"], [5]).is_certain


@pytest.mark.parametrize("text", ["wave # may #", "# apples", "mayor # #", "room #"])
def test_other_words_are_no_dates(text: str) -> None:
    assert wordings.read([text], [9]).wordings == [None]


@pytest.mark.parametrize(
    ("text", "half", "offset"),
    [
        (" am gmt+1", "a", 60),
        ("z", "", 0),
        ("+0530", "", 330),
        ("-03", "", -180),
        (" gmt+0100 (central european standard time)", "", 60),
        (" pm est", "p", -300),
        (" μμ", "p", None),
        (" p m", "p", None),
        ("", "", None),
    ],
)
def test_what_stands_behind_a_time_is_read(text: str, half: str, offset: int | None) -> None:
    (tail,) = wordings.tails([text], None)
    assert tail == wordings.Tail(half, offset)


@pytest.mark.parametrize("text", [" cst", " uhr", " europe/berlin"])
def test_a_zone_that_may_be_several_is_none(text: str) -> None:
    (tail,) = wordings.tails([text], None)
    assert tail == wordings.Tail(is_unknown=True)
