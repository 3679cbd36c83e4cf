"""Synthetic rows from a server: previews, generations, reports, downloads."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulacra.cli import option_types, report_options, scenario_options, table_options
from simulacra.cli.remote import command, connection, failing, jobs, studies, tables
from simulacra.cli.remote.command import Answer, Commands
from simulacra.cli.remote.tables import Column
from simulacra.engine import outputs

if TYPE_CHECKING:
    from simulacra.client import Generation
    from simulacra.engine.progress import ProgressCallback

SOURCE_ID = command.identifier("ds_|gen_", "dataset or generation", "datasets")
GENERATION_ID = command.identifier("gen_", "generation", "generations")
DEFAULT_FORMAT = "parquet"
LINKS = ("artifact_url", "artifact_token")
"""Members of a generation that give access to its rows for some minutes."""


def register(commands: Commands) -> None:
    """Add the commands."""
    commands.theme("rows")
    preview = commands.add(
        "preview",
        "tell what `generate` would give, at no cost; makes no rows",
        show_preview,
        takes="DATASET_ID --rows N",
        more="The options of a scenario are those of `simulacra preview`.",
        examples="simulacra remote preview ds_4qbsvFcOKcT0pmYfVu2rTy --rows 5000 "
        "--share segment=Premium:0.55",
    )
    studies.add_dataset(preview)
    scenario_options.add(preview)
    scenario_options.add_margins(preview)
    command.add_timeout(preview)
    generate = commands.add(
        "generate",
        "generate rows under a scenario, and download them; rows are billed",
        make,
        takes="DATASET_ID --rows N",
        more="The options of a scenario are those of `simulacra generate`.",
        examples="simulacra remote generate ds_4qbsvFcOKcT0pmYfVu2rTy --rows 5000 --seed 7 "
        "--share segment=Premium:0.55\n"
        "simulacra remote generate ds_4qbsvFcOKcT0pmYfVu2rTy --rows 5000 "
        "--conditions scenario.json --no-wait",
    )
    studies.add_dataset(generate)
    scenario_options.add(generate)
    generate.add_argument(
        "--output",
        metavar="FILE",
        type=_output,
        default=Path("synthetic.parquet"),
        help="whose ending says the format, such as .parquet, .csv or .arrow (default: "
        "synthetic.parquet)",
    )
    scenario_options.add_margins(generate)
    scenario_options.add_shape(generate)
    command.add_intent(generate)
    download = commands.add(
        "download",
        "download the rows of a generation, once they are there",
        fetch,
        takes="GENERATION_ID",
        more="A download that breaks off is resumed by the same command. In another format than "
        "the rows were generated in, the service writes them once more; it costs no rows.",
        examples="simulacra remote download gen_3Vb0qDPx2HzXl8sTnRkYcU --output synthetic.sav",
    )
    download.add_argument("generation_id", metavar="GENERATION_ID", type=GENERATION_ID)
    download.add_argument(
        "--output",
        metavar="FILE",
        type=option_types.new_file,
        help="to write, in the format of its ending, such as .xlsx or .sav (default: synthetic, "
        "with the ending of the format that the rows were generated in)",
    )
    command.add_timeout(download)
    report = commands.add(
        "report",
        "show what a generation has achieved, and who stands behind it",
        show_report,
        takes="GENERATION_ID",
    )
    report.add_argument("generation_id", metavar="GENERATION_ID", type=GENERATION_ID)
    report.add_argument(
        "--output",
        metavar="FILE",
        type=report_options.file,
        help="write the full report: a .html page to hand on, or its figures as .json",
    )
    report_options.add_name(report)
    crosstab = commands.add(
        "crosstab",
        "a cross table of a study or of rows, tested on the respondents behind",
        tabulate,
        takes="DATASET_ID|GENERATION_ID --show COLUMN",
        more="It is that of `simulacra crosstab`.",
        examples="simulacra remote crosstab gen_3Vb0qDPx2HzXl8sTnRkYcU --show channel "
        "monthly_spend --banner segment",
    )
    crosstab.add_argument(
        "source_id",
        metavar="DATASET_ID|GENERATION_ID",
        type=SOURCE_ID,
        help="whose respondents or rows are counted",
    )
    table_options.add(crosstab)
    crosstab.add_argument(
        "--output",
        metavar="FILE.xlsx",
        type=_workbook,
        help="write a workbook to hand over, with a sheet for each question",
    )
    command.add_timeout(crosstab)
    compare = commands.add(
        "compare",
        "figures of a study and of rows side by side, ranked by surprise",
        compare_rows,
        takes="GENERATION_ID",
        more="It is that of `simulacra compare`.",
    )
    compare.add_argument("generation_id", metavar="GENERATION_ID", type=GENERATION_ID)
    compare.add_argument(
        "--against",
        metavar="GENERATION_ID",
        type=GENERATION_ID,
        help="compare with these rows of the same study (default: compare with the study)",
    )
    table_options.add_columns(compare)
    command.add_timeout(compare)
    generations = commands.add(
        "generations", "list generations, the newest first", show_generations
    )
    generations.add_argument(
        "--dataset", metavar="DATASET_ID", type=studies.DATASET_ID, help="only those of this study"
    )
    jobs.add_limit(generations)


def _workbook(text: str) -> Path:
    path = option_types.new_file(text)
    if path.suffix.lower() != ".xlsx":
        raise argparse.ArgumentTypeError(f"{text!r} is no workbook; end it in .xlsx")
    return path


def _output(text: str) -> Path:
    path = option_types.new_file(text)
    if not path.suffix:
        raise argparse.ArgumentTypeError(
            f"{text!r} names no format; end it in .parquet, .csv or another that the server makes"
        )
    return path


def show_preview(arguments: argparse.Namespace) -> Answer:
    """Preview a scenario; one of which no row can be had is an answer, not a failure."""
    asked = scenario_options.conditions_of(arguments)
    with connection.open_client(arguments) as api:
        preview = api.dataset(arguments.dataset_id).preview(
            arguments.rows,
            seed=arguments.seed,
            margins=arguments.margins or False,
            timeout=arguments.timeout,
            progress=False,
            **asked,
        )
    tail = [
        "Next, with the same options: "
        + command.following(arguments, "generate", arguments.dataset_id, "--rows", arguments.rows)
    ]
    return Answer(preview.to_json(), [*str(preview).split("\n"), *tail])


def make(arguments: argparse.Namespace) -> Answer:
    """Generate rows, download them, and show their report."""
    asked = scenario_options.conditions_of(arguments)
    with connection.open_client(arguments) as api, studies.intent(arguments) as intended:
        dataset = api.dataset(arguments.dataset_id)
        made = dataset.generate(
            arguments.rows,
            seed=arguments.seed,
            margins=arguments.margins or False,
            support_weight=arguments.support_weight,
            format=outputs.format_of(arguments.output.suffix.lstrip(".")),
            layout=arguments.layout,
            values=arguments.values,
            wait=False,
            idempotency_key=intended.key,
            **asked,
        )
        intended.job_id = made.job_id
        if arguments.no_wait:
            return _begun(arguments, made)
        with command.progress() as on_progress:
            path = _wait_and_write(made, arguments, arguments.output, on_progress)
    return _written(arguments, made, path)


def _begun(arguments: argparse.Namespace, made: "Generation") -> Answer:
    next_words = ("download", made.id, "--output", str(arguments.output))
    return Answer(
        document_of(made),
        [
            f"{made.id} is made by {made.job_id}.",
            f"Next:  {command.following(arguments, *next_words)}",
        ],
    )


def _wait_and_write(
    made: "Generation",
    arguments: argparse.Namespace,
    path: Path,
    on_progress: "ProgressCallback | None",
) -> Path:
    made.wait(arguments.timeout, progress=on_progress)
    return made.download(path, progress=on_progress)


def _written(arguments: argparse.Namespace, made: "Generation", path: Path) -> Answer:
    is_partial = made.status == "partial"
    return Answer(
        document_of(made) | {"file": str(path.resolve())},
        [
            *str(made.report).split("\n"),
            f"Wrote {path}: {made.rows_generated:,} rows, of {made.id}.",
            f"Next:  {command.following(arguments, 'compare', made.id)}",
        ],
        failing.PARTIAL if is_partial else 0,
    )


def document_of(made: "Generation") -> dict[str, Any]:
    """Return what the service says of a generation, without the links to its rows."""
    return {name: it for name, it in made.document.items() if name not in LINKS}


def fetch(arguments: argparse.Namespace) -> Answer:
    """Download the rows of a generation."""
    with connection.open_client(arguments) as api:
        made = api.generation(arguments.generation_id)
        path = arguments.output or Path(f"synthetic.{outputs.suffix_of(made.format)}")
        with command.progress() as on_progress:
            path = _wait_and_write(made, arguments, path, on_progress)
    return _written(arguments, made, path)


def show_report(arguments: argparse.Namespace) -> Answer:
    """Show the report of a generation."""
    with connection.open_client(arguments) as api:
        made = api.generation(arguments.generation_id)
        lines = str(made.report).split("\n")
        if arguments.output is None:
            return Answer(document_of(made), lines)
        path, name = arguments.output, arguments.name or f"Generation {made.id}"
        if path.suffix.lower() == ".json":
            report_options.write(path, made.full_report(), name)
        else:
            made.to_html(path, name=name)
    document = document_of(made) | {"file": str(path.resolve())}
    return Answer(document, [*lines, f"Wrote {path}, of {made.id}."])


def tabulate(arguments: argparse.Namespace) -> Answer:
    """Make a cross table of a study or of rows."""
    with connection.open_client(arguments) as api, command.progress() as on_progress:
        is_study = arguments.source_id.startswith("ds_")
        source = (api.dataset if is_study else api.generation)(arguments.source_id)
        table = source.crosstab(
            arguments.show,
            banner=arguments.banner,
            weight=arguments.weight,
            timeout=arguments.timeout,
            progress=on_progress,
        )
    lines, document = str(table).split("\n"), table.to_json()
    if arguments.output is not None:
        table.write(arguments.output)
        lines.append(f"Wrote {arguments.output}.")
        document["file"] = str(arguments.output.resolve())
    return Answer(document, lines)


def compare_rows(arguments: argparse.Namespace) -> Answer:
    """Compare rows with their study, or with other rows of it."""
    with connection.open_client(arguments) as api, command.progress() as on_progress:
        made = api.generation(arguments.generation_id)
        first = None if arguments.against is None else api.generation(arguments.against)
        found = made.compare(
            first, columns=arguments.columns, timeout=arguments.timeout, progress=on_progress
        )
    return Answer(found.to_json(), str(found).split("\n"))


def show_generations(arguments: argparse.Namespace) -> Answer:
    """List generations."""
    with connection.open_client(arguments) as api:
        found, more = command.first(api.generations(arguments.dataset), arguments.limit)
    documents = [document_of(it) for it in found]
    rows = [tables.count(it.get("rows_generated") or it["row_count"]) for it in documents]
    columns = [
        Column("GENERATION", [it["generation_id"] for it in documents]),
        Column("STATUS", [it["status"] for it in documents]),
        Column("ROWS", rows, number=True),
        Column("EXPIRES", [tables.ago(it["expires_at"]) for it in documents]),
        Column("DATASET", [it["dataset_id"] for it in documents]),
        Column("FORMAT", [it["output_format"] for it in documents], least_width=100),
        Column("CREATED", [tables.ago(it["created_at"]) for it in documents], least_width=115),
    ]
    return jobs.listing("generations", documents, columns, more=more)
