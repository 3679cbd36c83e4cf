"""The options of every benchmark."""

import dataclasses
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Options:
    """How to run.

    Attributes:
        data: the folder of the public data sets; it exists if the benchmark needs it.
        quick: fewer repetitions, and nothing is written to docs.
        only: names of the tables or cases to run; all of them when empty.
    """

    data: Path
    quick: bool = False
    only: tuple[str, ...] = ()

    def includes(self, name: str) -> bool:
        """Return whether a table or case is to be run."""
        return not self.only or name in self.only

    @property
    def is_complete(self) -> bool:
        """Whether this is the run that the documentation shows."""
        return not self.quick and not self.only
