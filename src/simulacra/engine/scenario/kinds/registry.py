"""The kinds of conditions that there are."""

from collections.abc import Mapping

from simulacra.engine.scenario.kinds.bands import BANDS
from simulacra.engine.scenario.kinds.groups import GROUPS
from simulacra.engine.scenario.kinds.joint import JOINT
from simulacra.engine.scenario.kinds.kind import Kind
from simulacra.engine.scenario.kinds.means import MEANS
from simulacra.engine.scenario.kinds.options import OPTIONS
from simulacra.engine.scenario.kinds.ranges import RANGES
from simulacra.engine.scenario.kinds.shares import SHARES

KINDS: Mapping[str, Kind] = {
    kind.member: kind for kind in (SHARES, RANGES, MEANS, BANDS, JOINT, OPTIONS, GROUPS)
}
"""By the member of a request that such conditions are given in."""
