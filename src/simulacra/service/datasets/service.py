"""What can be done with datasets and validations, inside one transaction each."""

import asyncio
import dataclasses
import datetime as dt
import functools
import itertools
import json
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.engine import errors as engine_errors
from simulacra.engine import formats
from simulacra.engine.columns import schema
from simulacra.engine.validation import wanted
from simulacra.service import clock, errors, keys, objects, policy, storage, tenancy
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Action, Detail
from simulacra.service.database import tables
from simulacra.service.database.statuses import DatasetStatus
from simulacra.service.datasets import expiry, payloads, repository, tasks, validations
from simulacra.service.datasets.schemas import UploadFields, ValidationRequest
from simulacra.service.errors import study
from simulacra.service.idempotency import bindings, fingerprint
from simulacra.service.identity.principal import Principal
from simulacra.service.jobs import admission, transitions
from simulacra.service.jobs import repository as jobs
from simulacra.service.stores.directory import Stores
from simulacra.service.stores.store import Store
from simulacra.service.tenants import encryption, retention
from simulacra.service.tenants.capacity import Capacity

MAX_FAULTS = 100
"""The most faults of a segment that are told: one of hundreds was made for another study."""
DEFINITION_ALONE = (
    "The file is the definition of a triple-S study without its data. Put both in a zip archive "
    "and use that file."
)


@dataclasses.dataclass(frozen=True)
class _Seed:
    """A seed file on its way into its store.

    Attributes:
        dataset_id: whose it is.
        format: of the file.
        store: that takes it.
        key: it is encrypted with.
        wrapped_key: the key, as the store has wrapped it.
    """

    dataset_id: str
    format: str
    store: Store
    key: storage.ObjectKey
    wrapped_key: bytes

    @property
    def path(self) -> str:
        return repository.seed_path(self.dataset_id)


@dataclasses.dataclass(frozen=True)
class _Asked:
    """A request for a dataset: its key, if it has one, and what it asks for."""

    key: bindings.Key | None
    fingerprint: bytes


@dataclasses.dataclass(frozen=True)
class Datasets:
    """The datasets of all tenants.

    Attributes:
        retention: how long a dataset lives where nothing is set for its tenant.
        capacity: what a tenant may take up where nothing is set for it.
    """

    database: tenancy.Database
    stores: Stores
    keyring: keys.Keyring
    objects: objects.Register
    endings: transitions.Endings
    retention: dt.timedelta
    capacity: Capacity

    async def admit(self, caller: Principal) -> Capacity:
        """Return what the caller's tenant may take up, before the body of an upload is read.

        Raises:
            errors.StorageQuotaError: the tenant stores as much as it may.
            errors.TooManyAtOnceError: as many of its trainings wait or run as may.
        """
        async with self.database.transaction(caller.tenant_id) as session:
            tenant = await session.get_one(tables.Tenant, caller.tenant_id)
            await self._check_room(session, tenant)
            return self.capacity.of(tenant)

    async def _check_room(
        self, session: AsyncSession, tenant: tables.Tenant, more_bytes: int = 1
    ) -> None:
        await self.capacity.check_trainings(session, tenant, tasks.TRAINING.operation)
        await self.capacity.check_storage(session, tenant, more_bytes)

    async def create(
        self,
        caller: Principal,
        file: BinaryIO,
        fields: UploadFields,
        key: bindings.Key | None,
    ) -> tuple[tables.Dataset, bool]:
        """Keep a seed file and enqueue its training, or find what the same key has begun before.

        Returns:
            The dataset, and whether it is the answer to an earlier request.

        Raises:
            errors.StudyInvalidError: the file is not of a format that can be read.
            errors.InvalidFieldsError: a field says something that a file of its format has not,
                such as a sheet.
            errors.IdempotencyConflictError: the key belongs to another request.
            errors.StorageUnavailableError: the object store does not answer; or its subclass, if
                it is the bucket of the tenant, or the key is.
            errors.StorageQuotaError: the tenant may not store so much.
            errors.TooManyAtOnceError: as many of its trainings wait or run as may.
        """
        file_format = _detect(file)
        _refuse_foreign(fields, file_format)
        whole = await _fingerprint(file, fields)
        if key is not None and key.lease_token is None:  # bound before the body had arrived
            async with self.database.transaction(caller.tenant_id) as session:
                begun = await bindings.find(session, key, whole)
                return await repository.of_job(session, begun), True
        seed = await self._seed(caller, file_format)
        write = functools.partial(seed.store.objects.write, seed.path, file, seed.key)
        return await self._begin(caller, seed, write, fields, _Asked(key, whole))

    async def create_again(
        self, caller: Principal, dataset_id: str, fields: UploadFields
    ) -> tables.Dataset:
        """Make a new dataset of the seed file of another one, which is read in another way.

        The file is decrypted and encrypted anew piece by piece: nothing of it is written in plain.

        Raises:
            errors.DatasetNotFoundError: there is no such dataset.
            errors.InvalidFieldsError: a field says something that a file of its format has not.
            errors.StorageUnavailableError: as when it is created.
            errors.StorageQuotaError: likewise.
            errors.TooManyAtOnceError: likewise.
        """
        async with self.database.transaction(caller.tenant_id) as session:
            source = await repository.get(session, dataset_id)
            if source.sealed_key is None:
                raise errors.DatasetNotFoundError(f"There is no dataset {dataset_id!r}.")
            wrapped = await encryption.unseal(
                session, self.keyring, caller.tenant_id, dataset_id, source.sealed_key
            )
            store = await self.stores.of(session, source.store_id)
        file_format = formats.Format(source.format)
        _refuse_foreign(fields, file_format)
        key = await store.unwrap(wrapped, dataset_id)
        seed = await self._seed(caller, file_format)

        def copy() -> storage.Digest:
            with store.objects.read(repository.seed_path(dataset_id), key) as file:
                return seed.store.objects.write(seed.path, file, seed.key)

        whole = fingerprint.of_request("/v1/datasets", {"dataset_id": dataset_id})
        dataset, _ = await self._begin(caller, seed, copy, fields, _Asked(None, whole))
        return dataset

    async def _begin(
        self,
        caller: Principal,
        seed: _Seed,
        write: Callable[[], storage.Digest],
        fields: UploadFields,
        asked: _Asked,
    ) -> tuple[tables.Dataset, bool]:
        """Have a seed file written, and enqueue its training with it."""
        async with (
            self.objects.written(
                caller.tenant_id, seed.dataset_id, seed.store, seed.path, write
            ) as digest,
            self.database.transaction(caller.tenant_id) as session,
        ):
            key = asked.key
            job = tables.Job(
                id=jobs.new_id(),
                tenant_id=caller.tenant_id,
                operation=tasks.TRAINING.operation,
                dataset_id=seed.dataset_id,
                idempotency_key=key.key if key is not None else None,
            )
            rejoined = await bindings.bind(session, key, asked.fingerprint, job.id)
            if rejoined is not None:
                return await repository.of_job(session, rejoined), True
            tenant = await session.get_one(tables.Tenant, caller.tenant_id)
            await self._check_room(session, tenant, digest.size_bytes)
            dataset = await self._row(session, job, seed, digest, fields)
            session.add(dataset)
            await objects.keep(session, seed.path)
            await jobs.enqueue(session, self.endings.admission, job)
            about: entry.Details = {Detail.BYTES: digest.size_bytes, Detail.FORMAT: seed.format}
            _record(session, caller, Action.DATASET_CREATED, dataset.id, about)
        return dataset, False

    async def _seed(self, caller: Principal, file_format: str) -> _Seed:
        """Return what a new seed file is stored as, with the key that it will have."""
        dataset_id, key = keys.random_id("ds_"), storage.ObjectKey.generate()
        async with self.database.transaction(caller.tenant_id) as session:
            store = await self.stores.for_studies(session, caller.tenant_id)
        return _Seed(dataset_id, file_format, store, key, await store.wrap(key, dataset_id))

    async def read(self, caller: Principal, dataset_id: str) -> tables.Dataset:
        """Return a live dataset."""
        async with self.database.transaction(caller.tenant_id) as session:
            return await repository.get(session, dataset_id)

    async def of_job(self, caller: Principal, job_id: str) -> tables.Dataset:
        """Return the dataset that a job of the caller's makes, or what is left of it."""
        async with self.database.transaction(caller.tenant_id) as session:
            return await repository.of_job(session, job_id)

    async def extend(self, caller: Principal, dataset_id: str, hours: int) -> tables.Dataset:
        """Have a dataset live for `hours` from its creation; never shorter than it does already.

        Raises:
            errors.DatasetNotFoundError: there is no such dataset.
            errors.DatasetFailedError: its training failed.
            errors.InvalidFieldsError: it lives longer already.
        """
        async with self.database.transaction(caller.tenant_id) as session:
            dataset = await repository.get(session, dataset_id, lock=True)
            if dataset.status == DatasetStatus.FAILED:
                detail = f"The training of dataset {dataset_id} failed; there is nothing to keep."
                raise errors.DatasetFailedError(detail)
            until = dataset.created_at + dt.timedelta(hours=hours)
            if until < dataset.expires_at:
                detail = (
                    f"The dataset would live until {clock.in_words(until)}, which is "
                    f"{clock.hours_in_words(until - dataset.created_at)} from its creation, but "
                    f"lives until {clock.in_words(dataset.expires_at)} already; give more, up to "
                    f"{policy.MAX_RETENTION_HOURS}."
                )
                raise errors.InvalidFieldsError([errors.Fault("/retention_hours", detail)])
            if until > dataset.expires_at:
                dataset.expires_at = until
                about: entry.Details = {Detail.RETENTION_HOURS: hours}
                _record(session, caller, Action.DATASET_EXTENDED, dataset_id, about)
        return dataset

    async def delete(self, caller: Principal, dataset_id: str) -> None:
        """End the jobs of a dataset and destroy its key, then remove its objects."""
        gone = errors.DatasetNotFoundError("The dataset was deleted before that.")
        end = transitions.End(caller.actor, gone)
        async with self.database.transaction(caller.tenant_id) as session:
            await repository.get(session, dataset_id)
            # Jobs are locked before datasets everywhere; the other order might deadlock.
            await self.endings.cancel(session, end, tables.Job.dataset_id == dataset_id)
            dataset = await repository.get(session, dataset_id, lock=True)
            await expiry.shred(session, dataset, DatasetStatus.DELETED)
            _record(session, caller, Action.DATASET_DELETED, dataset_id)
        await self.objects.remove(dataset_id)

    async def _row(
        self,
        session: AsyncSession,
        job: tables.Job,
        seed: _Seed,
        digest: storage.Digest,
        fields: UploadFields,
    ) -> tables.Dataset:
        now, tenant_id = await clock.read(session), job.tenant_id
        return tables.Dataset(
            id=seed.dataset_id,
            tenant_id=tenant_id,
            status=DatasetStatus.PROCESSING,
            display_name=fields.display_name,
            job_id=job.id,
            format=seed.format,
            options=dataclasses.asdict(fields.options()),
            seed_bytes=digest.size_bytes,
            seed_sha256=digest.sha256,
            sealed_key=await encryption.seal(
                session, self.keyring, tenant_id, seed.dataset_id, seed.wrapped_key
            ),
            store_id=seed.store.id,
            created_at=now,
            expires_at=now + await retention.of_tenant(session, tenant_id, self.retention),
        )


@dataclasses.dataclass(frozen=True)
class Validations:
    """The validations of all tenants.

    Attributes:
        capacity: what a tenant may take up where nothing is set for it.
    """

    database: tenancy.Database
    admission: admission.Admission
    capacity: Capacity

    async def create(
        self,
        caller: Principal,
        dataset_id: str,
        request: ValidationRequest,
        key: bindings.Key | None,
    ) -> tuple[tables.Job, bool]:
        """Check a segment and enqueue its validation, or find what the same key has begun before.

        Returns:
            The job, and whether it is the answer to an earlier request.

        Raises:
            errors.DatasetNotFoundError: there is no such dataset.
            errors.DatasetNotReadyError: it has no model yet.
            errors.DatasetFailedError: it will never have a model.
            errors.TooManyAtOnceError: as many of the tenant's validations wait or run as may.
            errors.ConditionsInvalidError: the segment does not fit the schema.
            errors.IdempotencyConflictError: the key belongs to another request.
        """
        job = tables.Job(
            id=jobs.new_id(),
            tenant_id=caller.tenant_id,
            operation=validations.VALIDATION.operation,
            dataset_id=dataset_id,
            idempotency_key=key.key if key is not None else None,
            asked=request.asked(),
        )
        whole = fingerprint.of_request(f"/v1/datasets/{dataset_id}/validations", request.asked())
        async with self.database.transaction(caller.tenant_id) as session:
            begun = await bindings.bind(session, key, whole, job.id)
            if begun is not None:
                return await jobs.get(session, begun), True
            published = await repository.schema_text(session, dataset_id)
            if request.segment is not None:
                await asyncio.to_thread(_check, published, request.segment)
            tenant = await session.get_one(tables.Tenant, caller.tenant_id)
            await self.capacity.check_validations(session, tenant, validations.VALIDATION.operation)
            await jobs.enqueue(session, self.admission, job)
            trail.record(
                session,
                caller.actor,
                Action.VALIDATION_CREATED,
                dataset_id,
                tenant_id=caller.tenant_id,
            )
        return job, False


def _check(schema_text: str, segment: Mapping[str, Any]) -> None:
    """Refuse a segment that does not fit a published schema; blocks for as long as this takes."""
    published = schema.Schema.from_json(json.loads(schema_text))
    try:
        wanted.parse(published, segment, payloads.FORM)
    except engine_errors.ConditionError as error:
        first = engine_errors.ConditionError(error.fields[:MAX_FAULTS])
        raise study.translate(first, payloads.VALIDATE.conditions_at) from None


async def _fingerprint(file: BinaryIO, fields: UploadFields) -> bytes:
    sha256 = await asyncio.to_thread(fingerprint.of_file, file)
    values = fields.model_dump(mode="json", exclude={"wait_seconds"})
    return fingerprint.of_request("/v1/datasets", values, {"seed_file": sha256})


def _record(
    session: AsyncSession,
    caller: Principal,
    action: Action,
    dataset_id: str,
    details: entry.Details | None = None,
) -> None:
    actor = caller.actor
    trail.record(session, actor, action, dataset_id, tenant_id=caller.tenant_id, details=details)


def _refuse_foreign(fields: UploadFields, file_format: formats.Format) -> None:
    """Refuse a field that says something that a file of this format has not."""
    known = formats.FILE_OPTIONS.get(file_format, ())
    faults = [
        errors.Fault(
            option,
            f"{option} says nothing about a file in the format {file_format}; leave it out, or "
            "check the file.",
            is_parameter=True,
        )
        for option in sorted({*itertools.chain(*formats.FILE_OPTIONS.values())} - {*known})
        if getattr(fields, option) is not None
    ]
    if faults:
        raise errors.InvalidFieldsError(faults)


def _detect(file: BinaryIO) -> formats.Format:
    try:
        found = formats.detect(file)
    except engine_errors.StudyError as error:
        raise _unusable(error.detail) from None
    if found is formats.Format.TRIPLE_S_DEFINITION:
        raise _unusable(DEFINITION_ALONE)
    return found


def _unusable(detail: str) -> errors.StudyInvalidError:
    code = errors.StudyInvalidError.code
    fault = errors.Fault("seed_file", detail, code, is_parameter=True)
    return errors.StudyInvalidError(detail, faults=[fault])
