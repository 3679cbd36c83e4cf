import re
from pathlib import Path

import pytest

from simulacra.engine import errors as engine_errors
from simulacra.engine.scenario import conditions
from simulacra.service import errors
from simulacra.service.errors import study

FIELD = engine_errors.FieldError("/numeric/age/min", "Column 'age': ...", "condition_out_of_range")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (engine_errors.StudyError("x"), "simio_upload_invalid"),
        (engine_errors.ConditionError([FIELD]), "simio_condition_out_of_range"),
        (engine_errors.InfeasibleError("x"), "simio_scenario_infeasible"),
        (engine_errors.SavedModelError("x"), "simio_generation_failed"),
        (engine_errors.EngineError("x"), "simio_internal"),
    ],
)
def test_every_error_of_the_engine_has_its_code(
    error: engine_errors.EngineError, code: str
) -> None:
    translated = study.translate(error)
    assert translated.code == code
    assert translated.detail == error.detail


def test_every_class_of_the_engine_is_translated() -> None:
    assert set(study.CLASSES) == set(engine_errors.EngineError.__subclasses__())


def test_a_fault_in_a_scenario_points_into_the_request() -> None:
    translated = study.translate(engine_errors.ConditionError([FIELD]))
    assert translated.faults == (
        errors.Fault("/conditions/numeric/age/min", FIELD.detail, "simio_condition_out_of_range"),
    )


def test_every_fault_that_the_engine_finds_in_a_scenario_has_a_code() -> None:
    source = "".join(
        module.read_text() for module in Path(conditions.__file__).parent.rglob("*.py")
    )
    found = set(re.findall(r'"((?:unknown_)?condition_\w+|invalid_field)"', source))
    assert found == set(study.FIELD_CODES)
