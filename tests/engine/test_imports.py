import json
import subprocess
import sys

import pytest

import simulacra

HEAVY = (
    *("numpy", "numba", "pyarrow", "sklearn", "scipy"),
    *("pandas", "polars", "fastexcel", "pyreadstat", "matplotlib", "great_tables", "jinja2"),
)
LIGHT = (
    "simulacra",
    "simulacra.engine.errors",
    "simulacra.engine.columns.schema",
    "simulacra.engine.scenario.conditions",
    "simulacra.engine.formats",
    "simulacra.engine.limits",
    "simulacra.engine.options",
    "simulacra.engine.codebook",
    "simulacra.engine.progress",
    "simulacra.engine.display",
    "simulacra.engine.full_report.full_report",
    "simulacra.engine.report.distributions",
    "simulacra.engine.report.preview",
    "simulacra.engine.margins.margins",
    "simulacra.engine.tabulating.comparison",
    "simulacra.engine.tabulating.crosstab",
    "simulacra.engine.tabulating.functions",
    "simulacra.client",
)


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )


@pytest.mark.parametrize("module", LIGHT)
def test_importing_it_loads_nothing_heavy(module: str) -> None:
    done = run(f"import json, sys, {module}; print(json.dumps(list(sys.modules)))")
    assert not set(HEAVY) & set(json.loads(done.stdout))


@pytest.mark.parametrize("name", simulacra.__all__)
def test_every_public_name_resolves(name: str) -> None:
    assert getattr(simulacra, name).__name__ == name
    assert name in dir(simulacra)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = simulacra.nothing


def test_fitting_and_generating_print_nothing() -> None:
    done = run(
        "import numpy, pyarrow, simulacra\n"
        "from examples import study\n"
        "table = pyarrow.table(study.population(300, numpy.random.default_rng(1)))\n"
        "model = simulacra.fit(table)\n"
        "model.generate(50, seed=1, categorical={'segment': {'Premium': 0.5}})\n"
    )
    assert (done.stdout, done.stderr) == ("", "")
