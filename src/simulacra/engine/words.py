"""What a caller calls the overrides of a study, and fitting it, for messages that give advice."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Words:
    """The names of the overrides, and how a caller gets another model of a study.

    The defaults are for callers of the library. The service has others, since its callers fill in
    a form; overrides that are not listed here have one name everywhere.
    """

    types: str = "types"
    keep: str = "keep"
    drop: str = "drop"
    missing: str = "missing"
    dates: str = "dates"
    weight: str = "weight"
    again: str = "fit the study again"


LIBRARY = Words()
