"""What to say of the failures that the person at the terminal can mend."""

import os


def explain(error: Exception) -> str | None:
    """Return one sentence for people, or None for a fault of ours, which deserves its trace.

    The classes are imported here, so that a command which does not fail need not load them.
    """
    if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith("simulacra"):
        return f"The package {error.name} is missing; install simulacra[service]."

    import psycopg
    import sqlalchemy.exc

    from simulacra.service import settings
    from simulacra.service.embedded import errors
    from simulacra.service.identity.provider import ProviderError
    from simulacra.service.operators.errors import OperatorError

    match error:
        case errors.EmbeddedError() | settings.SettingsError() | OperatorError() | ProviderError():
            return str(error)
        case sqlalchemy.exc.OperationalError():
            return f"The database does not answer: {error.orig}"
        case psycopg.OperationalError():
            return f"The database does not answer: {error}"
        case OSError(filename=name, strerror=str() as reason):
            return f"{os.fsdecode(name)}: {reason}." if name else f"{reason}."
    return None
