"""The kinds of rules that there are; a new one is a file beside this one and an entry here."""

from simulacra.engine.rules import (
    bands,
    coverings,
    exclusions,
    exclusive_options,
    identities,
    orderings,
    products,
    rankings,
)
from simulacra.engine.rules.bands import Band
from simulacra.engine.rules.coverings import Covering
from simulacra.engine.rules.exclusions import Exclusion
from simulacra.engine.rules.identities import Identity
from simulacra.engine.rules.orderings import Ordering
from simulacra.engine.rules.products import Product
from simulacra.engine.rules.rankings import Ranking
from simulacra.engine.rules.rule import RuleKind

KINDS: tuple[RuleKind, ...] = (
    RuleKind(exclusions.learn, Exclusion),
    RuleKind(bands.learn, Band),
    RuleKind(exclusive_options.learn, Exclusion),
    RuleKind(orderings.learn, Ordering),
    RuleKind(identities.learn, Identity),
    RuleKind(products.learn, Product),
    RuleKind(coverings.learn, Covering),
    RuleKind(rankings.learn, Ranking),
)
"""In the order in which they are learned and listed."""

CLASSES = tuple(dict.fromkeys(kind.rule for kind in KINDS))
"""The classes of rules, each once."""
