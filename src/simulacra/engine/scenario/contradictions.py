"""Conditions that no rows can meet together, whatever the study, told apart before any are drawn.

What only the study can tell is left to raking, which answers with fewer rows or none.
"""

from collections.abc import Iterator, Sequence

from simulacra.engine.scenario.kinds.checking import SUM_TOLERANCE, Checker
from simulacra.engine.scenario.terms import Cell, Interval, Levels, Mean, Partition, Range

MEMBERS = {"share": "categorical", "band": "bands", "joint": "joint", "option": "multiple_response"}
"""Where a caller asks for each kind of shares."""


def look(
    check: Checker,
    ranges: Sequence[Range],
    partitions: Sequence[Partition],
    means: Sequence[Mean],
) -> None:
    """Note a fault for what contradicts other conditions."""
    for joint in partitions:
        if joint.kind == "joint":
            _compare(check.at("joint"), joint, partitions)
    for partition in partitions:
        _outside(check, partition, ranges)
        if partition.among is not None:
            _outside_of_group(check, partition)
    for mean in means:
        _within_range(check.at("means", mean.column), mean, ranges)
        _among_bands(check.at("means", mean.column), mean, partitions)


def _compare(check: Checker, joint: Partition, others: Sequence[Partition]) -> None:
    """Compare shares of combinations with the shares of one of their columns."""
    for other in others:
        if len(other.columns) != 1 or other.among != joint.among or other.has_rest:
            continue
        if other.columns[0] not in joint.columns:
            continue
        for cell, share, name in _named(other):
            inside = sum(
                joint_share
                for joint_cell, joint_share, _ in _named(joint)
                if _lies_in(joint_cell, cell)
            )
            left = 1 - sum(joint_share for _, joint_share, _ in _named(joint))
            if inside > share + SUM_TOLERANCE or inside + left < share - SUM_TOLERANCE:
                check.fault(
                    f"The combinations of {joint.column} give {inside:.6g} of the rows to {name!r} "
                    f"of column {other.column!r}, which is to have {share:.6g}. Let both agree, or "
                    "give one of them.",
                    "condition_share_sum",
                )
                return


def _named(partition: Partition) -> Iterator[tuple[Cell, float, str]]:
    """Yield each cell with a share of its own, the share and the name."""
    for cell, group, name in zip(
        partition.cells, partition.group_of_cell, partition.names, strict=True
    ):
        if group < partition.named:
            yield cell, partition.shares[group], name


def _lies_in(joint: Cell, cell: Cell) -> bool:
    """Tell whether a combination lies in a cell of one of its columns."""
    (name, wanted), *_ = cell.tests
    own = dict(joint.tests)[name]
    if isinstance(own, Levels) and isinstance(wanted, Levels):
        return own.positions <= wanted.positions
    if isinstance(own, Interval) and isinstance(wanted, Interval):
        return wanted.first <= own.first and own.last <= wanted.last
    return False


def _outside(check: Checker, partition: Partition, ranges: Sequence[Range]) -> None:
    """Note shares of what lies outside of the range that all rows lie in."""
    for span in ranges:
        column = check.schema[span.column]
        allowed = Interval(*(column.type.to_number(end) for end in (span.min, span.max)))
        for cell, share, name in _named(partition):
            for looked_at, wanted in cell.tests:
                if looked_at == span.column and share > 0 and _are_apart(wanted, allowed):
                    member = "groups" if partition.among else MEMBERS[partition.kind]
                    check.at(member).fault(
                        f"{partition.column} = {name} is to have a share of the rows, but all "
                        f"rows are to have {span.column!r} in {span.min} to {span.max}. Let both "
                        "agree, or give one of them.",
                        "condition_out_of_range",
                    )
                    return


def _outside_of_group(check: Checker, partition: Partition) -> None:
    """Note shares, among a group, of what the group itself rules out."""
    group = partition.among
    of_group = dict(group.cell.tests) if group is not None else {}
    for cell, share, name in _named(partition):
        for looked_at, wanted in cell.tests:
            rules_out = looked_at in of_group and _are_apart(wanted, of_group[looked_at])
            if rules_out and share > 0 and not cell.is_any:
                check.at("groups").fault(
                    f"{partition.column} = {name} is to have a share among the rows with "
                    f"{group.text if group else ''}, which rules it out. Let both agree.",
                )
                return


def _are_apart(one: Levels | Interval, other: Levels | Interval) -> bool:
    """Tell whether no value lies in both."""
    if isinstance(one, Levels) and isinstance(other, Levels):
        return not one.positions & other.positions
    if isinstance(one, Interval) and isinstance(other, Interval):
        return one.last < other.first or other.last < one.first
    return False


def _among_bands(check: Checker, mean: Mean, partitions: Sequence[Partition]) -> None:
    """Note a mean that shares of the same column's values leave no room for."""
    column = check.schema[mean.column]
    for partition in partitions:
        if partition.columns != (mean.column,) or partition.among != mean.among:
            continue
        intervals = [
            (wanted, share)
            for cell, share, _ in _named(partition)
            for _, wanted in cell.tests
            if isinstance(wanted, Interval)
        ]
        least, greatest = column.bounds
        left = max(0.0, 1 - sum(share for _, share in intervals))
        low = left * least + sum(share * max(it.first, least) for it, share in intervals)
        high = left * greatest + sum(share * min(it.last, greatest) for it, share in intervals)
        slack = column.step / 2
        if not low - slack <= mean.number <= high + slack:
            ends = (column.type.to_bound(round(end, column.decimals or 0)) for end in (low, high))
            check.fault(
                f"Mean of column {mean.column!r}: it is {mean.target}, but the shares of its "
                f"values leave room for a mean of {' to '.join(map(str, ends))} alone.",
                "condition_out_of_range",
            )


def _within_range(check: Checker, mean: Mean, ranges: Sequence[Range]) -> None:
    """Note a mean outside of the range that all rows lie in."""
    if mean.among is not None:
        return
    for span in ranges:
        if span.column == mean.column:
            column = check.schema[mean.column]
            first, last = (column.type.to_number(end) for end in (span.min, span.max))
            if not first <= mean.number <= last:
                check.fault(
                    f"Mean of column {mean.column!r}: it is {mean.target}, but all rows are to lie "
                    f"in {span.min} to {span.max}.",
                    "condition_out_of_range",
                )
