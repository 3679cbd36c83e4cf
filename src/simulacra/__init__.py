"""Simulacra: scenario-conditioned synthetic survey data.

    model = simulacra.fit("study.csv")
    out = model.generate(5000, categorical={"segment": {"Premium": 0.55}})
    out.write("synthetic.parquet")

Importing this package loads nothing heavy; the engine comes with the first use.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulacra.engine.errors import (
        ConditionError,
        EngineError,
        InfeasibleError,
        SavedModelError,
        StudyError,
        TableError,
    )
    from simulacra.engine.pipeline import Generation, Model, fit, load, validate
    from simulacra.engine.progress import Progress
    from simulacra.engine.report.preview import Preview
    from simulacra.engine.tabulating.comparison import Comparison
    from simulacra.engine.tabulating.crosstab import Crosstab
    from simulacra.engine.tabulating.functions import compare, crosstab
    from simulacra.engine.validation.validation import Validation

__all__ = [
    "Comparison",
    "ConditionError",
    "Crosstab",
    "EngineError",
    "Generation",
    "InfeasibleError",
    "Model",
    "Preview",
    "Progress",
    "SavedModelError",
    "StudyError",
    "TableError",
    "Validation",
    "compare",
    "crosstab",
    "fit",
    "load",
    "validate",
]

HOMES = {
    "Comparison": "tabulating.comparison",
    "Crosstab": "tabulating.crosstab",
    "Preview": "report.preview",
    "Progress": "progress",
    "Validation": "validation.validation",
    "compare": "tabulating.functions",
    "crosstab": "tabulating.functions",
}


def __getattr__(name: str) -> object:
    if name == "__version__":  # reading it takes longer than all else here
        return import_module("importlib.metadata").version("simulacra-client")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "errors" if name.endswith("Error") else HOMES.get(name, "pipeline")
    try:
        return getattr(import_module(f"simulacra.engine.{home}"), name)
    except ModuleNotFoundError as error:
        if find_spec("simulacra.engine.pipeline") is not None:
            raise
        raise ModuleNotFoundError(
            f"simulacra.{name} needs the library, and only the client is installed: "
            "pip install simulacra",
            name=error.name,
        ) from error


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
