"""Requests that cannot be carried out as they were sent."""

from collections.abc import Sequence

from simulacra.service.errors.base import Fault, ServiceError


class InvalidFieldsError(ServiceError):
    """Fields of the request are wrong, alone or together; names each of them."""

    code = "simio_invalid_field"

    def __init__(self, faults: Sequence[Fault]) -> None:
        detail = "; ".join(f"{fault.where or 'body'}: {fault.detail}" for fault in faults)
        super().__init__(detail, faults=faults)


class StudyInvalidError(ServiceError):
    """The uploaded file cannot be read as a study, or too little of it is left to model."""

    code = "simio_upload_invalid"


class ConditionsInvalidError(ServiceError):
    """Conditions, or names of a table, do not fit the schema; the code is of the first fault."""

    code = "simio_invalid_field"

    def __init__(self, detail: str, faults: Sequence[Fault]) -> None:
        self.code = faults[0].code
        super().__init__(detail, faults=faults)


class ScenarioInfeasibleError(ServiceError):
    """The conditions are valid, but the model cannot produce a single row of them."""

    code = "simio_scenario_infeasible"


class TooManyAtOnceError(ServiceError):
    """The tenant has as many of something under way as it may; `retry_after` is in seconds."""

    code = "simio_rate_limited"

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class IdempotencyConflictError(ServiceError):
    """The Idempotency-Key was used for another request."""

    code = "simio_idempotency_conflict"


class IdempotencyInFlightError(ServiceError):
    """Another request is doing what this one asks for."""

    code = "simio_idempotency_in_flight"

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
