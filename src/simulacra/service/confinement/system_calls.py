"""The system calls of a job: a filter that knows those that computing on files takes.

All others fail as if the kernel did not have them (ENOSYS), which libraries are prepared for. There
are no sockets, no new processes and programs, no signals to others, no tracing, mounts, namespaces,
keys, modules, links, owners or modes of files among them. A call of another architecture's table
ends the process.
"""

import errno
import fcntl
import os
import signal
from typing import Any

try:
    import pyseccomp
except (ImportError, RuntimeError):  # there is no libseccomp.so.2
    pyseccomp = None

FREE = (
    # memory
    *("brk", "mmap", "mprotect", "munmap", "mremap", "madvise", "mincore", "membarrier"),
    # files
    *("open", "openat", "close", "close_range", "read", "write", "readv", "writev", "pread64"),
    *("pwrite64", "preadv", "pwritev", "lseek", "stat", "fstat", "lstat", "newfstatat", "statx"),
    *("statfs", "fstatfs", "access", "faccessat", "faccessat2", "getdents", "getdents64"),
    *("readlink", "readlinkat", "getcwd", "mkdir", "mkdirat", "rmdir", "unlink", "unlinkat"),
    *("rename", "renameat", "renameat2", "ftruncate", "fallocate", "fsync", "fdatasync"),
    *("fadvise64", "flock", "umask", "dup", "dup2", "dup3", "copy_file_range", "sendfile"),
    # pipes and waiting
    *("pipe", "pipe2", "poll", "ppoll", "select", "pselect6", "eventfd2", "epoll_create1"),
    *("epoll_ctl", "epoll_wait", "epoll_pwait"),
    # threads
    *("futex", "set_robust_list", "get_robust_list", "rseq", "set_tid_address", "arch_prctl"),
    *("sched_yield", "sched_getaffinity", "sched_getparam", "sched_getscheduler", "getcpu"),
    *("sched_get_priority_max", "sched_get_priority_min", "exit", "exit_group"),
    # who and where we are
    *("getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid", "getresuid"),
    *("getresgid", "getgroups", "getpgrp", "getpriority", "getrlimit", "setrlimit", "getrusage"),
    *("sysinfo", "uname", "times", "getrandom"),
    # signals to ourselves, and time
    *("rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "rt_sigtimedwait"),
    *("rt_sigsuspend", "sigaltstack", "pause", "alarm", "setitimer", "getitimer"),
    *("restart_syscall", "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep"),
    *("gettimeofday", "time"),
)

CLONE_THREAD = 0x00010000  # <linux/sched.h>
CLONE_NAMESPACES = 0x7E020000
PR_SET_PDEATHSIG, PR_SET_NAME, PR_GET_NAME = 1, 15, 16  # <sys/prctl.h>
FCNTL = (
    *(fcntl.F_DUPFD, fcntl.F_DUPFD_CLOEXEC, fcntl.F_GETFD, fcntl.F_SETFD),
    *(fcntl.F_GETFL, fcntl.F_SETFL, fcntl.F_GETLK, fcntl.F_SETLK, fcntl.F_SETLKW),
)
"""Not F_SETOWN, which has the kernel send signals to whom one likes."""
IOCTL = (0x5401, 0x5421, 0x541B, 0x5450, 0x5451)
"""TCGETS, FIONBIO, FIONREAD, FIONCLEX and FIOCLEX of <asm-generic/ioctls.h>."""


def is_available() -> bool:
    """Tell whether there is the library that makes filters."""
    return pyseccomp is not None


def restrict() -> None:
    """Leave this process, and threads that it starts, the system calls of this module; for ever.

    Raises:
        OSError: the kernel does not take a filter.
    """
    rules = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.ENOSYS))
    for name in FREE:
        _allow(rules, name)
    threads_alone = CLONE_THREAD | CLONE_NAMESPACES
    _allow(rules, "clone", (0, pyseccomp.MASKED_EQ, threads_alone, CLONE_THREAD))
    for own in (0, os.getpid()):
        _allow(rules, "prlimit64", (0, pyseccomp.EQ, own))
    for name in ("kill", "tgkill"):
        _allow(rules, name, (0, pyseccomp.EQ, os.getpid()))
    for name, position, values in (
        ("prctl", 0, (PR_SET_NAME, PR_GET_NAME)),
        ("fcntl", 1, FCNTL),
        ("ioctl", 1, IOCTL),
    ):
        for value in values:
            _allow(rules, name, (position, pyseccomp.EQ, value))
    ends_with_parent = (1, pyseccomp.EQ, signal.SIGKILL)
    _allow(rules, "prctl", (0, pyseccomp.EQ, PR_SET_PDEATHSIG), ends_with_parent)
    rules.load()


def _allow(rules: Any, name: str, *conditions: tuple[int, ...]) -> None:  # noqa: ANN401 - untyped
    """Allow a call under the conditions; one that the library does not know stays forbidden."""
    number = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name)
    if number != -1:
        arguments = [pyseccomp.Arg(*condition) for condition in conditions]
        rules.add_rule(pyseccomp.ALLOW, number, *arguments)
