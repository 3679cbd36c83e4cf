"""When a request is sent again."""

import datetime as dt
import email.utils
import ssl

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.client import errors, retrying
from simulacra.client.requests import Request
from simulacra.client.retrying import Patience

MONTHS_AND_DIGITS = "0123456789 :+-JanFeb"
GET = Request("GET", "/v1/usage")
LOST = httpx.ReadTimeout("lost")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def most(_: float, high: float) -> float:
    return high


def test_pauses_double_up_to_a_limit_and_are_drawn_from_their_upper_half() -> None:
    drawn: list[tuple[float, float]] = []

    def draw(low: float, high: float) -> float:
        drawn.append((low, high))
        return low

    patience = Patience(1000, clock=Clock(), draw=draw)
    pauses = [patience.after_failure(GET, LOST) for _ in range(8)]
    assert [high for _, high in drawn] == [0.5, 1, 2, 4, 8, 16, 20, 20]
    assert pauses == [high / 2 for _, high in drawn]


def test_failures_in_a_row_have_a_deadline_and_success_renews_it() -> None:
    clock = Clock()
    patience = Patience(10, clock=clock, draw=most)
    patience.after_failure(GET, LOST)
    clock.now += 9
    with pytest.raises(errors.UnreachableError, match="for 10 seconds") as caught:
        patience.after_failure(GET, LOST)  # a pause of a second would end at it or later
        patience.after_failure(GET, LOST)
    assert caught.value.may_have_arrived
    patience.renew()
    assert patience.after_failure(GET, LOST) == 0.5


@pytest.mark.parametrize("header", ["7", "date"])
def test_retry_after_is_obeyed(header: str) -> None:
    if header == "date":
        soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=8)
        header = email.utils.format_datetime(soon, usegmt=True)
    answer = httpx.Response(429, headers={"retry-after": header})
    pause = Patience(60, clock=Clock(), draw=most).after_answer(GET, answer)
    assert 6 < pause < 10


def test_who_is_to_come_back_after_the_deadline_is_told_at_once() -> None:
    answer = httpx.Response(429, headers={"retry-after": "3600"})
    with pytest.raises(errors.UnexpectedAnswerError):
        Patience(60).after_answer(GET, answer)


@given(st.lists(st.none() | st.integers(0, 100), min_size=1, max_size=40), st.floats(0, 300))
def test_pauses_are_as_long_as_they_are_asked_to_be_and_end_before_the_deadline(
    asked: list[int | None], seconds: float
) -> None:
    clock = Clock()
    patience, began = Patience(seconds, clock=clock), clock.now
    for each in asked:
        headers = {} if each is None else {"retry-after": str(each)}
        try:
            pause = patience.after_answer(GET, httpx.Response(503, headers=headers))
        except errors.UnexpectedAnswerError:
            break
        assert pause >= (each or 0)
        assert pause <= (retrying.MAX_SECONDS if each is None else each + 1 + each / 10)
        clock.now += pause
    assert clock.now - began <= seconds + 1e-9


@given(st.text(st.characters(min_codepoint=32, max_codepoint=255)), st.text(MONTHS_AND_DIGITS))
def test_whatever_a_header_says_it_is_no_error(header: str, date: str) -> None:
    for value in (header, f"Mon, {date} GMT"):
        answer = httpx.Response(503, headers={b"retry-after": value.encode("latin-1")})
        found = retrying.retry_after(answer)
        assert found is None or found >= 0


def test_a_moment_is_counted_by_the_clock_of_the_server() -> None:
    now = dt.datetime(2019, 6, 1, 12, tzinfo=dt.UTC)  # ours says another year
    later = now + dt.timedelta(seconds=8)
    headers = {
        "date": email.utils.format_datetime(now, usegmt=True),
        "retry-after": email.utils.format_datetime(later, usegmt=True),
    }
    assert retrying.retry_after(httpx.Response(503, headers=headers)) == 8


@pytest.mark.parametrize("header", ["", "soon", "-5", "1.5"])
def test_a_header_that_says_nothing_is_none(header: str) -> None:
    assert retrying.retry_after(httpx.Response(503, headers={"retry-after": header})) is None


@pytest.mark.parametrize(("header", "seconds"), [("0", 0.0), ("5", 5.0), ("", 2.0)])
def test_how_often_a_job_is_asked_for(header: str, seconds: float) -> None:
    answer = httpx.Response(200, headers={"retry-after": header})
    assert retrying.poll_seconds(answer) == seconds


def test_a_certificate_that_is_not_trusted_is_said_at_once() -> None:
    failure = httpx.ConnectError("tls")
    failure.__cause__ = ssl.SSLCertVerificationError(1, "self-signed")
    failure.__cause__.verify_message = "self-signed certificate"
    with pytest.raises(errors.UnreachableError, match=r"self-signed certificate.*SSL_CERT_FILE"):
        Patience(60).after_failure(GET, failure)


@pytest.mark.parametrize(("status", "is_sent"), [(429, True), (503, False), (500, False)])
def test_after_an_error_only_a_limit_is_sure_to_have_changed_nothing(
    status: int, *, is_sent: bool
) -> None:
    once = Request("POST", "/v1/credential-claims", is_repeatable=False)
    document = {"code": "simio_unavailable", "detail": "Away."}
    answer = httpx.Response(status, json=document)
    if is_sent:
        assert Patience(60).after_answer(once, answer) > 0
    else:
        with pytest.raises(errors.ProblemError):
            Patience(60).after_answer(once, answer)


def test_the_name_of_a_request_has_no_query() -> None:
    assert Request("GET", "/v1/generations/g/artifact?token=t").name == (
        "GET /v1/generations/g/artifact"
    )
