"""What generations and previews begin with: the model of a dataset, and what was fitted for it."""

import asyncio
import dataclasses
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tink
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import errors, storage
from simulacra.service.database import tables
from simulacra.service.datasets import scenario_fits
from simulacra.service.jobs import attempts
from simulacra.service.stores.store import Store
from simulacra.service.tenants import encryption

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Source:
    """The model of a dataset.

    Attributes:
        model_path: where the model is.
        columns: the digest of the conditioned columns.
        fitted: what was fitted for a scenario on the same columns.
        refits: what was refitted for margins of error of such a scenario, if they are asked for.
        wrapped_key: the dataset's, of all of them, as its store has wrapped it.
        store: the dataset's, where all of them are.
    """

    model_path: str
    columns: str
    fitted: scenario_fits.Kept | None
    refits: scenario_fits.Kept | None
    wrapped_key: bytes
    store: Store

    async def key(self, dataset_id: str) -> storage.ObjectKey:
        """Return the key of all of them; asks the key service of the store."""
        return await self.store.unwrap(self.wrapped_key, dataset_id)


async def of(
    attempt: attempts.Attempt,
    session: AsyncSession,
    conditions: Mapping[str, Any],
    margins: str | None,
) -> Source:
    """Return what there is to make rows from.

    Args:
        attempt: of the job that makes them.
        session: of the tenant.
        conditions: by kind.
        margins: how careful margins of error are to be; None for none.

    Raises:
        errors.JobFailedError: the dataset was deleted in the moment when this was requested.
    """
    tenant_id, dataset_id = attempt.job.tenant_id, attempt.job.dataset_id
    resources = attempt.resources
    dataset = await session.get(tables.Dataset, dataset_id)
    if dataset is None or dataset.sealed_key is None or dataset.model_path is None:
        detail = "The dataset was deleted before the rows were made."
        raise errors.JobFailedError("simio_dataset_not_found", detail)
    wrapped = await encryption.unseal(
        session, resources.keyring, tenant_id, dataset_id, dataset.sealed_key
    )
    store = await resources.stores.of(session, dataset.store_id)
    columns = scenario_fits.columns_of(conditions)
    fitted = await scenario_fits.find(session, dataset_id, columns)
    refits = None
    if margins is not None:
        refits = await scenario_fits.find(session, dataset_id, scenario_fits.refits_of(columns))
    return Source(dataset.model_path, columns, fitted, refits, wrapped, store)


async def fetch(
    attempt: attempts.Attempt,
    source: Source,
    key: storage.ObjectKey,
    kept: scenario_fits.Kept | None,
    target: Path,
) -> Path | None:
    """Return a file of what was fitted before, None if there is none that can be read.

    That holds for a store that does not answer too: it might refuse this one object for ever, and
    one that is away is met again with the artifact.
    """
    if kept is None:
        return None
    try:
        await asyncio.to_thread(source.store.objects.download, kept.path, key, target)
    except (OSError, tink.TinkError, errors.StorageUnavailableError) as error:
        name = type(error).__name__
        logger.warning("job %s fits again what was fitted before: %s", attempt.job.id, name)
        return None
    return target
