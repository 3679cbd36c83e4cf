"""Memory that is closed to other processes of the same account."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

LOOK = """
import os, sys, time
from simulacra.service.confinement import kernel

def look(pid):
    os.setresuid(65534, 65534, 65534)
    for name in ("environ", "mem"):
        try:
            os.close(os.open(f"/proc/{pid}/{name}", os.O_RDONLY))
            print("open", flush=True)
        except PermissionError:
            print("closed", flush=True)

reader, writer = os.pipe()
if (victim := os.fork()) == 0:
    os.setresuid(65534, 65534, 65534)
    kernel._prctl(kernel.PR_SET_DUMPABLE, 1)  # which the change of account took away
    if sys.argv[1] == "hidden":
        kernel.hide_memory()
    os.write(writer, b"ready")
    time.sleep(600)
os.read(reader, 5)
if (other := os.fork()) == 0:
    look(victim)
    os._exit(0)
os.waitpid(other, 0)
os.kill(victim, 9)
"""
DUMPABLE = """
import ctypes
from simulacra.cli import settings
settings.load()
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can take another account")
@pytest.mark.parametrize(("how", "seen"), [("plain", "open"), ("hidden", "closed")])
def test_hidden_memory_is_closed_to_processes_of_the_same_account(how: str, seen: str) -> None:
    command = [sys.executable, "-c", LOOK, how]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stdout.split() == [seen, seen]


def test_a_process_that_has_read_its_settings_hides_its_memory(tmp_path: Path) -> None:
    command = [sys.executable, "-c", DUMPABLE]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert ended.stdout.strip() == "0"
