"""How far a piece of work has come, reported while it is done."""

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from types import TracebackType

STAGES = ("reading", "cleaning", "fitting", "sampling", "writing")
"""In their order; generating starts at ``fitting``, or ``sampling`` if nothing is to be fitted."""


@dataclasses.dataclass(frozen=True)
class Progress:
    """One report of progress.

    Attributes:
        stage: what is being done, one of `STAGES`, or ``validating``.
        fraction: of the whole that is done, 0 to 1. Fitting and generating leave room at the end
            for their caller to write a file.
        step: steps of the stage that are done: conditional models fitted, or columns drawn. None
            where nothing is counted.
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


ProgressCallback = Callable[[Progress], None]
StepCallback = Callable[[int, int], None]
"""Takes how many steps are done, and how many there are."""


@dataclasses.dataclass(frozen=True)
class Phase:
    """A part of the work, entered with ``with``, and where it lies in the whole.

    Attributes:
        callback: whom it reports to.
        stage: what is done in it.
        first, last: where it begins and ends, 0 to 1.
    """

    callback: ProgressCallback
    stage: str
    first: float
    last: float

    def __enter__(self) -> StepCallback:
        """Report that the phase begins; return what its steps are counted with."""
        self.callback(Progress(self.stage, self.first))
        return self.count

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Report nothing: the next phase begins where this one ends."""

    def count(self, step: int, steps: int) -> None:
        """Report that `step` of the phase's `steps` are done."""
        self.callback(Progress(self.stage, self._fraction(step, steps), step, steps))

    def advance(self, step: int, steps: int) -> None:
        """Report how far the phase is, without its steps: those of the stage are counted once."""
        self.callback(Progress(self.stage, self._fraction(step, steps)))

    def _fraction(self, step: int, steps: int) -> float:
        return self.first + (self.last - self.first) * (step / steps if steps else 1.0)


def phases(
    callback: ProgressCallback | None, durations: Sequence[tuple[str, float]]
) -> list[Phase]:
    """Return phases laid end to end.

    Args:
        callback: whom the phases report to, None for nobody.
        durations: the stage of each phase, and its expected time in any unit.
    """
    total = sum(duration for _, duration in durations)
    ends = [end / total for end in itertools.accumulate(duration for _, duration in durations)]
    spans = zip(durations, [0.0, *ends], ends, strict=False)
    return [
        Phase(callback or silent, stage, first, min(last, 1.0)) for (stage, _), first, last in spans
    ]


def silent(_: Progress) -> None:
    """Report to nobody."""
