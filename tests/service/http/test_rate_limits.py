import pytest
from fastapi import Request

from simulacra.service.http import rate_limits
from simulacra.service.throttling import Limit, Standing

FIVE = Limit("five", calls=5, seconds=3600)


def request_from(host: str) -> Request:
    return Request({"type": "http", "client": (host, 1), "headers": []})


@pytest.mark.parametrize(
    ("host", "counted_as"),
    [
        ("192.0.2.7", "192.0.2.7/32"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
        ("testclient", "testclient"),
    ],
)
def test_a_network_of_ipv6_is_one_caller(host: str, counted_as: str) -> None:
    assert rate_limits.address_of(request_from(host)) == counted_as


def test_a_refusal_says_how_long_to_wait() -> None:
    problem = rate_limits.refusal(Standing(FIVE, True, 0, 90))  # noqa: FBT003
    assert problem.status == 429
    assert problem.headers == {
        "RateLimit-Policy": '"five";q=5;w=3600',
        "RateLimit": '"five";r=0;t=90',
        "Retry-After": "90",
    }
