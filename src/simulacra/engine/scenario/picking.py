"""Picking: from weighted particles to rows, with whole quotas and the target means."""

import numpy as np

from simulacra.engine.columns.arrays import Int64s
from simulacra.engine.scenario import balancing, contingency, quotas
from simulacra.engine.scenario.particles import Particles


def pick(cloud: Particles, rows: int, rng: np.random.Generator) -> Int64s:
    """Return the particles to deliver, int64, shape (rows,), with repetition.

    Args:
        cloud: particles with the weights of the scenario.
        rows: how many to pick.
        rng: of the choice.
    """
    weights, groups = cloud.raked.weights, [*cloud.groups]
    targets = [quotas.whole_quotas(shares, rows) for shares in cloud.raked.targets]
    bases = [inside for inside in cloud.members if not inside.all()]
    for inside in bases:  # how many rows are members of a base must not move with its mean
        groups.append(inside.astype(np.int64))
        shares = np.bincount(groups[-1], weights, minlength=2).astype(np.float64)
        targets.append(quotas.whole_quotas(shares, rows))
    groups = [np.maximum(group, 0) for group in groups]
    picked = quotas.pick(weights, groups, targets, rows, rng)
    if not cloud.moments:
        return picked
    cell_of = contingency.cross(groups).cell_of if groups else np.zeros(len(weights), np.int64)
    return balancing.balance(picked, cell_of, weights, cloud.moments, rng)
