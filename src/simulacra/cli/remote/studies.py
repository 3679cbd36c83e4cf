"""Studies at a server: uploading, looking at, keeping and deleting them."""

import argparse
import contextlib
import dataclasses
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from simulacra.cli import option_types, study_options, summaries
from simulacra.cli.remote import command, connection, jobs, tables
from simulacra.cli.remote.command import Answer, Commands
from simulacra.cli.remote.tables import Column

if TYPE_CHECKING:
    from simulacra.client import Dataset

DATASET_ID = command.identifier("ds_", "dataset", "datasets")


def register(commands: Commands) -> None:
    """Add the commands."""
    commands.theme("studies")
    uploading = commands.add(
        "upload",
        "upload a study, and have a model trained on it",
        upload,
        takes="STUDY",
        more="The options that say how the study is read are those of `simulacra fit`.",
        examples="simulacra remote upload study.sav --name 'Wave 3'\n"
        "simulacra remote upload study.xlsx --sheet Data --types zip=nominal --weight wgt",
    )
    study_options.add(uploading)
    uploading.add_argument("--name", metavar="TEXT", help="a name for people")
    command.add_intent(uploading)
    datasets = commands.add("datasets", "list studies, the newest first", show_datasets)
    jobs.add_limit(datasets)
    schema = commands.add(
        "schema",
        "show the cleaned columns of a study, whose names conditions use",
        show_schema,
        takes="DATASET_ID",
        examples="simulacra remote schema ds_4qbsvFcOKcT0pmYfVu2rTy --find premium",
    )
    add_dataset(schema)
    schema.add_argument(
        "--find", metavar="TEXT", help="only columns with it in a name, the label or a level"
    )
    schema.add_argument(
        "--show-options",
        action="store_true",
        help="print the options that state all that was found out about the study, to be changed "
        "and pasted behind `upload`",
    )
    keep = commands.add(
        "keep",
        "keep a study longer",
        extend,
        takes="DATASET_ID HOURS",
        examples="simulacra remote keep ds_4qbsvFcOKcT0pmYfVu2rTy 72",
    )
    add_dataset(keep)
    keep.add_argument(
        "hours",
        metavar="HOURS",
        type=option_types.WholeNumber(1),
        help="counted from its creation; 168 at most",
    )
    delete = commands.add(
        "delete",
        "delete a study for good; its generations keep their own time",
        remove,
        takes="DATASET_ID",
    )
    add_dataset(delete)
    delete.add_argument("--yes", action="store_true", help="do not ask")


def add_dataset(parser: argparse.ArgumentParser) -> None:
    """Add the id of a dataset."""
    parser.add_argument("dataset_id", metavar="DATASET_ID", type=DATASET_ID)


@dataclasses.dataclass
class Intent:
    """What a command asks for, however often it is tried.

    Attributes:
        key: idempotency key that all tries have.
        job_id: of the job that it has begun; None: not known yet.
    """

    key: str
    job_id: str | None = None


@contextlib.contextmanager
def intent(arguments: argparse.Namespace) -> Iterator[Intent]:
    """Yield an intent, and say how to go on with it if the command is broken off."""
    intended = Intent(arguments.idempotency_key or str(uuid.uuid4()))
    try:
        yield intended
    except KeyboardInterrupt:
        if intended.job_id is not None:
            see = command.following(arguments, "watch", intended.job_id)
            command.note(f"See what became of the job:\n  {see}")
        again = f"--idempotency-key {intended.key}"
        command.note(f"Find what was begun, by the same command and\n  {again}")
        raise


def upload(arguments: argparse.Namespace) -> Answer:
    """Upload a study, and wait for its model unless that is not wanted."""
    overrides = study_options.overrides(arguments)
    with connection.open_client(arguments) as api, intent(arguments) as intended:
        with command.progress() as on_progress:
            dataset = api.upload(
                arguments.study,
                display_name=arguments.name,
                wait=False,
                progress=on_progress,
                idempotency_key=intended.key,
                **overrides,
            )
            intended.job_id = dataset.job_id
            if not arguments.no_wait:
                dataset.wait(arguments.timeout, progress=on_progress)
        if arguments.no_wait:
            return _begun(arguments, dataset)
        summary = [
            *summaries.of_study(arguments.study.name, dataset.schema, dataset.quality),
            f"{dataset.id} is kept until it expires {tables.ago(dataset.document['expires_at'])}.",
            f"Next:  {command.following(arguments, 'preview', dataset.id, '--rows', 5000)}",
        ]
        return Answer(dataset.document, summary)


def _begun(arguments: argparse.Namespace, dataset: "Dataset") -> Answer:
    if dataset.status == "ready":  # it was found by its key
        return Answer(dataset.document, [f"{dataset.id} is ready."])
    return Answer(
        dataset.document,
        [
            f"{dataset.id} is being trained by {dataset.job_id}.",
            f"Next:  {command.following(arguments, 'watch', dataset.job_id)}",
        ],
    )


def show_datasets(arguments: argparse.Namespace) -> Answer:
    """List datasets."""
    with connection.open_client(arguments) as api:
        found, more = command.first(api.datasets(), arguments.limit)
    documents: list[dict[str, Any]] = [it.document for it in found]
    columns = [
        Column("DATASET", [it["dataset_id"] for it in documents]),
        Column("NAME", [it.get("display_name") or "-" for it in documents], flexible=True),
        Column("STATUS", [it["status"] for it in documents]),
        Column("ROWS", [tables.count(it.get("row_count")) for it in documents], number=True),
        Column("COLUMNS", [tables.count(it.get("column_count")) for it in documents], number=True),
        Column("EXPIRES", [tables.ago(it["expires_at"]) for it in documents]),
        Column("CREATED", [tables.ago(it["created_at"]) for it in documents], least_width=100),
    ]
    return jobs.listing("datasets", documents, columns, more=more)


def show_schema(arguments: argparse.Namespace) -> Answer:
    """Show the schema and the quality of a dataset's model."""
    with connection.open_client(arguments) as api:
        dataset = api.dataset(arguments.dataset_id)
        published = api.call("GET", f"/v1/datasets/{dataset.id}/schema").json()
        schema, quality = dataset.schema, dataset.quality
    if arguments.find is not None:
        columns = schema.find(arguments.find)
        names = {column.name for column in columns}
        published["schema"] = [it for it in published["schema"] if it["name"] in names]
        lines = [summaries.column(it) for it in columns] or [f"No column has {arguments.find!r}."]
    elif arguments.show_options:
        lines = [study_options.written(schema.overrides)]
    else:
        name = dataset.display_name or dataset.id
        lines = [*summaries.of_study(name, schema, quality, at_most=None)]
    return Answer(published, lines)


def extend(arguments: argparse.Namespace) -> Answer:
    """Keep a dataset longer."""
    with connection.open_client(arguments) as api:
        dataset = api.dataset(arguments.dataset_id).keep(arguments.hours)
    expires_at = dataset.document["expires_at"]
    line = f"{dataset.id} expires {tables.ago(expires_at)}, at {expires_at}."
    return Answer(dataset.document, [line])


def remove(arguments: argparse.Namespace) -> Answer:
    """Delete a dataset."""
    with connection.open_client(arguments) as api:
        dataset = api.dataset(arguments.dataset_id)
        name = f" ({dataset.display_name})" if dataset.display_name else ""
        command.asked(
            f"Delete {dataset.id}{name} for good, with its model and its running jobs?",
            yes=arguments.yes,
        )
        dataset.delete()
    return Answer({"dataset_id": dataset.id, "status": "deleted"}, [f"{dataset.id} is deleted."])
