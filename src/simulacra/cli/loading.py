"""Loading the modules of a command, which takes most of the time that a short one takes."""

import gc
import importlib
import sys


def load(*names: str) -> None:
    """Import modules without looking for garbage, and never look for it in them.

    A module leaves hundreds of thousands of objects behind, and hardly any garbage. The collector
    would go through them again and again while they come, and once more at the end of the process:
    a third of the time that it takes to load the service.
    """
    missing = [name for name in names if name not in sys.modules]
    if not missing:
        return
    gc.disable()
    try:
        for name in missing:
            importlib.import_module(name)
        gc.freeze()
    finally:
        gc.enable()
