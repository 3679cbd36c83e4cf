"""What it takes to hand rows over: files, the full report, and previews while a slider moves."""

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import simulacra
from benchmarks import page, studies
from benchmarks.options import Options
from examples import run_quickstart
from simulacra.client import Simulacra

ROWS = 20_000
FILES = {
    "parquet": "rows.parquet",
    "csv": "rows.csv",
    "arrow": "rows.arrow",
    "sav": "rows.sav",
    "zsav": "rows.zsav",
    "dta": "rows.dta",
    "triple-s": "rows.zip",
    "xlsx": "rows.xlsx",
}
KEPT = {"stays loaded": "2", "is loaded each time": "0"}
"""How many models a worker keeps for the next preview; 2 is the default."""

NOTES = """\
The study is a brand tracker of {respondents:,} respondents and {columns} columns. *Files* are
{rows:,} rows of all columns, with labels and disclosure card. The *full report* is that of 5,000
rows of a scenario, made beside them; its page is made when somebody reads it. *Previews* go to a
server on this machine, each with another share, and ask for {pictures} other questions; the middle
of {times}, after a first one that loads the model. Processor seconds vary less on a shared
machine."""


def run(options: Options) -> None:
    """Measure files, report and previews, and write docs/benchmarks/delivery.md."""
    model = simulacra.fit(options.data / studies.BURGER, progress=False)
    scenario, pictures = _asked(model, 0.5), _pictures(model)
    times = 3 if options.quick else 10
    parts: list[str] = []
    if options.includes("files"):
        parts += ["## Files", _files(model, ROWS // 10 if options.quick else ROWS)]
    if options.includes("report"):
        parts += ["## The full report", _report(model, scenario)]
    if options.includes("previews"):
        parts += ["## Previews", _previews(options.data / studies.BURGER, model, pictures, times)]
    notes = NOTES.format(
        respondents=model.study.num_rows,
        columns=len(model.schema),
        rows=ROWS,
        pictures=len(pictures),
        times=times,
    )
    page.write("delivery", "Handing rows over", [*parts, notes], save=options.is_complete)


def _asked(model: simulacra.Model, share: float) -> dict[str, Any]:
    """Return a scenario on a late column, of which a good part of the respondents have a level."""
    late = next(each for each in reversed(model.schema.columns) if each.levels)
    return {"categorical": {late.name: {late.levels[0]: share}}}


def _pictures(model: simulacra.Model) -> list[str]:
    asked = _asked(model, 0.5)["categorical"]
    names = [each.name for each in model.schema.columns if each.levels and each.name not in asked]
    return names[:3]


def _files(model: simulacra.Model, rows: int) -> str:
    made = model.generate(rows, seed=1, progress=False)
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for name, file in FILES.items():
            path = Path(folder, file)
            _, wall, processor = _timed(lambda path=path: made.write(path))  # type: ignore[misc]  # bound now
            lines.append(
                [name, f"{wall:.1f}", f"{processor:.1f}", f"{path.stat().st_size / 1e6:.1f}"]
            )
    return page.table(["format", "seconds", "processor s", "MB"], lines)


def _report(model: simulacra.Model, scenario: dict[str, Any]) -> str:
    model.generate(5_000, seed=1, progress=False, **scenario)  # fits what the scenario needs
    made, *spent = _timed(lambda: model.generate(5_000, seed=1, progress=False, **scenario))
    lines = [["5,000 rows of a repeated scenario", *(f"{it:.2f}" for it in spent), ""]]
    report, *spent = _timed(made.full_report)
    lines.append(["figures of the full report", *(f"{it:.2f}" for it in spent), ""])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "report.html")
        path.write_text(report.to_html("Tracker", None), encoding="utf-8")
        _, *spent = _timed(lambda: report.to_html("Tracker", None))
        size = f"{path.stat().st_size / 1e6:.2f}"
    lines.append(["its page", *(f"{it:.2f}" for it in spent), size])
    return page.table(["what", "seconds", "processor s", "MB"], lines)


def _previews(study: Path, model: simulacra.Model, pictures: list[str], times: int) -> str:
    lines = []
    for name, kept in KEPT.items():
        with _server(kept) as api:
            dataset = api.upload(study, progress=False)
            spent = []
            for at in range(times + 1):
                began = time.perf_counter()
                asked = _asked(model, 0.3 + 0.02 * at)
                dataset.preview(5_000, columns=pictures, **asked)
                spent.append(time.perf_counter() - began)
        first, others = spent[0], spent[1:]
        lines.append([f"the model {name}", f"{first:.2f}", f"{statistics.median(others):.2f}"])
    return page.table(["", "first, s", "each of the next, s"], lines)


@contextmanager
def _server(kept: str) -> Iterator[Simulacra]:
    """Run a server, whose worker keeps so many models, and yield a client of a tenant."""
    os.environ["SIMULACRA_KEPT_MODELS"] = kept
    try:
        with tempfile.TemporaryDirectory() as folder:
            data_dir, port = Path(folder, "data"), run_quickstart.free_port()
            with run_quickstart.server(data_dir, port):
                variables = run_quickstart.credentials(data_dir, port)
                with Simulacra(
                    base_url=variables["SIMIO_API_BASE"],
                    client_id=variables["SIMIO_CLIENT_ID"],
                    client_secret=variables["SIMIO_CLIENT_SECRET"],
                    ca_file=variables["SSL_CERT_FILE"],
                ) as api:
                    yield api
    finally:
        del os.environ["SIMULACRA_KEPT_MODELS"]


def _timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """Return the result of `work`, its wall-clock seconds and its processor seconds."""
    began, processor = time.perf_counter(), time.process_time()
    result = work()
    return result, time.perf_counter() - began, time.process_time() - processor
