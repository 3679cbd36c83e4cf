"""NumPy and Arrow, imported when something of them is first used.

The API process reads schemas and checks conditions without either, which keeps it small and quick
to start; a column type nevertheless holds all that is particular to it in one class. So the modules
of this folder take the two libraries from here. Python 3.15 says the same as ``lazy import``
(PEP 810).
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

__all__ = ["np", "pa", "pc"]

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc
else:

    class _Lazy(ModuleType):
        """Stands for a module until one of its attributes is asked for."""

        def __getattr__(self, name: str) -> object:
            found = getattr(import_module(self.__name__), name)
            setattr(self, name, found)  # so that it is looked up once
            return found

    np, pa, pc = _Lazy("numpy"), _Lazy("pyarrow"), _Lazy("pyarrow.compute")
