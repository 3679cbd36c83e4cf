"""The study that a page is about: its row, and its schema as an object of the library."""

import asyncio
import json
from typing import Any

from simulacra.engine.columns import schema
from simulacra.service.database import tables
from simulacra.service.datasets import repository
from simulacra.service.http import serving
from simulacra.service.people.sessions import SignedIn


async def read(runtime: serving.Runtime, person: SignedIn, dataset_id: str) -> tables.Dataset:
    """Return a live dataset of the person's tenant.

    Raises:
        errors.DatasetNotFoundError: there is none of this id.
    """
    async with runtime.database.transaction(person.tenant_id) as session:
        return await repository.get(session, dataset_id)


async def published(
    runtime: serving.Runtime, person: SignedIn, dataset_id: str
) -> tuple[tables.Dataset, dict[str, Any]]:
    """Return a trained dataset, and what is published of it.

    Of a wide study that is megabytes, which are parsed in a thread: other requests go on.

    Raises:
        errors.DatasetNotFoundError: there is none of this id.
        errors.DatasetFailedError: its training failed, so it will never have a model.
        errors.DatasetNotReadyError: it is still being trained.
    """
    async with runtime.database.transaction(person.tenant_id) as session:
        dataset = await repository.get_ready(session, dataset_id)
        text = await repository.schema_text(session, dataset_id)
    document: dict[str, Any] = await asyncio.to_thread(json.loads, text)
    return dataset, document


async def schema_of(
    runtime: serving.Runtime, person: SignedIn, dataset_id: str
) -> tuple[tables.Dataset, schema.Schema]:
    """Return a trained dataset and its schema; raises like `published`."""
    dataset, document = await published(runtime, person, dataset_id)
    return dataset, await asyncio.to_thread(schema.Schema.from_json, document)


def name_of(dataset: tables.Dataset) -> str:
    """Return what people call a study."""
    return dataset.display_name or dataset.id
