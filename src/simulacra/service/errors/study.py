"""The errors of the engine, which speak of a study, as errors of the service."""

from collections.abc import Mapping

from simulacra.engine import errors as engine_errors
from simulacra.service.errors import base, requests, work

CLASSES: Mapping[type[engine_errors.EngineError], type[base.ServiceError]] = {
    engine_errors.StudyError: requests.StudyInvalidError,
    engine_errors.ConditionError: requests.ConditionsInvalidError,
    engine_errors.InfeasibleError: requests.ScenarioInfeasibleError,
    engine_errors.SavedModelError: work.ModelInvalidError,
}
FIELD_CODES: Mapping[str, str] = {
    "invalid_field": "simio_invalid_field",
    "unknown_condition_column": "simio_unknown_condition_column",
    "unknown_condition_level": "simio_unknown_condition_level",
    "condition_out_of_range": "simio_condition_out_of_range",
    "condition_share_sum": "simio_condition_share_sum",
}
"""The engine's code of a fault in a scenario to the code of the catalog."""

CONDITIONS = "/conditions"
"""Where the conditions stand in the body of a request."""


def code_of(error: engine_errors.EngineError) -> str:
    """Return the code of the catalog for an error of the engine."""
    return CLASSES.get(type(error), base.ServiceError).code


def translate(error: engine_errors.EngineError) -> base.ServiceError:
    """Return the error of the service for one of the engine; the text stays as it is."""
    if isinstance(error, engine_errors.ConditionError):
        faults = [
            base.Fault(CONDITIONS + field.pointer, field.detail, FIELD_CODES[field.code])
            for field in error.fields
        ]
        return requests.ConditionsInvalidError(error.detail, faults)
    return CLASSES.get(type(error), base.ServiceError)(error.detail)
