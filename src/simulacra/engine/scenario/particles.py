"""Particles: many draws of the conditioned columns alone, weighted to stand for the model.

A ranged column draws only donors inside its range, and the particle's weight takes the part of the
leaf that was kept. A column with target shares draws its levels tilted towards them, and the weight
takes the tilt back. So nothing is drawn to be thrown away, however tight the scenario.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from simulacra.engine import randomness
from simulacra.engine.columns import encoding
from simulacra.engine.model import drawing
from simulacra.engine.model.conditional import Link
from simulacra.engine.model.donors import Donors, Drawn
from simulacra.engine.scenario import raking
from simulacra.engine.scenario.conditions import Scenario

LEAST, PER_ROW, MOST = 20_000, 4, 2_000_000
"""Particles: at least, for each row, and at most."""

GROWTH = 8
ENOUGH = 2_000
"""Effective particles below which more are drawn."""


@dataclasses.dataclass(frozen=True)
class Target:
    """The shares of one column over groups: a group a named level, and one for all the others.

    Attributes:
        position: of the column.
        group_of_level: int64, by level; -1 for missing, which conditioned columns never are.
        shares: float64, by group.
        names: of the groups; None for the group of levels that no condition names.
    """

    position: int
    group_of_level: npt.NDArray[np.int64]
    shares: raking.Weights
    names: tuple[str | None, ...]


@dataclasses.dataclass(frozen=True)
class Plan:
    """A scenario in the engine's terms.

    Attributes:
        windows: by position of a ranged column.
        targets: by position of a column with shares.
    """

    windows: Mapping[int, encoding.Window]
    targets: Mapping[int, Target]

    @property
    def order(self) -> list[int]:
        """The conditioned columns in the order they are drawn: ranges first, then shares."""
        return [*sorted(self.windows), *sorted(self.targets)]


@dataclasses.dataclass(frozen=True)
class Cloud:
    """Weighted particles.

    Attributes:
        drawn: the conditioned columns.
        raked: their weights with the wanted margins.
        groups: for each target of the plan, the group of each particle.
    """

    drawn: Drawn
    raked: raking.Raked
    groups: list[npt.NDArray[np.int64]]

    @property
    def reachable(self) -> float:
        """The part of the rows that can be had, 0 to 1."""
        return raking.sum_of(self.raked.targets) if self.raked.weights.any() else 0.0


def plan(donors: Donors, scenario: Scenario) -> Plan:
    """Translate a scenario."""
    names = donors.schema.names
    windows = {
        names.index(name): encoding.window(
            donors.schema[name],
            donors.values[:, names.index(name)],
            donors.cells[names.index(name)],
            wanted,
        )
        for name, wanted in scenario.ranges.items()
    }
    targets = {
        names.index(name): _target(names.index(name), donors.schema[name].levels, shares)
        for name, shares in scenario.shares.items()
    }
    return Plan(windows, targets)


def _target(position: int, levels: Sequence[str], shares: Mapping[str, float]) -> Target:
    named = list(shares)
    group = [named.index(level) if level in shares else len(named) for level in levels]
    wanted = [shares[level] for level in named]
    if len(named) < len(levels):
        named, wanted = [*named, ""], [*wanted, max(0.0, 1 - sum(wanted))]
    names = tuple(name or None for name in named)
    return Target(position, np.array([*group, -1]), np.array(wanted), names)


def draw(donors: Donors, links: Sequence[Link], wanted: Plan, rows: int, seed: int) -> Cloud:
    """Draw and rake particles, more of them when the scenario leaves few that count."""
    number = min(max(LEAST, PER_ROW * rows), MOST)
    while True:
        cloud = _draw(donors, links, wanted, number, seed)
        effective = effective_sample_size(cloud.raked.weights)
        if effective >= min(ENOUGH, rows) or number >= MOST:
            return cloud
        number = min(number * GROWTH, MOST)


def effective_sample_size(weights: raking.Weights) -> float:
    """Return the number of equal weights with the same variance (Kish 1965)."""
    total = float(weights.sum())
    return total**2 / float((weights**2).sum()) if total > 0 else 0.0


def _draw(donors: Donors, links: Sequence[Link], wanted: Plan, number: int, seed: int) -> Cloud:
    drawn = Drawn()
    weights = np.ones(number)
    for link in links:
        column = donors.schema.columns[link.column]
        rng = randomness.stream(seed, "particles", str(number), column.name)
        leaves = link.forest.leaves(link.features(drawn, number), number, rng)
        if link.column in wanted.windows:
            window = wanted.windows[link.column]
            donor, kept = link.forest.draw_weighted(leaves, window.mass, rng)
            values = drawing.emit_inside(column, window, donor, rng)
        else:
            tilt = _tilt(donors, wanted.targets[link.column], wanted)
            donor, mean = link.forest.draw_weighted(leaves, tilt, rng)
            values = donors.values[donor, link.column]
            kept = np.divide(mean, tilt[donor], out=np.zeros(number), where=tilt[donor] > 0)
        broken = donors.rules.violated(link.column, values, drawn.values)
        weights *= np.where(broken, 0.0, kept)
        drawn.add(link.column, values, donors.codings[link.column].encode(values), donor)
    groups = [
        wanted.targets[p].group_of_level[_levels(donors, p, drawn.values[p])]
        for p in sorted(wanted.targets)
    ]
    return Cloud(drawn, _rake(weights, groups, wanted), groups)


def _levels(donors: Donors, position: int, values: encoding.Floats) -> npt.NDArray[np.int64]:
    return encoding.level_codes(values, len(donors.schema.columns[position].levels))


def _rake(
    weights: raking.Weights, groups: list[npt.NDArray[np.int64]], wanted: Plan
) -> raking.Raked:
    shares = [wanted.targets[position].shares for position in sorted(wanted.targets)]
    if not weights.any():
        nothing = [np.zeros_like(target) for target in shares]
        return raking.Raked(weights, nothing, nothing)
    margins = [
        raking.Margin(np.maximum(group, 0), target)
        for group, target in zip(groups, shares, strict=True)
    ]
    return raking.rake(weights, margins)


def _tilt(donors: Donors, target: Target, wanted: Plan) -> encoding.Floats:
    """Return, by seed row, how much more often its level is drawn than the model would."""
    group = target.group_of_level[
        _levels(donors, target.position, donors.values[:, target.position])
    ]
    inside = (group >= 0).astype(np.float64)
    for window in wanted.windows.values():
        inside *= window.mass > 0
    if not inside.any():
        inside = (group >= 0).astype(np.float64)
    sizes = np.bincount(np.maximum(group, 0), inside, minlength=len(target.shares)) + 1.0
    tilt = target.shares / (sizes / sizes.sum())
    return np.where(group >= 0, tilt[group], 0.0)


def seed_weights(donors: Donors, wanted: Plan, raked: raking.Raked) -> list[raking.Weights]:
    """Return, for each condition in the plan's order, the weight it gives each seed row.

    A range gives 1 inside and 0 outside, shares give the factor that raking found for the level.
    The product is the importance weight of the row under the scenario: the sample that stands
    behind the generated rows.
    """
    weights = [
        wanted.windows[position].inside.astype(np.float64) for position in sorted(wanted.windows)
    ]
    for factor, position in zip(raked.factors, sorted(wanted.targets), strict=True):
        levels = _levels(donors, position, donors.values[:, position])
        group = wanted.targets[position].group_of_level[levels]
        weights.append(np.where(group >= 0, factor[group], 0.0))
    return weights
