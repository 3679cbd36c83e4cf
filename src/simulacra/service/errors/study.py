"""The errors of the engine, which speak of a study, as errors of the service."""

from collections.abc import Mapping

from simulacra.engine import errors as engine_errors
from simulacra.service.errors import base, requests, work

CLASSES: Mapping[type[engine_errors.EngineError], type[base.ServiceError]] = {
    engine_errors.StudyError: requests.StudyInvalidError,
    engine_errors.ConditionError: requests.ConditionsInvalidError,
    engine_errors.TableError: requests.ConditionsInvalidError,
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
"""The engine's code of a fault in a scenario or a table to the code of the catalog."""

CONDITIONS = "/conditions"
"""Where the conditions stand in the body of a request."""


def translate(
    error: engine_errors.EngineError, conditions_at: str = CONDITIONS
) -> base.ServiceError:
    """Return the error of the service for one of the engine; the text stays as it is.

    Args:
        error: of the engine.
        conditions_at: where in the body of the request that stands which a `ConditionError` is of.
    """
    if isinstance(error, engine_errors.ConditionError | engine_errors.TableError):
        under = conditions_at if isinstance(error, engine_errors.ConditionError) else ""
        faults = [
            base.Fault(under + field.pointer, field.detail, FIELD_CODES[field.code])
            for field in error.fields
        ]
        return requests.ConditionsInvalidError(error.detail, faults)
    if isinstance(error, engine_errors.StudyError):
        in_form = [
            base.Fault.of_form(field.pointer, field.detail, FIELD_CODES[field.code])
            for field in error.fields
        ]
        return requests.StudyInvalidError(error.detail, faults=in_form)
    return CLASSES.get(type(error), base.ServiceError)(error.detail)
