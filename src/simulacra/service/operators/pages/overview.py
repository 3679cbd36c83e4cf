"""What needs an operator's attention, how the installation does, and what happened lately."""

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence

from fastapi import APIRouter, Request
from fastapi.responses import Response

from simulacra.service import clock, tenancy
from simulacra.service.audit import search
from simulacra.service.audit.entry import LOOKS
from simulacra.service.confinement import layers
from simulacra.service.database import tables
from simulacra.service.http import serving
from simulacra.service.jobs import administration as jobs
from simulacra.service.jobs import workers
from simulacra.service.monitoring import alerts, state
from simulacra.service.operators import guard, rendering
from simulacra.service.signups import service
from simulacra.service.tenants import administration
from simulacra.service.usage import daily

RECENT = 10
FEW = 5
BILLED_DAYS = 30
FAILED_WITHIN = dt.timedelta(days=1)

router = APIRouter(route_class=rendering.Page)


@dataclasses.dataclass(frozen=True)
class Billed:
    """The rows billed to one tenant, or to all.

    Attributes:
        name: of the tenant.
        tenant_id: None: of all.
        by_day: today the last.
    """

    name: str
    tenant_id: str | None
    by_day: Sequence[int]

    @property
    def today(self) -> int:
        """The rows of today."""
        return self.by_day[-1]

    @property
    def total(self) -> int:
        """The rows of all days."""
        return sum(self.by_day)


@router.get("/")
async def show_overview(
    request: Request, runtime: serving.Runtime, operator: guard.SignedIn
) -> Response:
    """Show the first page."""
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        tenants = await administration.all_tenants(session)
        waiting = await service.listed(session, service.SignupStatus.PENDING, RECENT)
        working = await workers.alive(session)
        failed, failures = await jobs.failures(session, FAILED_WITHIN, FEW)
        by_day = await daily.billed(session, BILLED_DAYS)
        recent, _next = await search.newest(session, search.Filter(), FEW, but=LOOKS)
        administration.note_view(session, operator.actor)  # whose rows and failures are shown
        moment = await clock.read(session)
    present = await state.read(runtime.database, state.folders_of(runtime.policy.data_dir))
    active = sum(it.status == administration.TenantStatus.ACTIVE for it in tenants)
    billed = _billed(tenants, by_day)
    return rendering.render(
        request,
        "overview.html",
        moment=moment,
        active=active,
        suspended=len(tenants) - active,
        signups=waiting,
        most_signups=state.NAMED_SIGNUPS,
        entries=recent,
        state=present,
        queued=sum(it.waiting for it in present.backlogs.values()),
        longest_wait=max((it.longest_wait for it in present.backlogs.values()), default=0.0),
        running=sum(it.running for it in present.backlogs.values()),
        failed=failed,
        failures=failures,
        names={it.id: it.company_name for it in tenants},
        billed=billed[:RECENT],
        more_billed=len(billed[RECENT:]),
        billed_to_all=Billed("", None, _sums(by_day)),
        alerts=[
            it
            for it in alerts.raised(alerts.Situation(present, (), runtime.policy.job_seconds))
            if it.severity is not alerts.Severity.INFO  # requests for access are listed below
        ],
        workers=[(worker, sorted(layers.REQUIRED - set(worker.layers))) for worker in working],
    )


def _billed(
    tenants: Sequence[tables.Tenant], by_day: Mapping[str, Sequence[int]]
) -> Sequence[Billed]:
    """Return the tenants to whom rows were billed, the one with the most first."""
    found = [Billed(it.company_name, it.id, by_day[it.id]) for it in tenants if it.id in by_day]
    return sorted(found, key=lambda it: -it.total)


def _sums(by_day: Mapping[str, Sequence[int]]) -> Sequence[int]:
    return [sum(rows) for rows in zip([0] * BILLED_DAYS, *by_day.values(), strict=True)]
