"""What is raised while a part that we need is away; the same may well succeed later."""

import procrastinate
import psycopg
import sqlalchemy.exc

from simulacra.service import errors

DATABASE = (
    sqlalchemy.exc.OperationalError,
    sqlalchemy.exc.InterfaceError,
    sqlalchemy.exc.TimeoutError,
    psycopg.OperationalError,
    procrastinate.exceptions.ConnectorException,
)
ANY = (*DATABASE, errors.StorageUnavailableError, errors.ScratchFullError)
