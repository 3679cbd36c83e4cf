"""A model of a small survey on which every kind of condition can be asked for."""

from collections.abc import Callable

import pytest

import simulacra
from simulacra.engine import errors
from simulacra.engine.columns.schema import Schema
from simulacra.engine.scenario import conditions
from tests.studies import brand_survey

Faults = Callable[..., list[tuple[str, str, str]]]
"""Conditions to the pointer, code and detail of each fault."""


@pytest.fixture(scope="session")
def brand_model() -> simulacra.Model:
    return simulacra.fit(brand_survey.survey())


@pytest.fixture(scope="session")
def brands(brand_model: simulacra.Model) -> Schema:
    return brand_model.schema


@pytest.fixture(scope="session")
def faults(brands: Schema) -> Faults:
    """Return the faults of conditions on the survey; without any the test fails."""

    def find(**asked: object) -> list[tuple[str, str, str]]:
        with pytest.raises(errors.ConditionError) as caught:
            conditions.parse(brands, asked)
        return [(fault.pointer, fault.code, fault.detail) for fault in caught.value.fields]

    return find
