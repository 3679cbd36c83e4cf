"""The verbs of `simulacra operator` on a real database."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from simulacra.cli.operator import console
from tests.acceptance import harness

PASSWORD = "correct horse battery"
Run = Callable[..., str]


@pytest.fixture
def tenant_id(run: Run) -> str:
    run("create-tenant", "--company", "Acme Research", "--email", "a@acme.example")
    (tenant,) = json.loads(run("tenants", "list", "--json"))
    return str(tenant["tenant_id"])


def show(run: Run, tenant_id: str) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(run("tenants", "show", tenant_id, "--json"))
    return shown


def test_tenants_are_listed_for_people_and_for_scripts(run: Run, tenant_id: str) -> None:
    table = run("tenants", "list").splitlines()
    assert table[0].split()[:2] == ["TENANT", "ID"]
    assert table[1].startswith(tenant_id)
    assert "Acme Research" in table[1]
    shown = show(run, tenant_id)
    assert (shown["contact"], shown["datasets"], len(shown["clients"])) == ("a@acme.example", 0, 1)


def test_limits_are_set_one_by_one_and_taken_off(run: Run, tenant_id: str) -> None:
    run("tenants", "set", tenant_id, "--subscription-rows", "5_000_000")
    run("tenants", "set", tenant_id, "--retention-hours", "48", "--max-rows-per-request", "10")
    shown = show(run, tenant_id)
    assert shown["subscription_rows"] == 5_000_000
    assert (shown["retention_hours"], shown["max_rows_per_request"]) == (48, 10)
    run("tenants", "set", tenant_id, "--subscription-rows", "none")
    assert show(run, tenant_id)["subscription_rows"] is None
    entry = json.loads(
        run("audit", "list", "--action", "tenant.changed", "--limit", "1", "--json")
    )[0]
    assert entry["details"] == {"subscription_rows": "unset"}


def test_suspending_twice_is_one_entry(run: Run, tenant_id: str) -> None:
    for _ in range(2):
        run("tenants", "suspend", tenant_id)
    assert show(run, tenant_id)["status"] == "suspended"
    run("tenants", "reactivate", tenant_id)
    assert show(run, tenant_id)["status"] == "active"
    entries = json.loads(run("audit", "list", "--tenant", tenant_id, "--json"))
    actions = [entry["action"] for entry in entries if entry["action"] != "tenant.viewed"]
    assert actions == [
        "tenant.reactivated", "tenant.suspended", "client.created", "tenant.created",
    ]  # fmt: skip
    assert len(entries) > len(actions)  # every look at the tenant is on record
    assert all(entry["actor"].startswith("operator cli:") for entry in entries)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("tenants", "show", "ten_x"), "There is no tenant 'ten_x'."),
        (("tenants", "set", "TENANT", "--retention-hours", "999"), "from 1 to 168"),
        (("clients", "revoke", "nobody"), "There is no client 'nobody'."),
        (("accounts", "create", "Ann Lee"), "no name of an account"),
        (("accounts", "create", "ann"), "15 to 1,024"),
        (("accounts", "remove", "ann"), "There is no account 'ann'."),
        (("accounts", "enable-totp", "bob"), "There is no account 'bob'."),
        (("accounts", "sign-out", "bob"), "There is no account 'bob'."),
    ],
    ids=str,
)
def test_mistakes_are_explained_in_a_sentence(
    run: Run, tenant_id: str, words: tuple[str, ...], message: str
) -> None:
    stdin = "short" if words[-1] == "ann" else f"{PASSWORD}\n"
    words = tuple(tenant_id if word == "TENANT" else word for word in words)
    assert message in run(*words, stdin=stdin, code=1)


def test_a_client_is_revoked_once_and_for_good(run: Run, tenant_id: str) -> None:
    (client,) = show(run, tenant_id)["clients"]
    for _ in range(2):
        assert "is revoked" in run("clients", "revoke", client["client_id"])
    (client,) = show(run, tenant_id)["clients"]
    assert client["revoked_at"] is not None
    assert len(json.loads(run("audit", "list", "--action", "client.revoked", "--json"))) == 1


def test_accounts_come_and_go(run: Run) -> None:
    assert "There are none." in run("accounts", "list")
    assert "/operator/" in run("accounts", "create", "ann.lee", stdin=f"{PASSWORD}\n")
    assert "already" in run("accounts", "create", "ann.lee", stdin=f"{PASSWORD}\n", code=1)
    assert json.loads(run("accounts", "set-password", "ann.lee", "--json", stdin=f"{PASSWORD}2"))
    (account,) = json.loads(run("accounts", "list", "--json"))
    assert account["name"] == "ann.lee"
    assert account["second_factor"] is None
    enrolled = json.loads(run("accounts", "enable-totp", "ann.lee", "--json"))
    assert enrolled["uri"].startswith("otpauth://totp/Simulacra:ann.lee?secret=")
    assert len(enrolled["recovery_codes"]) == 10
    (account,) = json.loads(run("accounts", "list", "--json"))
    assert account["second_factor"] == "totp"
    assert json.loads(run("accounts", "sessions", "ann.lee", "--json")) == []
    assert "0 sessions" in run("accounts", "sign-out", "ann.lee")
    run("accounts", "disable-totp", "ann.lee")
    assert "otpauth://" in run("accounts", "enable-totp", "ann.lee")
    run("accounts", "remove", "ann.lee")
    assert json.loads(run("accounts", "list", "--json")) == []


def test_an_export_is_the_whole_trail_and_goes_on_record(
    run: Run, tenant_id: str, tmp_path: Path
) -> None:
    file = tmp_path / "trail.jsonl"
    run("audit", "export", "--output", str(file))
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["action"] for line in lines][:2] == ["tenant.created", "client.created"]
    assert (lines[0]["subject_id"], len(lines[0]["hash"])) == (tenant_id, 64)
    (newest,) = json.loads(run("audit", "list", "--limit", "1", "--json"))
    assert (newest["action"], newest["details"]) == ("audit.exported", {"count": len(lines)})
    (newest,) = json.loads(run("audit", "list", "--limit", "1", "--json"))
    assert newest["action"] == "audit.viewed"


def test_the_status_says_what_waits_and_what_is_the_matter(run: Run) -> None:
    """How full the disks are is up to the machine, and so is the exit code."""
    run("create-tenant", "--company", "Acme Research", "--email", "a@acme.example")
    status = json.loads(run("status", "--json", code=None))
    assert (status["datasets"], status["backlogs"], status["waiting_signups"]) == (0, {}, [])
    assert {alert["key"] for alert in status["alerts"]} <= {"disk/data", "disk/scratch"}
    assert "requests_for_access" in run("status", code=None)


def test_ways_to_the_operator_can_be_tried(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No way is configured" in run("alerts", "test", code=1)
    nobody = f"http://127.0.0.1:{harness.free_port()}/hook/hidden"
    monkeypatch.setenv("SIMULACRA_ALERT_WEBHOOK_URL", nobody)
    told = run("alerts", "test", code=1)
    assert "webhook: the webhook met ConnectError" in told
    assert "hidden" not in told


def test_verifying_says_the_head_and_the_first_fault(run: Run, owner_dsn: str) -> None:
    run("create-tenant", "--company", "Acme Research", "--email", "a@acme.example")
    report = json.loads(run("audit", "verify", "--json"))
    assert report["fault"] is None
    assert "Unbroken: 2 entries" in run("audit", "verify", "--head", report["head"])
    with psycopg.connect(owner_dsn) as connection:
        connection.execute("ALTER TABLE audit_entries DISABLE TRIGGER USER")
        connection.execute("ALTER TABLE audit_entries NO FORCE ROW LEVEL SECURITY")
        connection.execute("UPDATE audit_entries SET subject_id = 'ten_y' WHERE number = 1")
        connection.execute("ALTER TABLE audit_entries FORCE ROW LEVEL SECURITY")
    assert "BROKEN: entry 1 was altered" in run("audit", "verify", code=1)


def test_usage_is_shown_by_window_and_verified(run: Run, tenant_id: str, empty_dsn: str) -> None:
    assert "Right: 0 windows are the sums of 0 entries" in run("usage", "verify")
    run("tenants", "set", tenant_id, "--subscription-rows", "100")
    shown = json.loads(run("usage", "show", tenant_id, "--json"))
    (window,) = shown.pop("windows")
    assert (shown["subscription_rows"], shown["rows_remaining"]) == (100, 100)
    assert (window["rows_used"], window["rows_reserved"], window["generations"]) == (0, 0, 0)
    assert "ROWS RESERVED" in run("usage", "show", tenant_id)
    with psycopg.connect(empty_dsn) as connection:
        connection.execute("SELECT set_config('simulacra.tenant', '*', false)")
        connection.execute("UPDATE usage_windows SET rows_used = 3")
    fault = "rows_used is 3, its entries sum to 0."
    assert fault in run("usage", "verify", code=1)
    report = json.loads(run("usage", "verify", "--tenant", tenant_id, "--json", code=1))
    assert (report["windows"], report["entries"], len(report["faults"])) == (1, 0, 1)
    assert "There is no tenant 'ten_x'." in run("usage", "verify", "--tenant", "ten_x", code=1)


def test_text_of_a_stranger_cannot_steer_the_terminal() -> None:
    assert console._cell("Acme\x1b[2J\n") == "Acme\ufffd[2J\ufffd"


def test_clients_are_made_listed_and_lose_their_tokens(run: Run, tenant_id: str) -> None:
    options = ("--name", "dashboard", "--scopes", "read:generations", "read:datasets", "--json")
    made = json.loads(run("clients", "create", tenant_id, *options))
    assert len(made["credential_claim_token"]) > 40
    first, second = json.loads(run("clients", "list", tenant_id, "--json"))
    assert (first["name"], len(first["scopes"].split())) == (None, 4)
    assert (second["client_id"], second["name"]) == (made["client_id"], "dashboard")
    assert second["scopes"] == "read:datasets read:generations"
    assert "dashboard" in run("clients", "list", tenant_id)
    assert "are refused" in run("clients", "revoke-tokens", made["client_id"])
    entries = json.loads(run("audit", "list", "--tenant", tenant_id, "--limit", "2", "--json"))
    assert {entry["action"] for entry in entries} == {"client.tokens_revoked", "claim.expired"}


def test_people_are_invited_listed_and_removed(run: Run, tenant_id: str) -> None:
    made = json.loads(
        run("people", "invite", "Acme Research", "--email", "ann@acme.example", "--json")
    )
    assert "/studio/invitation?token=" in made["invitation_link"]
    again = run("people", "invite", tenant_id, "--email", "ann@acme.example")
    assert made["invitation_link"] not in again
    (person,) = json.loads(run("people", "list", tenant_id, "--json"))
    assert (person["person_id"], person["email"]) == (made["person_id"], "ann@acme.example")
    assert person["invited_until"] is not None
    assert person["joined_at"] is None
    assert "signed out everywhere" in run("people", "remove", made["person_id"])
    assert json.loads(run("people", "list", tenant_id, "--json")) == []
