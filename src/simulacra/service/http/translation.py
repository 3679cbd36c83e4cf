"""From errors of the service to problems: the one place that knows headers and statuses."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from simulacra.engine import errors as engine_errors
from simulacra.service import errors, outages
from simulacra.service.errors import documents, quotas, study
from simulacra.service.http import problems


def problem_of(error: Exception) -> problems.Problem:
    """Return the problem that tells a caller of an error.

    Raises:
        TypeError: errors of this class are not shown to callers.
    """
    match error:
        case problems.Problem():
            return error
        case errors.ServiceError():
            return problems.Problem(
                error.code,
                error.detail,
                faults=error.faults,
                headers=_headers(error),
                extensions=_extensions(error),
            )
        case engine_errors.EngineError():
            return problem_of(study.translate(error))
        case _ if isinstance(error, outages.DATABASE):
            return problem_of(errors.DatabaseUnavailableError(type(error).__name__))
    raise TypeError(type(error).__name__)


def document(error: errors.ServiceError, base_url: str) -> dict[str, Any]:
    """Return the problem document of an error that belongs to no HTTP exchange, such as a job's."""
    return problem_of(error).document(base_url)


def _headers(error: errors.ServiceError) -> dict[str, str]:
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    match error:
        case errors.TokenRefusedError():
            headers["WWW-Authenticate"] = _challenge("invalid_token" if error.is_invalid else None)
        case errors.InsufficientScopeError():
            headers["WWW-Authenticate"] = _challenge("insufficient_scope", error.scopes)
    return headers


def _challenge(error: str | None, scopes: Iterable[str] = ()) -> str:
    """Return the value of ``WWW-Authenticate`` (RFC 6750, section 3)."""
    parts = ['Bearer realm="simulacra"']
    parts += [f'error="{error}"'] if error else []
    parts += [f'scope="{" ".join(scopes)}"'] if scopes else []
    return ", ".join(parts)


def _extensions(error: errors.ServiceError) -> dict[str, BaseModel]:
    if isinstance(error, quotas.QuotaError):
        quota = documents.QuotaDocument.model_validate(error.quota, from_attributes=True)
        return {"quota": quota}
    return {}
