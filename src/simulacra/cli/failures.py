"""Messages for failures that the user of the command line can resolve."""

import importlib.util
import os


class CommandError(Exception):
    """A command cannot do what it was asked to do; the text is for people."""


BRINGERS = {"httpx": "simulacra-client", "rich": "simulacra-client[terminal]"}
"""What to install for a package that is missing; the service needs all others."""


def explain(error: Exception) -> str | None:
    """Return a message for people, or None for an internal error, which needs its traceback.

    The error classes are imported here, so that a command that succeeds does not load them.
    """
    if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith("simulacra"):
        bringer = BRINGERS.get(str(error.name), "simulacra[service]")
        return f"The package {error.name} is missing: pip install '{bringer}'"

    from simulacra.engine import errors

    match error:
        case CommandError() | errors.EngineError():
            return str(error)
        case OSError(filename=name, strerror=str() as reason):
            return f"{os.fsdecode(name)}: {reason}." if name else f"{reason}."
    of_service = ("simulacra.service", "psycopg")
    return _explain_service_error(error) if all(map(importlib.util.find_spec, of_service)) else None


def _explain_service_error(error: Exception) -> str | None:
    import psycopg

    from simulacra.service import errors, keys, revision, settings
    from simulacra.service.confinement import layers
    from simulacra.service.database import migrate
    from simulacra.service.embedded.errors import EmbeddedError

    match cause := getattr(error, "orig", error):  # the error of the database itself
        case (
            EmbeddedError()
            | settings.SettingsError()
            | (keys.MasterKeyError() | keys.OtherKeyError())
            | errors.OperatorError()
            | (errors.ProviderError() | errors.NotReadyError())
            | (revision.OutdatedError() | migrate.BlockedError() | layers.UnconfinedError())
        ):
            return str(error)
        case psycopg.OperationalError():
            return f"The database does not answer: {cause}"
        case psycopg.errors.InsufficientPrivilege():
            return (
                f"The database role may not do this ({cause.diag.message_primary or cause}). The "
                "role that owns the tables may: name it in SIMULACRA_MIGRATION_DATABASE_URL."
            )
    return None
