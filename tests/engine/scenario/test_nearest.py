"""Conditions with other shares, in the form that they were given in."""

import numpy as np
import pytest

import simulacra
from simulacra.engine.scenario import conditions, nearest
from simulacra.engine.scenario.kinds.options import OPTIONS
from simulacra.engine.scenario.terms import Partition


def test_shares_keep_names_order_and_form(mixed_model: simulacra.Model) -> None:
    asked = {
        "categorical": {"satisfaction": {3: 0.5, "1": 0.2}, "plan": {"Pro": 0.6, "Basic": 0.1}},
        "means": {"spend": 40},
        "joint": None,
        "groups": [{"where": {"plan": "Pro"}, "categorical": {"owns": {"true": 0.5}}}],
    }
    scenario = conditions.parse(mixed_model.schema, asked)
    rating, plan, among = scenario.partitions
    shares = {id(rating): np.array([1, 2, 1]) / 4, id(plan): np.array([0, 1 / 3, 2 / 3])}
    proposed = nearest.propose(mixed_model.schema, asked, scenario, shares)
    assert among.among is not None
    assert proposed == {
        "categorical": {
            "satisfaction": {3: 0.25, "1": 0.5},
            "plan": {"Pro": 0.0, "Basic": 0.333333},
        },
        "means": {"spend": 40},
        "groups": asked["groups"],
    }
    assert [*proposed["categorical"]["satisfaction"]] == [3, "1"]


def test_options_have_one_share_each(mixed_model: simulacra.Model) -> None:
    given = {"known": {"Acme": 0.5, "Brio": 0.9}, "used": {"Acme": 0.1}}
    shares = iter([[0.4], [0.8], [0.2]])
    assert OPTIONS.reshared(mixed_model.schema, given, shares) == {
        "known": {"Acme": 0.4, "Brio": 0.8},
        "used": {"Acme": 0.2},
    }


def test_shares_that_contradict_each_other_are_no_proposal(mixed_model: simulacra.Model) -> None:
    asked = {
        "categorical": {"plan": {"Pro": 0.6, "Plus": 0.2, "Basic": 0.2}},
        "joint": [
            {"columns": ["plan", "owns"], "shares": [{"cell": ["Pro", "true"], "share": 0.5}]}
        ],
    }
    scenario = conditions.parse(mixed_model.schema, asked)
    plan, joint = scenario.partitions
    shares = {id(plan): np.array([0.1, 0.5, 0.4]), id(joint): np.array([0.5, 0.5])}
    assert nearest.propose(mixed_model.schema, asked, scenario, shares) is None


def test_shares_between_two_scenarios() -> None:
    key = id(Partition)
    between = nearest.between({key: np.array([1.0, 0.0])}, {key: np.array([0.0, 1.0])}, 0.1)
    assert between[key].tolist() == pytest.approx([0.9, 0.1])
