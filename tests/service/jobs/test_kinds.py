"""What holds of every job kind; one that is added to the list of `compose` is checked too."""

import dataclasses
import pickle
from pathlib import Path
from typing import get_args, get_type_hints

import pydantic
import pytest
from fastapi.routing import APIRoute

from simulacra.service import compose, main, worker
from simulacra.service.audit.entry import Action
from simulacra.service.database import tables
from simulacra.service.datasets import payloads as training
from simulacra.service.errors import catalog
from simulacra.service.generations import payloads as sampling
from simulacra.service.http import guards
from simulacra.service.identity.principal import SCOPES
from simulacra.service.jobs import attempts, kinds, messages, queues
from simulacra.service.runtime import Runtime

JSON = {"schema": [{"name": "größe", "min": -0.5, "levels": None, "is": True}], "empty": {}}
MADE = sampling.MadeRows(
    file=Path("artifact"),
    output_format="csv",
    output_layout="file",
    output_values="codes",
    support_weight=True,
    fitted_file=None,
    row_count=5,
    rng_seed=2**63 - 1,
    conditions={"categorical": {"größe": {"x": 0.5}}},
)
PAYLOADS: dict[str, tuple[object, object]] = {
    "createDataset": (
        training.TrainingRequest(
            Path("study"),
            Path("model"),
            training.StudyOptions(
                {"a": "nominal", "b": ["x", "y"]}, ["a"], ["c"], {"a": ["-", 9]}, sheet="Sheet 1"
            ),
        ),
        training.TrainingResult(5_000_000, 2000, JSON),
    ),
    "createValidation": (
        training.ValidationRequest(
            model_file=Path("model"),
            segment={"größe": ["x"], "age": {"min": 25, "max": "2026-01-31"}},
            repeats=20,
            seed=2**63 - 1,
        ),
        training.ValidationResult(JSON, None),
    ),
    "createGeneration": (
        sampling.SamplingRequest(
            model_file=Path("model"),
            fitted_file=None,
            refits_file=Path("refits"),
            artifact_file=Path("artifact"),
            new_fitted_file=Path("new_fitted"),
            new_refits_file=Path("new_refits"),
            output_format="csv",
            row_count=5,
            rng_seed=2**63 - 1,
            conditions={
                "categorical": {"größe": {"x": 0.5}},
                "numeric": {"age": {"min": 25, "max": "2026-01-31"}},
            },
        ),
        sampling.SamplingResult("partial", 4, JSON, has_fitted=True, new_refits=20),
    ),
    "copyGeneration": (
        sampling.CopyRequest(
            model_file=Path("model"),
            made=MADE,
            report=JSON,
            margins=None,
            artifact_file=Path("artifact"),
            output_format="sav",
            output_layout="schema",
            output_values="labels",
        ),
        sampling.CopyResult(is_same=True),
    ),
    "previewScenario": (
        sampling.PreviewRequest(
            model_file=Path("model"),
            fitted_file=Path("fitted"),
            row_count=5,
            rng_seed=2**63 - 1,
            conditions={"categorical": {"größe": {"x": 0.5}}, "numeric": {}},
            margins="quick",
            kept_refits=8,
        ),
        sampling.PreviewResult(JSON),
    ),
    "tabulateDataset": (
        sampling.CrosstabRequest(Path("model"), None, ["größe"], [], None),
        sampling.CrosstabResult(JSON),
    ),
    "tabulateGeneration": (
        sampling.CrosstabRequest(Path("model"), MADE, ["größe"], ["x"], "größe"),
        sampling.CrosstabResult(JSON),
    ),
    "compareGeneration": (
        sampling.ComparisonRequest(Path("model"), None, MADE, ["größe"], JSON),
        sampling.ComparisonResult(JSON),
    ),
}
"""A request and a result of each kind, by its operation."""

Kind = kinds.JobKind[attempts.Attempt]

pytestmark = pytest.mark.parametrize("kind", compose.JOB_KINDS, ids=lambda kind: kind.operation)


def guard(annotation: object) -> guards.Tenant:
    """Return the guard of a parameter that endpoints annotate."""
    found = get_args(annotation)[1].dependency
    assert isinstance(found, guards.Tenant)
    return found


def test_a_worker_knows_its_task_and_takes_its_queue(runtime: Runtime, kind: Kind) -> None:
    worker.add_tasks(runtime.queue, runtime.job_kinds)
    assert runtime.queue.tasks[kind.task].queue == kind.queue
    assert kind.queue in queues.ALL


def test_its_operation_asks_for_its_scope_and_so_does_cancelling(
    runtime: Runtime, kind: Kind
) -> None:
    routes = [route for route in guards.routes(main.build(runtime)) if isinstance(route, APIRoute)]
    (begins,) = [guards.guard_of(it) for it in routes if it.operation_id == kind.operation]
    assert isinstance(begins, guards.Tenant)
    assert begins.scopes == (kind.scope,)
    assert kind.scope in guard(guards.WriteJobs).scopes
    assert kind.scope in SCOPES


def test_who_may_read_its_result_may_read_its_job(kind: Kind) -> None:
    assert kind.scope.replace("write:", "read:") in guard(guards.ReadJobs).scopes


def test_its_failure_is_in_the_catalog_and_in_the_audit_trail(kind: Kind) -> None:
    assert kind.failure_code in catalog.CATALOG
    assert kind.failure in Action
    assert kind.failure.endswith(".failed")


def test_what_it_makes_is_a_row_of_a_tenant_if_it_makes_anything(kind: Kind) -> None:
    job = tables.Job(id="job_1", dataset_id="ds_1", generation_id="gen_1")
    if kind.result is None:
        assert kind.result_id(job) == "job_1"
        return
    assert kind.result_id(job) in ("ds_1", "gen_1")
    assert issubclass(kind.result, tables.TenantOwned)
    assert issubclass(kind.result, tables.Table)


def test_its_function_takes_and_returns_what_the_worker_thinks(kind: Kind) -> None:
    hints = get_type_hints(kind.function.load())
    assert (hints.pop("request"), hints.pop("return")) == (
        kind.function.request,
        kind.function.result,
    )
    assert list(hints) == ["report"]


def test_its_payloads_survive_the_border_of_processes(kind: Kind) -> None:
    request, result = PAYLOADS[kind.operation]
    assert (type(request), type(result)) == (kind.function.request, kind.function.result)
    assert pickle.loads(pickle.dumps(request)) == request  # noqa: S301 - our own
    message = messages.decode(messages.encode(messages.Completion(result)))
    assert isinstance(message, messages.Completion)
    assert kind.function.parse_result(message.result) == result


def test_a_result_that_lacks_a_field_or_has_another_type_is_refused(kind: Kind) -> None:
    other_types = dict.fromkeys(get_type_hints(kind.function.result), 0.5)
    documents: list[object] = [{}, [], other_types]
    for document in documents:
        with pytest.raises(pydantic.ValidationError):
            kind.function.parse_result(document)


def test_no_other_kind_may_have_its_names(kind: Kind) -> None:
    with pytest.raises(ValueError, match=kind.operation):
        kinds.by_operation(kind, dataclasses.replace(kind, task="other"))
    with pytest.raises(ValueError, match=kind.task):
        kinds.by_operation(kind, dataclasses.replace(kind, operation="other"))
