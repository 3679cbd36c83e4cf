"""Modules are loaded without the collector of garbage, which works as ever afterwards."""

import subprocess
import sys

LOADS = """
import gc
from simulacra.cli import loading
loading.load("json", "simulacra.service.settings")
print(gc.isenabled(), gc.get_freeze_count() > 10_000)
gc.unfreeze()
loading.load("json", "simulacra.service.settings")
print(gc.isenabled(), gc.get_freeze_count())
try:
    loading.load("simulacra.nothing")
except ImportError:
    print(gc.isenabled(), gc.get_freeze_count())
"""


def test_what_is_loaded_is_no_business_of_the_collector() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", LOADS], capture_output=True, text=True, check=True
    )
    assert ended.stdout.splitlines() == ["True True", "True 0", "True 0"]
