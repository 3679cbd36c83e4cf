import numpy as np
import pyarrow as pa

import simulacra
from simulacra.engine.rules.exclusions import Exclusion
from simulacra.engine.rules.identities import Identity
from simulacra.engine.rules.ruleset import Rules
from tests.studies import rule_survey

PRICE, DISCOUNT, SALE, CLUB = range(4)
ROWS = 400


def shop() -> Rules:
    """A price less a discount is the sale price, and members of the club never pay 3."""
    rng = np.random.default_rng(1)
    price, discount = rng.choice([3.0, 4.0], ROWS), rng.choice([0.0, 1.0], ROWS)
    columns = {
        "price": price,
        "discount": discount,
        "sale": price - discount,
        "club": rng.choice(["member", "guest"], ROWS),
    }
    states = rule_survey.rule_study(columns).states
    never = np.zeros((states[SALE].size, states[CLUB].size), dtype=np.bool_)
    is_member = states[CLUB].column.levels == ("guest", "member")
    never[states[SALE].of(np.array([3.0]))[0], int(is_member)] = True
    identity = Identity((PRICE, DISCOUNT, SALE), (1, -1, -1), 0.0, 0.0)
    return Rules(states, (identity, Exclusion.between(SALE, CLUB, never)))


def refused(rules: Rules, drawn: dict[int, list[float]], discounts: list[float]) -> list[bool]:
    columns = {position: np.array(it) for position, it in drawn.items()}
    broken = rules.forward_checker(DISCOUNT, columns, {}).broken(np.array(discounts))
    assert not rules.checker(DISCOUNT, columns).broken(np.array(discounts)).any()
    return [bool(it) for it in broken]


def test_a_value_is_refused_if_what_it_settles_may_not_be() -> None:
    prices, clubs = [3.0, 3.0, 4.0, 4.0, 4.0], [1.0, 1.0, 1.0, 1.0, 0.0]
    drawn = {PRICE: prices, CLUB: clubs}
    assert refused(shop(), drawn, [0.0, 1.0, 0.0, 1.0, 1.0]) == [True, False, False, True, False]


def test_some_of_the_rows_are_checked_as_all_are() -> None:
    rules = shop()
    drawn = {PRICE: np.array([3.0, 4.0, 4.0]), CLUB: np.array([1.0, 1.0, 0.0])}
    checker = rules.forward_checker(DISCOUNT, drawn, {})
    rows = np.array([2, 1, 1, 0])
    assert checker.broken(np.array([1.0, 1.0, 0.0, 0.0]), rows).tolist() == [
        *(False, True),
        *(False, True),
    ]


def test_nothing_is_settled_while_a_second_column_is_to_come() -> None:
    assert refused(shop(), {CLUB: [1.0, 1.0]}, [0.0, 1.0]) == [False, False]
    assert shop().settled_by(DISCOUNT, []) == []
    assert shop().settled_by(DISCOUNT, [PRICE]) == [SALE]
    assert shop().settled_by(CLUB, [PRICE]) == []


def prices(seed: int) -> pa.Table:
    """Purchases: week and store decide price and discount, and these the sale price."""
    rng, plan = np.random.default_rng(seed), np.random.default_rng(99)
    week, store = rng.integers(1, 53, 1_000), rng.integers(1, 6, 1_000)
    levels = np.round(1.7 + 0.1 * plan.integers(0, 5, 6), 2)
    price = levels[(np.repeat(np.arange(6), 9)[week - 1] + store) % 6]
    is_on = plan.random((52, 6)) < 0.3
    depth = np.array([0.1, 0.2, 0.3, 0.4, 0.5])[plan.integers(0, 5, (52, 6))]
    discount = np.where(is_on, depth, 0.0)[week - 1, store]
    special = (discount > 0) & (rng.random(1_000) < 0.6)
    bought = rng.random(1_000) < 0.3 + 0.8 * discount
    return pa.table(
        {
            "bought": np.where(bought, "yes", "no"),
            "week": week,
            "store": store,
            "price": price,
            "discount": discount,
            "special": special.astype(int),
            "sale": (price - discount).round(2),
            "percent": (discount / price).round(4),
        }
    )


def test_a_discount_does_not_grow_rare_where_it_is_hard_to_complete() -> None:
    """The mean of 40,000 rows is known to 0.005 standard deviations; three errors are allowed.

    Rows that could not be completed were drawn anew before, mostly without a discount: its mean
    was 0.023 off. The seeds are fixed.
    """
    table = prices(2)
    rows = simulacra.fit(table).generate(40_000, seed=1).table
    study, made = table["discount"].to_numpy(), rows["discount"].to_numpy()
    assert abs(made.mean() - study.mean()) / study.std() < 0.015
