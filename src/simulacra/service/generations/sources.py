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
        fitted_path: where that is which was fitted for a scenario on the same columns.
        wrapped_key: the dataset's, of both, as its store has wrapped it.
        store: the dataset's, where both are.
    """

    model_path: str
    columns: str
    fitted_path: str | None
    wrapped_key: bytes
    store: Store

    async def key(self, dataset_id: str) -> storage.ObjectKey:
        """Return the key of both; asks the key service of the store."""
        return await self.store.unwrap(self.wrapped_key, dataset_id)


async def of(
    attempt: attempts.Attempt, session: AsyncSession, conditions: Mapping[str, Any]
) -> Source:
    """Return what there is to make rows from.

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
    fitted_path = await scenario_fits.find(session, dataset_id, columns)
    return Source(dataset.model_path, columns, fitted_path, wrapped, store)


async def fetch(
    attempt: attempts.Attempt, source: Source, key: storage.ObjectKey, folder: Path
) -> Path | None:
    """Return a file of what was fitted before, None if there is none that can be read.

    That holds for a store that does not answer too: it might refuse this one object for ever, and
    one that is away is met again with the artifact.
    """
    if source.fitted_path is None:
        return None
    target, download = folder / "fitted", source.store.objects.download
    try:
        await asyncio.to_thread(download, source.fitted_path, key, target)
    except (OSError, tink.TinkError, errors.StorageUnavailableError) as error:
        name = type(error).__name__
        logger.warning("job %s fits again what was fitted before: %s", attempt.job.id, name)
        return None
    return target
