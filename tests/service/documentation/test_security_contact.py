"""The file that names whom to tell of a weakness."""

import datetime as dt

import pytest

from simulacra.service.documentation import security_contact

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("contact", "written"),
    [
        ("help@acme.example", "mailto:help@acme.example"),
        ("https://acme.example/help", "https://acme.example/help"),
    ],
)
def test_the_fields_are_those_of_the_rfc(contact: str, written: str) -> None:
    text = security_contact.text(contact, "https://api.example", NOW)
    assert text.splitlines() == [
        f"Contact: {written}",
        "Expires: 2026-06-30T00:00:00Z",
        "Canonical: https://api.example/.well-known/security.txt",
        "Preferred-Languages: en",
    ]
