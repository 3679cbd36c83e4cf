"""How much of the installation one tenant may take up at a time, so that others find room."""

import dataclasses

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, errors
from simulacra.service.database import tables
from simulacra.service.jobs import admission


@dataclasses.dataclass(frozen=True)
class Capacity:
    """What a tenant may take up.

    Attributes:
        stored_bytes: of seed files and artifacts that are alive, but not in a bucket of its own.
        trainings: that wait or run; and as many validations.
        uploads: at a time, in each API process.
        downloads: likewise.
    """

    stored_bytes: int
    trainings: int
    uploads: int
    downloads: int

    def of(self, tenant: tables.Tenant) -> "Capacity":
        """Return what a tenant may take up, where this is for tenants without limits of theirs."""
        own = {
            "stored_bytes": tenant.max_stored_bytes,
            "trainings": tenant.max_trainings,
            "uploads": tenant.max_uploads,
            "downloads": tenant.max_downloads,
        }
        return dataclasses.replace(self, **{name: it for name, it in own.items() if it is not None})

    async def check_storage(
        self, session: AsyncSession, tenant: tables.Tenant, more_bytes: int = 1
    ) -> None:
        """Refuse to store more bytes than the tenant may.

        Raises:
            errors.StorageQuotaError: there is no room for them.
        """
        most, stored = self.of(tenant).stored_bytes, await stored_bytes(session, tenant.id)
        if stored + more_bytes > most:
            what = f"{more_bytes:,} more do not fit" if more_bytes > 1 else "no more fit"
            raise errors.StorageQuotaError(
                f"Seed files and artifacts of the tenant take up {stored:,} of {most:,} bytes, and "
                f"{what}. Delete datasets, or wait until some expire."
            )

    async def check_trainings(
        self, session: AsyncSession, tenant: tables.Tenant, operation: str
    ) -> None:
        """Refuse a training beyond those that may wait or run; holds until the transaction ends.

        Raises:
            errors.TooManyAtOnceError: so many do.
        """
        await self._check_open(
            session, tenant, operation, "trainings", "send the study again when one has ended"
        )

    async def check_validations(
        self, session: AsyncSession, tenant: tables.Tenant, operation: str
    ) -> None:
        """Refuse a validation beyond as many as trainings may be; it takes about as long as one.

        Raises:
            errors.TooManyAtOnceError: so many wait or run.
        """
        await self._check_open(
            session, tenant, operation, "validations", "ask again when one has ended"
        )

    async def _check_open(
        self, session: AsyncSession, tenant: tables.Tenant, operation: str, what: str, advice: str
    ) -> None:
        most = self.of(tenant).trainings
        if await admission.count_open(session, tenant.id, operation) >= most:
            raise errors.TooManyAtOnceError(
                f"{most} {what} of the tenant wait or run, which is as many as may; {advice}.",
                retry_after=TRAINING_SECONDS,
            )


TRAINING_SECONDS = 10
"""After how long it is worth to ask again whether a training has ended."""


async def stored_bytes(session: AsyncSession, tenant_id: str) -> int:
    """Return the bytes of seed files and artifacts that are alive in the installation's store."""
    studies, deliveries, now = tables.Dataset, tables.Generation, clock.now(session)
    seeds = select(func.coalesce(func.sum(studies.seed_bytes), 0)).where(
        studies.tenant_id == tenant_id,
        studies.store_id.is_(None),
        studies.deleted_at.is_(None),
        studies.expires_at > now,
    )
    artifacts = select(func.coalesce(func.sum(deliveries.size_bytes), 0)).where(
        deliveries.tenant_id == tenant_id,
        deliveries.store_id.is_(None),
        deliveries.expires_at > now,
    )
    both = select(seeds.scalar_subquery() + artifacts.scalar_subquery())
    return int((await session.execute(both)).scalar_one())
