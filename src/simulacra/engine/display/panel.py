"""A panel for scenarios in a notebook: sliders for shares and ranges, and what they would give.

Drawn by ipywidgets, an extra. What it is about is given to it, so that it serves a model of the
library and a dataset at the service alike.
"""

from __future__ import annotations

import dataclasses
import html
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LABEL = {"description_width": "14rem"}
WIDE = widgets.Layout(width="36rem")
SET = "#3d7ab0"
"""Colour of the sliders that somebody has moved."""
STEPS = 100
"""Places of a slider for a range of decimals."""


@dataclasses.dataclass(frozen=True)
class Part:
    """A level or an option.

    Attributes:
        name: as scenarios name it.
        text: as people read it.
        share: of the respondents; None if it is not known.
    """

    name: str
    text: str
    share: float | None


@dataclasses.dataclass(frozen=True)
class Question:
    """What a scenario can be about.

    Attributes:
        name: of the column or set.
        label: its text.
        member: the argument of `generate` that its conditions are given in.
        parts: its levels or options; none of a number.
        ends: of a number; None otherwise.
        is_whole: whether the number is a whole one.
    """

    name: str
    label: str
    member: str
    parts: tuple[Part, ...] = ()
    ends: tuple[float, float] | None = None
    is_whole: bool = False


class Panel(widgets.VBox):  # type: ignore[misc] # the library is not typed
    """Sliders for the shares and ranges of chosen questions, and the preview of their scenario.

    Attributes:
        scenario: what the sliders say, as arguments of `generate`.
        preview: of the scenario; None while it does not fit the study.
    """

    def __init__(
        self,
        questions: Sequence[Question],
        preview: Callable[..., Any],
        row_count: int,
        chosen: Sequence[str] = (),
    ) -> None:
        """Make a panel.

        Args:
            questions: that can be chosen.
            preview: returns the preview of a number of rows, with a seed and conditions.
            row_count: that is asked for at first.
            chosen: names of the questions that are there at first.
        """
        self._questions = {question.name: question for question in questions}
        self._preview = preview
        self._controls: dict[str, _Shares | _Range] = {}
        self.scenario: dict[str, Any] = {}
        self.preview: Any = None
        self._rows = widgets.BoundedIntText(
            value=row_count, min=1, max=10_000_000, description="Rows", style=LABEL
        )
        self._choice = widgets.Combobox(
            options=[f"{it.label} ({it.name})" for it in questions],
            placeholder="type a part of its text",
            description="Add a question",
            style=LABEL,
            layout=WIDE,
        )
        self._box = widgets.VBox()
        self._shown = widgets.HTML()
        super().__init__([self._choice, self._box, self._rows, self._shown])
        self._choice.observe(self._add, "value")
        self._rows.observe(self._update, "value")
        for name in chosen:
            self._put(name)
        self._update()

    def _add(self, change: dict[str, Any]) -> None:
        """Add the question that was chosen, as soon as its text is whole."""
        name = str(change["new"]).rpartition("(")[2].rstrip(")")
        if name in self._questions:
            self._choice.value = ""
            self._put(name)
            self._update()

    def _put(self, name: str) -> None:
        if name in self._controls:
            return
        question = self._questions[name]
        kind = _Shares if question.ends is None else _Range
        self._controls[name] = kind(question, self._update, self._remove)
        self._box.children = [control.box for control in self._controls.values()]

    def _remove(self, name: str) -> None:
        del self._controls[name]
        self._box.children = [control.box for control in self._controls.values()]
        self._update()

    def _update(self, _: object = None) -> None:
        """Ask what the scenario would give, and show it."""
        self.scenario = {}
        for name, control in self._controls.items():
            condition = control.condition
            if condition:
                self.scenario.setdefault(control.question.member, {})[name] = condition
        try:
            self.preview = self._preview(self._rows.value, seed=1, **self.scenario)
        except Exception as error:  # noqa: BLE001 - whatever it is, the panel stays, and says it
            self.preview = None
            self._shown.value = f"<p><b>{html.escape(str(error))}</b></p>"
        else:
            self._shown.value = self.preview._repr_html_()
            for control in self._controls.values():
                control.follow(self.preview)


class _Control:
    """The box of one question, with a button that removes it."""

    def __init__(self, question: Question, remove: Callable[[str], None]) -> None:
        self.question = question
        button = widgets.Button(
            description="Remove", tooltip=f"Remove {question.label}", layout={"width": "6rem"}
        )
        button.on_click(lambda _: remove(question.name))
        title = widgets.HTML(f"<b>{html.escape(question.label)}</b>")
        self.box = widgets.VBox(
            [widgets.HBox([title, button], layout={"justify_content": "space-between"})],
            layout={"border_top": "1px solid #8a929d", "padding": "4px 0", "width": "44rem"},
        )


class _Shares(_Control):
    """A slider for each level or option; those that were moved are conditions."""

    def __init__(
        self,
        question: Question,
        update: Callable[[object], None],
        remove: Callable[[str], None],
    ) -> None:
        super().__init__(question, remove)
        self.sliders: dict[str, widgets.FloatSlider] = {}
        self._moved: set[str] = set()
        self._is_following = False
        for part in question.parts:
            slider = widgets.FloatSlider(
                value=round(100 * (part.share or 0.0), 1),
                min=0.0,
                max=100.0,
                step=0.5,
                readout_format=".1f",  # in percent
                description=part.text,
                tooltip=part.text,
                continuous_update=False,
                style=LABEL,
                layout=WIDE,
            )
            slider.observe(self._moving(part.name, update), "value")
            self.sliders[part.name] = slider
        self.box.children = (*self.box.children, *self.sliders.values())

    def _moving(self, name: str, update: Callable[[object], None]) -> Callable[[object], None]:
        def moved(change: object) -> None:
            if not self._is_following:
                self._moved.add(name)
                self.sliders[name].style.handle_color = SET
                update(change)

        return moved

    def follow(self, preview: Any) -> None:  # noqa: ANN401 - of the library or of the client
        """Move the sliders that nobody has moved to the shares that the others leave them."""
        own = [it for it in preview.conditions if it.column == self.question.name]
        expected = {level.level: level.expected for one in own for level in one.levels}
        self._is_following = True
        for name, slider in self.sliders.items():
            if name not in self._moved and expected.get(name) is not None:
                slider.value = round(100 * expected[name], 1)
        self._is_following = False

    @property
    def condition(self) -> dict[str, float]:
        """The shares that were set; all others follow the model."""
        return {
            name: round(slider.value / 100, 6)
            for name, slider in self.sliders.items()
            if name in self._moved
        }


class _Range(_Control):
    """A slider with two ends; it is a condition once one of them was moved."""

    def __init__(
        self,
        question: Question,
        update: Callable[[object], None],
        remove: Callable[[str], None],
    ) -> None:
        super().__init__(question, remove)
        self._ends = low, high = question.ends or (0.0, 1.0)
        kind = widgets.IntRangeSlider if question.is_whole else widgets.FloatRangeSlider
        self.slider = kind(
            value=(low, high),
            min=low,
            max=high,
            step=1 if question.is_whole else (high - low) / STEPS or 1.0,
            description="range",
            continuous_update=False,
            style=LABEL,
            layout=WIDE,
        )
        self.slider.observe(update, "value")
        self.box.children = (*self.box.children, self.slider)

    def follow(self, preview: Any) -> None:  # noqa: ANN401 - as above
        """Stay where it is: a range that nobody has set is that of the study."""

    @property
    def condition(self) -> dict[str, float]:
        """The range; nothing if it is that of the study."""
        low, high = self.slider.value
        return {} if (low, high) == self._ends else {"min": low, "max": high}
