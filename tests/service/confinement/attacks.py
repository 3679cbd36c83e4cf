"""What code might try that has taken the process of a job over.

Each attack is an entry of `ATTACKS`; `run` tries one and tells how the kernel answered. It is run
in the child of a job, after confinement, or by this module as a script without any.
"""

import contextlib
import ctypes
import errno
import json
import os
import resource
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyseccomp

from simulacra.engine.progress import ProgressCallback

Targets = dict[str, Any]
"""Paths, process ids and ports to attack, by what they are."""

PTRACE_SEIZE = 0x4206  # <sys/ptrace.h>; unlike an attachment it does not stop the victim
PTRACE_TRACEME = 0
SUCCEEDED = "succeeded"


def call(name: str, *arguments: Any) -> None:  # noqa: ANN401 - whatever C takes
    """Make a system call.

    Raises:
        OSError: the kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    number = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name)
    padded = [*arguments, *[0] * (6 - len(arguments))]
    words = [ctypes.c_long(word) if isinstance(word, int) else word for word in padded]
    if libc.syscall(ctypes.c_long(number), *words) == -1:
        raise OSError(ctypes.get_errno(), name)


def read(target: str) -> Callable[[Targets], None]:
    def attack(targets: Targets) -> None:
        Path(targets[target]).read_bytes()

    return attack


def listed(target: str) -> Callable[[Targets], None]:
    def attack(targets: Targets) -> None:
        list(Path(targets[target]).iterdir())

    return attack


def written(target: str) -> Callable[[Targets], None]:
    def attack(targets: Targets) -> None:
        os.close(os.open(targets[target], os.O_WRONLY | os.O_CREAT, 0o600))

    return attack


def of_process(name: str) -> Callable[[Targets], None]:
    def attack(targets: Targets) -> None:
        with open(f"/proc/{targets['victim']}/{name}", "rb") as file:  # noqa: PTH123 - no buffer
            file.read(1)

    return attack


def read_memory(targets: Targets) -> None:
    os.close(os.open(f"/proc/{targets['victim']}/mem", os.O_RDONLY))


def bare(name: str) -> Callable[[Targets], None]:
    """Make a system call without sensible arguments: the kernel must not even look at them."""
    return lambda _: call(name)


def connect(targets: Targets) -> None:
    with socket.socket() as client:
        client.connect(("127.0.0.1", targets["port"]))


def open_socket(family: int) -> Callable[[Targets], None]:
    return lambda _: socket.socket(family, socket.SOCK_DGRAM).close()


def fork(_: Targets) -> None:
    if os.fork() == 0:
        os._exit(0)


def fork_bomb(_: Targets) -> None:
    while True:
        if os.fork() == 0:
            os._exit(0)


def execute(_: Targets) -> None:
    os.execv("/bin/echo", ["echo", SUCCEEDED])  # noqa: S606 - that is the attack


def seize(targets: Targets) -> None:
    call("ptrace", PTRACE_SEIZE, targets["victim"])


def read_process(targets: Targets) -> None:
    call("process_vm_readv", targets["victim"])


def signal(targets: Targets) -> None:
    os.kill(targets["victim"], 0)


def limit(targets: Targets) -> None:
    resource.prlimit(targets["victim"], resource.RLIMIT_CORE, (0, 0))


def mount(targets: Targets) -> None:
    call("mount", b"none", str(targets["own"]).encode(), b"tmpfs", 0, None)


def link(targets: Targets) -> None:
    own = Path(targets["own"], "link")
    own.symlink_to(targets["master_key"])
    own.unlink()


def hard_link(targets: Targets) -> None:
    own = Path(targets["own"], "hard_link")
    own.hardlink_to(targets["master_key"])
    own.unlink()


def change_mode(targets: Targets) -> None:
    Path(targets["master_key"]).chmod(0o600)


def truncate(targets: Targets) -> None:
    os.truncate(targets["other_file"], 1)


def remove(targets: Targets) -> None:
    Path(targets["removable"]).unlink()


def dump_core(_: Targets) -> None:
    if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
        try:
            resource.setrlimit(resource.RLIMIT_CORE, (1, 1))
        except ValueError:  # how Python says it
            raise PermissionError(errno.EPERM, "the hard limit stays") from None


ENOSYS, EACCES, EPERM = "ENOSYS", "EACCES", "EPERM"
ATTACKS: dict[str, tuple[str, Callable[[Targets], None]]] = {
    "read the master key": (EACCES, read("master_key")),
    "read a key of TLS": (EACCES, read("tls_key")),
    "list the data directory": (EACCES, listed("data_dir")),
    "read another job's study": (EACCES, read("other_file")),
    "list another job's folder": (EACCES, listed("other_folder")),
    "list the folder of all folders": (EACCES, listed("temporary")),
    "read the environment of a process": (EACCES, of_process("environ")),
    "read the memory of a process": (EACCES, read_memory),
    "read the map of a process": (EACCES, of_process("maps")),
    "write elsewhere": (EACCES, written("elsewhere")),
    "write to the cache of machine code": (EACCES, written("cached")),
    "truncate another job's study": (ENOSYS, truncate),
    "remove a file elsewhere": (EACCES, remove),
    "change a mode": (ENOSYS, change_mode),
    "make a link to the master key": (ENOSYS, link),
    "make a hard link to the master key": (ENOSYS, hard_link),
    "open an INET socket": (ENOSYS, open_socket(socket.AF_INET)),
    "open a UNIX socket": (ENOSYS, open_socket(socket.AF_UNIX)),
    "open a NETLINK socket": (ENOSYS, open_socket(socket.AF_NETLINK)),
    "connect to PostgreSQL": (ENOSYS, connect),
    "fork": (ENOSYS, fork),
    "fork bomb": (ENOSYS, fork_bomb),
    "execute a program": (ENOSYS, execute),
    "trace a process": (ENOSYS, seize),
    "read a process": (ENOSYS, read_process),
    "signal a process": (ENOSYS, signal),
    "limit a process": (ENOSYS, limit),
    "mount": (ENOSYS, mount),
    "dump core": (EPERM, dump_core),
    **{
        name: (ENOSYS, bare(name))
        for name in (
            *("keyctl", "add_key", "request_key", "bpf", "userfaultfd", "perf_event_open"),
            *("io_uring_setup", "kexec_load", "init_module", "finit_module", "delete_module"),
            *("unshare", "setns", "clone3", "pidfd_open", "process_vm_writev", "umount2"),
            *("pivot_root", "chroot", "open_by_handle_at", "shmget", "memfd_create", "mknodat"),
            *("setuid", "capset", "socketpair", "tkill", "rt_sigqueueinfo", "execveat"),
        )
    },
}
"""Attacks by what they are after, each with how the kernel is to answer a confined process."""

ONLY_CONFINED = (
    *("fork bomb", "mount", "clone3", "shmget"),
    *("kexec_load", "init_module", "finit_module", "delete_module"),
)
"""What is not tried where nothing holds it back, or is missing from many kernels."""


def outcome(name: str, targets: Targets) -> str:
    """Try an attack, and return the name of the error that it met."""
    try:
        ATTACKS[name][1](targets)
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return SUCCEEDED


def run(request: Targets, report: ProgressCallback) -> dict[str, Any]:  # noqa: ARG001 - a job's form
    """Try everything, in the child of a job."""
    return {name: outcome(name, request) for name in ATTACKS}


def look_around(request: Targets, report: ProgressCallback) -> dict[str, Any]:  # noqa: ARG001 - a job's form
    """Return what a job is given beside its request."""
    folder = "/proc/self/fd"
    descriptors = {}
    for number in range(256):
        with contextlib.suppress(OSError):
            descriptors[str(number)] = str(Path(f"{folder}/{number}").readlink())
    return {
        "environment": dict(os.environ),
        "arguments": sys.argv,
        "descriptors": descriptors,
        "user": os.geteuid(),
        "threads": resource.getrlimit(resource.RLIMIT_NPROC)[0],
        "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
    }


if __name__ == "__main__":
    sys.stdout.write(outcome(sys.argv[1], json.loads(sys.argv[2])))
