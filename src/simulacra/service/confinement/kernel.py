"""Requests to the Linux kernel that the standard library of Python 3.11 does not have."""

import ctypes
import os
import sys

PR_SET_DUMPABLE = 4  # <sys/prctl.h>
PR_SET_KEEPCAPS = 8
PR_SET_NO_NEW_PRIVS = 38
CLONE_NEWUSER = 0x10000000  # <sched.h>
CAP_DAC_READ_SEARCH = 2  # <linux/capability.h>
CAPABILITY_VERSION_3 = 0x20080522


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Capabilities(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def hide_memory() -> None:
    """Let no other process of this account read our memory and our first environment.

    Root still can, except from a confined process. There are no core dumps either. Linux only:
    elsewhere nothing happens.
    """
    if sys.platform == "linux":
        _prctl(PR_SET_DUMPABLE, 0)


def forgo_privileges() -> None:
    """Let no program that this process starts give it more rights than it has.

    Raises:
        OSError: the kernel does not know how.
    """
    _prctl(PR_SET_NO_NEW_PRIVS, 1)


def keep_capabilities_once() -> None:
    """Let the capabilities outlast the next change of the user, but not be in effect then.

    Raises:
        OSError: the kernel does not know how.
    """
    _prctl(PR_SET_KEEPCAPS, 1)


def restrict_capabilities(*kept: int) -> None:
    """Give up all capabilities but those of the numbers `kept`, which are then in effect.

    Raises:
        OSError: one of them is not there to be kept.
    """
    mask = sum(1 << number for number in kept)
    header = _Header(CAPABILITY_VERSION_3, 0)
    sets = (_Capabilities * 2)(_Capabilities(mask, mask, 0), _Capabilities(0, 0, 0))
    _call("capset", ctypes.byref(header), ctypes.byref(sets))


def enter_user_namespace() -> None:
    """Move this process, which must have one thread, to a user namespace of its own.

    Raises:
        OSError: the kernel or its administrator does not allow it.
    """
    _call("unshare", ctypes.c_int(CLONE_NEWUSER))


def _prctl(option: int, value: int) -> None:
    zero = ctypes.c_ulong(0)
    _call("prctl", ctypes.c_int(option), ctypes.c_ulong(value), zero, zero, zero)


def _call(name: str, *arguments: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
