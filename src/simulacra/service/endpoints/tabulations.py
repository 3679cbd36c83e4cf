"""Asking for cross tables and comparisons of a study and of the rows that were made of it."""

from typing import Any

from fastapi import APIRouter, Response

from simulacra.service.endpoints import answers
from simulacra.service.fields import MAX_WAIT_SECONDS
from simulacra.service.generations import schemas, service, tabulation_schemas, tabulations
from simulacra.service.http import content, guards, json_text, openapi, serving, waiting

MAX_BODY_BYTES = 256 * 1024
"""As of a generation."""

router = APIRouter(tags=["tables"], route_class=json_text.Route)

JOB = openapi.link("getJob", "Until it is completed: poll the job.", job_id="job_id")
PROBLEMS = (
    "simio_invalid_field",
    "simio_unknown_condition_column",
    "simio_dataset_not_found",
    "simio_dataset_not_ready",
    "simio_dataset_failed",
    *waiting.OF_FAILED_JOBS,
    "simio_tabulation_failed",
    "simio_customer_key_unavailable",
    "simio_customer_storage_unavailable",
)


def _responses(what: str, *codes: str, **links: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    envelope = {"model": schemas.JobWithAnswer, "links": {"job": JOB, **links}}
    return {
        200: envelope | {"description": f"The {what}."},
        202: envelope
        | {"description": "It takes longer than a request is held; poll the job."}
        | openapi.sends("Location", "Retry-After"),
        **openapi.problems(*PROBLEMS, *codes),
    }


@router.post(
    "/v1/datasets/{dataset_id}/crosstabs",
    operation_id=tabulations.CROSSTAB_OF_STUDY.operation,
    summary="Tabulate a study",
    response_model=schemas.JobWithAnswer,
    response_model_exclude_none=True,
    responses=_responses(
        "table",
        generate=openapi.link(
            "createGeneration", "Ask for rows to compare it with.", dataset_id="dataset_id"
        ),
    ),
    dependencies=[content.JsonOnly],
    max_body_size=MAX_BODY_BYTES,
)
async def tabulate_dataset(
    dataset_id: str,
    body: tabulation_schemas.CrosstabRequest,
    response: Response,
    caller: guards.Tabulate,
    runtime: serving.Runtime,
) -> schemas.JobWithAnswer:
    """Cross-tabulate the respondents of a study, with significance letters.

    It costs no rows and makes nothing, so it may be repeated without a key. Figures of fewer than
    five respondents are left out. The answer is held for up to 30 seconds: 200 with the table or,
    if it takes longer, 202 with the job, which shows it once it is completed.
    """
    made = service.Tabulations(runtime.database, runtime.endings.admission)
    job = await made.of_study(caller, dataset_id, body)
    return await answers.wait_for(runtime, caller, job, response, MAX_WAIT_SECONDS)


@router.post(
    "/v1/generations/{generation_id}/crosstabs",
    operation_id=tabulations.CROSSTAB_OF_ROWS.operation,
    summary="Tabulate the rows of a generation",
    response_model=schemas.JobWithAnswer,
    response_model_exclude_none=True,
    responses=_responses("table", "simio_generation_not_found"),
    dependencies=[content.JsonOnly],
    max_body_size=MAX_BODY_BYTES,
)
async def tabulate_generation(
    generation_id: str,
    body: tabulation_schemas.CrosstabRequest,
    response: Response,
    caller: guards.Tabulate,
    runtime: serving.Runtime,
) -> schemas.JobWithAnswer:
    """Cross-tabulate the rows of a generation, tested on the respondents behind them.

    Bases and letters come from effective respondents under the scenario, not from how many rows
    there are. The dataset must still be there. Otherwise as for a study.
    """
    made = service.Tabulations(runtime.database, runtime.endings.admission)
    job = await made.of_rows(caller, generation_id, body)
    return await answers.wait_for(runtime, caller, job, response, MAX_WAIT_SECONDS)


@router.post(
    "/v1/generations/{generation_id}/comparisons",
    operation_id=tabulations.COMPARISON.operation,
    summary="Compare a generation with its study or another generation",
    response_model=schemas.JobWithAnswer,
    response_model_exclude_none=True,
    responses=_responses("comparison", "simio_generation_not_found"),
    dependencies=[content.JsonOnly],
    max_body_size=MAX_BODY_BYTES,
)
async def compare_generation(
    generation_id: str,
    body: tabulation_schemas.ComparisonRequest,
    response: Response,
    caller: guards.Tabulate,
    runtime: serving.Runtime,
) -> schemas.JobWithAnswer:
    """Put figures of a generation beside those of its study, the most surprising change first.

    Its margins of error are the intervals, if it was made with them and is compared with its study;
    otherwise intervals come from effective bases. `with` names another generation of the same
    dataset to compare with. Otherwise as for tables.
    """
    made = service.Tabulations(runtime.database, runtime.endings.admission)
    job = await made.comparison(caller, generation_id, body)
    return await answers.wait_for(runtime, caller, job, response, MAX_WAIT_SECONDS)
