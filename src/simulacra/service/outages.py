"""What is raised while a part that we need is away; the same may well succeed later."""

import procrastinate
import psycopg
import sqlalchemy.exc

from simulacra.service import storage

DATABASE = (
    sqlalchemy.exc.OperationalError,
    sqlalchemy.exc.InterfaceError,
    sqlalchemy.exc.TimeoutError,
    psycopg.OperationalError,
    procrastinate.exceptions.ConnectorException,
)
ANY = (*DATABASE, storage.UnavailableError)
