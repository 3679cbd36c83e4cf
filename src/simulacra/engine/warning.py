"""What people should know before they use rows."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class ReportWarning:
    """Something to know before using the rows.

    Attributes:
        code: stable, for programs.
        detail: in plain words, for people.
    """

    code: str
    detail: str
