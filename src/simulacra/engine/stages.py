"""How far a piece of work has come, told while it is done."""

import dataclasses
import itertools
from collections.abc import Callable, Sequence

STAGES = ("reading", "cleaning", "fitting", "sampling", "writing")
"""In their order; generating starts at ``fitting``, or ``sampling`` if nothing is to be fitted."""


@dataclasses.dataclass(frozen=True)
class Progress:
    """One report.

    Attributes:
        stage: what is being done, one of `STAGES`.
        fraction: of the whole that is done, 0 to 1. Fitting and generating leave room at the end
            for their caller to write a file.
        step: steps of the stage that are done: links fitted, or columns drawn, each of them once
            for every `sampling.ROWS_AT_ONCE` rows. None where nothing is counted.
        steps: how many there are.

    Raises:
        ValueError: `fraction` is not between 0 and 1, or `step` is not one of `steps`.
    """

    stage: str
    fraction: float
    step: int | None = None
    steps: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.fraction <= 1:
            raise ValueError(f"the fraction is {self.fraction}; it must be 0 to 1")
        if (self.step is None) != (self.steps is None) or not 0 <= (self.step or 0) <= (
            self.steps or 0
        ):
            raise ValueError(f"step {self.step} of {self.steps}")


Tell = Callable[[Progress], None]
Count = Callable[[int, int], None]
"""Takes how many steps are done, and how many there are."""


@dataclasses.dataclass(frozen=True)
class Part:
    """A part of the work, and where it lies in the whole, both ends 0 to 1."""

    tell: Tell
    stage: str
    first: float
    last: float

    def begin(self) -> None:
        """Tell that the part begins."""
        self.tell(Progress(self.stage, self.first))

    def count(self, step: int, steps: int) -> None:
        """Tell that `step` of its `steps` are done."""
        done = step / steps if steps else 1.0
        self.tell(Progress(self.stage, self.first + (self.last - self.first) * done, step, steps))


def parts(tell: Tell | None, weights: Sequence[tuple[str, float]]) -> list[Part]:
    """Lay parts end to end.

    Args:
        tell: whom the parts tell, None for nobody.
        weights: the stage of each part, and its time in any unit.
    """
    total = sum(weight for _, weight in weights)
    ends = [end / total for end in itertools.accumulate(weight for _, weight in weights)]
    spans = zip(weights, [0.0, *ends], ends, strict=False)
    return [Part(tell or silent, stage, first, min(last, 1.0)) for (stage, _), first, last in spans]


def silent(_: Progress) -> None:
    """Tell nobody."""
