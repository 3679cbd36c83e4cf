"""Why a scenario leaves no row that could be had, for people."""

from simulacra.engine.columns.schema import Schema
from simulacra.engine.scenario.particles import Particles
from simulacra.engine.scenario.plans import Plan


def of_no_row(cloud: Particles, plan: Plan, schema: Schema) -> str:
    """Return why no row can be had.

    Args:
        cloud: of the scenario, which leaves less than one row.
        plan: of the scenario.
        schema: of the model.
    """
    empty = [
        repr(schema.columns[position].name)
        for position, window in plan.windows.items()
        if not window.mass.any()
    ]
    if empty:
        return (
            f"No respondent lies in the range of {', '.join(empty)}, nor close by on both sides: "
            "there is nothing to learn such rows from. Widen the range."
        )
    names = ", ".join(repr(schema.columns[position].name) for position in plan.order)
    if not cloud.raked.weights.any():
        return f"The model has no row that meets the conditions on {names} together."
    return f"The conditions on {names} together leave less than one row of what was requested."
