"""What a format of output files is."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from simulacra.engine.writing.codebook import Codebook


@dataclasses.dataclass(frozen=True)
class OutputFormat:
    """A format of output files.

    Attributes:
        name: as a caller asks for it; `outputs` has the suffix of its files.
        write: writes a table, with its codebook if the format can hold one. The same table gives
            the same bytes, however it is cut into chunks.
        read: returns the columns of a schema, of a table that `write` wrote; None if a file does
            not hold all that they are.
        is_coded: cells are codes, which the file itself labels: whether labels or codes are wanted
            makes no difference to it.
    """

    name: str
    write: Callable[[pa.Table, Codebook, Path], None]
    read: Callable[[Path, pa.Schema], pa.Table] | None = None
    is_coded: bool = False
