"""Tables as the data frames of other libraries, which are loaded when they are asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    from simulacra.engine.columns.lazy import pa


class Framed:
    """What has a table, and gives it as a data frame."""

    if TYPE_CHECKING:

        @property
        def table(self) -> pa.Table:
            """What the data frames hold."""

    def to_pandas(self) -> pd.DataFrame:
        """Return the table as a data frame of pandas.

        Raises:
            ModuleNotFoundError: pandas is not installed.
        """
        return pandas(self.table)

    def to_polars(self) -> pl.DataFrame:
        """Return the table as a data frame of polars.

        Raises:
            ModuleNotFoundError: polars is not installed.
        """
        return polars(self.table)


def pandas(table: pa.Table) -> pd.DataFrame:
    """Return an Arrow table as a data frame of pandas; dates become its own dates."""
    require("pandas", "a data frame of pandas", "pandas")
    frame: pd.DataFrame = table.to_pandas(date_as_object=False)
    return frame


def polars(table: pa.Table) -> pl.DataFrame:
    """Return an Arrow table as a data frame of polars."""
    require("polars", "a data frame of polars", "polars")
    frame: pl.DataFrame = import_module("polars").from_arrow(table)
    return frame


def require(module: str, what: str, package: str) -> None:
    """Refuse what needs a package that is not installed.

    Args:
        module: that is imported.
        what: needs it, for people.
        package: that pip installs it with, such as ``simulacra[plot]``.

    Raises:
        ModuleNotFoundError: it is not there; names the command that installs it.
    """
    try:
        import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise  # it is there, and something that it needs itself is not
        quoted = f'"{package}"' if "[" in package else package
        raise ModuleNotFoundError(
            f"{what} needs {module}, which is not installed: pip install {quoted}", name=module
        ) from None
