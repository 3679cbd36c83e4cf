"""What is not installed unless somebody wants it, such as the library that draws pictures."""

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

LIBRARY, CLIENT = "simulacra", "simulacra-client"
"""The two packages; both have extras of the same names."""


def load(module: str, what: str, extra: str | None = None) -> ModuleType:
    """Return a module that may not be installed.

    Args:
        module: its name.
        what: needs it, for people.
        extra: of this package that installs it; by default it is installed by its own name.

    Raises:
        ModuleNotFoundError: it is not there; names the command that installs it.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        if error.name != package:
            raise  # it is there, and something that it needs itself is not
        wanted = package if extra is None else f'"{_own()}[{extra}]"'
        raise ModuleNotFoundError(
            f"{what} needs {package}, which is not installed: pip install {wanted}", name=package
        ) from None


def _own() -> str:
    return LIBRARY if find_spec("simulacra.engine.pipeline") else CLIENT
