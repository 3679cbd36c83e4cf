"""What a table or a support weight is refused for, before a job begins."""

import json

import pytest

from simulacra.engine import errors as engine_errors
from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.schema import Column, Schema
from simulacra.engine.pipeline import SUPPORT_WEIGHT
from simulacra.service import errors
from simulacra.service.errors import study
from simulacra.service.generations import service, table_names
from simulacra.service.generations.schemas import GenerationRequest

KNOWN = "afa7d87172aabf3883c096b1402070446b6bc9350a433866f5e15076a1aefc3f"
"""Digest of a request, as the version before support weights made it."""


def schema_text(*names: str) -> str:
    columns = tuple(Column(name, name, name, INTEGER, 0.0, min=0, max=9) for name in names)
    return json.dumps(Schema(columns, (), 9).to_json())


def test_a_study_may_have_a_support_weight_of_its_own() -> None:
    assert table_names.SUPPORT_WEIGHT == SUPPORT_WEIGHT
    table_names.check_support_weight(schema_text("age"))
    with pytest.raises(errors.InvalidFieldsError) as raised:
        table_names.check_support_weight(schema_text("age", SUPPORT_WEIGHT))
    assert [fault.where for fault in raised.value.faults] == ["/support_weight"]


def test_faults_of_a_table_stand_in_the_body_itself() -> None:
    with pytest.raises(engine_errors.TableError) as raised:
        table_names.check_columns(schema_text("age"), ["age", "region"])
    (fault,) = study.translate(raised.value).faults
    assert (fault.where, fault.code) == ("/columns/1", "simio_unknown_condition_column")


def test_a_request_without_a_support_weight_is_the_request_that_it_was() -> None:
    plain = GenerationRequest.model_validate({"row_count": 9, "seed": 1})
    said = GenerationRequest.model_validate({"row_count": 9, "seed": 1, "support_weight": False})
    asked = GenerationRequest.model_validate({"row_count": 9, "seed": 1, "support_weight": True})
    digests = [service._fingerprint("ds_1", request) for request in (plain, said, asked)]
    assert digests[0] == digests[1] != digests[2]
    assert digests[0].hex() == KNOWN  # who repeats a request after an upgrade is known
