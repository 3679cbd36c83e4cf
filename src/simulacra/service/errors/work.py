"""Datasets without a model, and jobs without a result."""

from collections.abc import Sequence

from simulacra.service.errors.base import Fault, ServiceError


class DatasetNotReadyError(ServiceError):
    """The dataset is still being trained."""

    code = "simio_dataset_not_ready"
    retry_after = 2


class DatasetFailedError(ServiceError):
    """The training of the dataset failed, so that it will never have a model."""

    code = "simio_dataset_failed"


class ModelInvalidError(ServiceError):
    """The model of the dataset was written by another version, or is damaged."""

    code = "simio_generation_failed"


class JobCancelledError(ServiceError):
    """Somebody cancelled the job."""

    code = "simio_job_cancelled"


class JobFailedError(ServiceError):
    """The job cannot succeed, however often it is tried; `code` says why."""

    def __init__(self, code: str, detail: str, faults: Sequence[Fault] = ()) -> None:
        self.code = code
        super().__init__(detail, faults=faults)
