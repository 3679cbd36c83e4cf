"""Tenants by name, and lists a page at a time."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from simulacra.cli import main

Run = Callable[..., str]


def rows(run: Run, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run(*words, "--json"))
    return found


def pages(run: Run, option: str, key: str, *words: str) -> list[str]:
    """Walk through a list two rows at a time."""
    names: list[str] = []
    place: list[str] = []
    while page := rows(run, *words, "--limit", "2", *place):
        assert len(page) <= 2
        names += [row[key] for row in page]
        place = [option, names[-1]]
    return names


@pytest.fixture
def tenants(run: Run) -> dict[str, str]:
    """The ids of three tenants by company; one company has two."""
    for company, email in (("Acme", "a@acme.example"), ("Bolt", "B@bolt.example")):
        run("create-tenant", "--company", company, "--email", email)
    run("create-tenant", "--company", "Acme", "--email", "other@acme.example")
    return {row["tenant_id"]: row["company"] for row in rows(run, "tenants", "list")}


@pytest.mark.parametrize("name", ["Bolt", "b@bolt.EXAMPLE"])
def test_a_tenant_goes_by_its_company_or_address(
    run: Run, tenants: dict[str, str], name: str
) -> None:
    (bolt,) = (it for it, company in tenants.items() if company == "Bolt")
    assert json.loads(run("tenants", "show", name, "--json"))["tenant_id"] == bolt
    run("tenants", "suspend", name)
    assert json.loads(run("usage", "show", name, "--json"))["tenant_id"] == bolt
    assert len(rows(run, "clients", "list", name)) == 1
    run("clients", "create", name, "--name", "dashboard")
    assert {row["tenant_id"] for row in rows(run, "audit", "list", "--tenant", name)} == {bolt}
    assert rows(run, "jobs", "list", "--tenant", name) == []
    assert "Right" in run("usage", "verify", "--tenant", name)


def test_of_several_tenants_of_a_name_the_ids_are_listed(run: Run, tenants: dict[str, str]) -> None:
    message = run("tenants", "suspend", "Acme", code=1)
    for tenant_id, company in tenants.items():
        assert (tenant_id in message) is (company == "Acme")
    assert "There is no tenant 'acme'." in run("tenants", "show", "acme", code=1)


def test_tenants_and_clients_come_in_pages(run: Run, tenants: dict[str, str]) -> None:
    assert pages(run, "--after", "tenant_id", "tenants", "list") == list(tenants)
    assert list(tenants.values()) == ["Acme", "Acme", "Bolt"]
    assert "no tenant 'ten_x'" in run("tenants", "list", "--after", "ten_x", code=1)
    made = [
        json.loads(run("clients", "create", "Bolt", "--name", name, "--json"))["client_id"]
        for name in ("second", "third")
    ]
    assert pages(run, "--after", "client_id", "clients", "list", "Bolt")[1:] == made
    assert "no client 'x'" in run("clients", "list", "Bolt", "--after", "x", code=1)


def test_requests_for_access_come_in_pages(run: Run, empty_dsn: str) -> None:
    names = [f"req_{number}" for number in range(5)]
    with psycopg.connect(empty_dsn) as connection:
        connection.execute("SELECT set_config('simulacra.tenant', '*', false)")
        for name in names:
            connection.execute(
                "INSERT INTO signups (id, company_name, contact_email, email_key, status)"
                " VALUES (%s, 'A', %s, %s, 'pending')",
                [name, f"{name}@a.example", f"{name}@a.example"],
            )
    assert pages(run, "--after", "request_id", "signups", "list") == names
    assert "no request 'req_x'" in run("signups", "list", "--after", "req_x", code=1)


def test_windows_come_in_pages(run: Run, tenants: dict[str, str], empty_dsn: str) -> None:
    (bolt,) = (it for it, company in tenants.items() if company == "Bolt")
    with psycopg.connect(empty_dsn) as connection:
        connection.execute("SELECT set_config('simulacra.tenant', '*', false)")
        connection.execute(
            "INSERT INTO usage_windows (tenant_id, starts_at, ends_at)"
            " SELECT %s, now() - n * interval '30 days', now() - (n - 1) * interval '30 days'"
            " FROM generate_series(2, 5) AS n",
            [bolt],
        )

    def shown(*words: str) -> list[str]:
        windows = json.loads(run("usage", "show", bolt, "--json", *words))["windows"]
        return [window["starts_at"] for window in windows]

    every = shown()
    assert (len(every), every) == (5, sorted(every, reverse=True))
    assert shown("--limit", "2") == every[:2]
    assert shown("--limit", "2", "--before", every[1]) == every[2:4]
    assert shown("--before", every[4]) == []


def test_a_table_says_how_to_see_more(
    tenants: dict[str, str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ["operator", "tenants", "list", "--limit", "2", "--data-dir", str(tmp_path)]
    assert main.main(words) == 0
    assert f"There are more: --after {list(tenants)[1]}" in capsys.readouterr().err
