"""Invariants that hold after any faults, checked in a cluster's database, store and disk."""

import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from tests.acceptance import cluster, workload

EXPECTED_FAILURES = ("simio_scenario_infeasible", "simio_dataset_not_found")
"""Error codes of jobs that fail without any fault being injected."""
AGE_HOURS = 3.0

Json = dict[str, Any]


class ClusterDatabase:
    """The database of a cluster, read across tenants."""

    def __init__(self, target: cluster.ServiceCluster) -> None:
        self._url = target.database.owner_url()

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._url, options="-c simulacra.tenant=*") as connection:
            return connection.execute(query, values).fetchall()

    def change(self, statement: str) -> None:
        with psycopg.connect(self._url, options="-c simulacra.tenant=*") as connection:
            connection.execute(statement)

    def has(self, table: str) -> bool:
        return self.rows("SELECT to_regclass(%s) IS NOT NULL", table)[0][0] is True

    def unfinished_jobs(self) -> list[str]:
        query = "SELECT id FROM jobs WHERE status IN ('queued', 'processing')"
        return [row[0] for row in self.rows(query)]


def check_keys(database: ClusterDatabase, entries: list[Json]) -> Iterator[str]:
    """Check that every accepted key has one job, and that there is no job without a key."""
    seen: dict[str, set[str]] = {}
    for entry in entries:
        if entry["event"] == "accepted":
            seen.setdefault(entry["key"], set()).add(entry["job_id"])
    jobs = dict(database.rows("SELECT id, status FROM jobs"))
    for key, ids in seen.items():
        if len(ids) > 1:
            yield f"key {key} was answered with {len(ids)} jobs"
        yield from (f"job {it} of key {key} is not there" for it in ids - jobs.keys())
    doubled = database.rows(
        "SELECT operation, idempotency_key, count(*) FROM jobs WHERE idempotency_key IS NOT NULL "
        "GROUP BY tenant_id, operation, idempotency_key HAVING count(*) > 1"
    )
    yield from (f"{count} jobs for {operation} with key {key}" for operation, key, count in doubled)
    surplus = jobs.keys() - set().union(*seen.values())
    yield from (f"job {it} belongs to no request that was accepted" for it in surplus)


def check_results(database: ClusterDatabase) -> Iterator[str]:
    """Check that every job has ended once, and none failed for an injected fault."""
    yield from (f"job {it} has not ended" for it in database.unfinished_jobs())
    failed = database.rows("SELECT id, error ->> 'code' FROM jobs WHERE status = 'failed'")
    for job_id, code in failed:
        if code not in EXPECTED_FAILURES:
            yield f"job {job_id} failed with {code}"
    results = database.rows(
        "SELECT subject_id, count(*) FROM audit_entries WHERE action IN "
        "('dataset.ready', 'dataset.failed', 'generation.ready', 'generation.failed') "
        "GROUP BY subject_id HAVING count(*) > 1"
    )
    yield from (f"{subject} has {count} results on record" for subject, count in results)
    for table, column in (("datasets", "dataset_id"), ("generations", "generation_id")):
        lost = database.rows(
            f"SELECT o.id, o.status FROM {table} o JOIN jobs j ON j.{column} = o.id "  # noqa: S608
            "WHERE j.id = o.job_id AND j.status = 'completed' "
            "AND o.status NOT IN ('ready', 'partial', 'deleted', 'expired')"
        )
        yield from (f"{it} is {status} though its job was completed" for it, status in lost)


def check_ledger(database: ClusterDatabase, downloaded: dict[str, int]) -> Iterator[str]:
    """Check that the rows billed are the rows delivered, and each is billed once."""
    settled = dict(
        database.rows(
            "SELECT generation_id, sum(used_delta)::int FROM usage_entries "
            "WHERE kind = 'settled' GROUP BY generation_id"
        )
    )
    for generation_id in settled.keys() | downloaded.keys():
        billed, delivered = settled.get(generation_id, 0), downloaded.get(generation_id, 0)
        if billed != delivered:
            yield f"{generation_id}: {billed} rows billed, {delivered} delivered"
    open_reservations = database.rows(
        "SELECT generation_id FROM usage_entries GROUP BY 1 HAVING count(*) <> 2"
    )
    yield from (f"{it[0]}: its reservation is still open" for it in open_reservations)
    windows = database.rows(
        "SELECT w.tenant_id, w.rows_used, coalesce(sum(e.used_delta), 0), w.rows_reserved, "
        "coalesce(sum(e.reserved_delta), 0) FROM usage_windows w LEFT JOIN usage_entries e "
        "ON e.tenant_id = w.tenant_id AND e.window_starts_at = w.starts_at GROUP BY w.tenant_id, "
        "w.starts_at, w.rows_used, w.rows_reserved"
    )
    for tenant_id, used, sum_used, reserved, sum_reserved in windows:
        if (used, reserved) != (sum_used, sum_reserved):
            yield f"the balance of {tenant_id} is not the sum of its entries"


def ready_generations(database: ClusterDatabase) -> list[tuple[str, int]]:
    """Return id and customer number of every generation that can be downloaded."""
    query = (
        "SELECT g.id, t.company_name FROM generations g JOIN tenants t ON t.id = g.tenant_id "
        "WHERE g.status IN ('ready', 'partial')"
    )
    return [(it, int(company.rpartition(" ")[2])) for it, company in database.rows(query)]


def age_leftovers(target: cluster.ServiceCluster, database: ClusterDatabase) -> None:
    """Antedate what killed processes left behind, so that housekeeping removes it now."""
    if database.has("objects"):
        database.change(
            f"UPDATE objects SET changed_at = changed_at - interval '{AGE_HOURS} hours' "  # noqa: S608
            "WHERE state = 'announced'"
        )
    for folder in target.temporary.glob("simulacra-*"):
        then = time.time() - AGE_HOURS * 3600
        os.utime(folder, (then, then))


def misplaced_objects(target: cluster.ServiceCluster, database: ClusterDatabase) -> list[str]:
    """Return the objects in the store that nothing owns, and those that are missing."""
    stored, owned = target.store.paths(), _owned_paths(database)
    return [f"object {it} has no owner" for it in sorted(stored - owned)] + [
        f"object {it} is missing" for it in sorted(owned - stored)
    ]


def _owned_paths(database: ClusterDatabase) -> set[str]:
    if database.has("objects"):
        return {it[0] for it in database.rows("SELECT path FROM objects WHERE state = 'kept'")}
    return set()


def leftover_folders(temporary: Path) -> list[str]:
    """Return the temporary folders that were not removed."""
    return [f"folder {it.name} was left behind" for it in temporary.glob("simulacra-*")]


def check_clients(entries: list[Json]) -> Iterator[str]:
    """Return what clients observed that must never happen."""
    for entry in entries:
        if entry["event"] == "gave_up":
            yield f"a client gave up: {entry['detail']}"
        if entry["event"] == "downloaded" and "fault" in entry:
            yield f"{entry['generation_id']}: {entry['fault']}"
        if entry["event"] == "ended" and entry["status"] not in workload.FINAL:
            yield f"the job of {entry['key']} {entry['status']}"


def figures(database: ClusterDatabase, entries: list[Json]) -> Json:
    """Return the counts and durations of the requests, and how they ended."""
    answers = [it for it in entries if it["event"] == "answer"]
    seconds = sorted(
        it["seconds"] for it in entries if it["event"] == "ended" and it["status"] == "completed"
    )
    return {
        "requests answered": len(answers),
        "tries": sum(it["tries"] for it in answers),
        "tries that failed, by kind": dict(
            Counter(it["name"] for it in entries if it["event"] == "failure").most_common()
        ),
        "keys": sum(it["event"] == "request" for it in entries),
        "keys accepted": len({it["key"] for it in entries if it["event"] == "accepted"}),
        "answers replayed": sum(it.get("replayed", False) for it in entries),
        "refused, by code": dict(
            Counter(f"{it['status']} {it['code']}" for it in entries if it["event"] == "refused")
        ),
        "jobs by status": dict(database.rows("SELECT status, count(*) FROM jobs GROUP BY 1")),
        "jobs by attempts": dict(
            database.rows("SELECT attempt, count(*) FROM jobs GROUP BY 1 ORDER BY 1")
        ),
        "longest outage seen by a client, s": max((it["outage"] for it in answers), default=0.0),
        "POST to completed, p50, s": _quantile(seconds, 0.5),
        "POST to completed, p99, s": _quantile(seconds, 0.99),
    }


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else float("nan")
