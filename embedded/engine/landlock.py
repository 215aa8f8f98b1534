"""Confines this process by the kernel's Landlock: what it and its threads may read, write and connect to, without a way back.

Source: Linux, Documentation/userspace-api/landlock.rst, include/uapi/linux/landlock.h. Must be called before the process has
threads: the rules hold for the calling thread and what it starts.
"""

import ctypes
import os
import stat
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_MAKE_AND_REMOVE = sum(1 << bit for bit in range(4, 13))
_MAKE_DEVICES_AND_SOCKETS = 1 << 6 | 1 << 9 | 1 << 11  # character device, socket, block device: never given
_FIRST_ABI = _EXECUTE | _WRITE_FILE | _READ_FILE | _READ_DIR | _MAKE_AND_REMOVE
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_BIND_TCP, _CONNECT_TCP = 1 << 0, 1 << 1
_SCOPE_ABSTRACT_SOCKETS, _SCOPE_SIGNALS = 1 << 0, 1 << 1


@dataclass(frozen=True, slots=True)
class Confinement:
    """What holds from now on. ``abi`` 0: the kernel offers no Landlock, nothing holds."""

    abi: int
    files: bool
    network: bool

    def __str__(self) -> str:
        if not self.files:
            return "none: this kernel has no Landlock (Linux 5.13 and newer have it)"
        return f"Landlock ABI {self.abi}: files" + (
            ", no outgoing TCP" if self.network else " only, outgoing TCP needs Linux 6.7"
        )


def confine(readable: Iterable[Path], executable: Iterable[Path], writable: Iterable[Path]) -> Confinement:
    """Allow reading beneath ``readable``, that and running beneath ``executable``, all but running beneath ``writable``.

    Paths that do not exist are passed over. No TCP port can be bound or connected to afterwards; sockets already bound go on.
    Raises OSError where the kernel has Landlock and refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    abi = max(0, libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _CREATE_RULESET_VERSION))
    if abi == 0:
        return Confinement(0, files=False, network=False)
    files = _FIRST_ABI | (_REFER if abi >= 2 else 0) | (_TRUNCATE if abi >= 3 else 0) | (_IOCTL_DEV if abi >= 5 else 0)
    network = _BIND_TCP | _CONNECT_TCP if abi >= 4 else 0
    scoped = _SCOPE_ABSTRACT_SOCKETS | _SCOPE_SIGNALS if abi >= 6 else 0
    attributes = struct.pack("=QQQ", files, network, scoped)[: 8 if abi < 4 else 16 if abi < 6 else 24]
    ruleset = _called(libc, _CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    try:
        reading = _READ_FILE | _READ_DIR
        for paths, rights in (
            (readable, reading),
            (executable, reading | _EXECUTE),
            (writable, files & ~_EXECUTE & ~_MAKE_DEVICES_AND_SOCKETS),
        ):
            for path in paths:
                _allow(libc, ruleset, path, rights)
        if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_NO_NEW_PRIVS)")
        _called(libc, _RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return Confinement(abi, files=True, network=bool(network))


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    try:
        beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(beneath).st_mode):
            rights &= _ON_FILES
        rule = struct.pack("=Qi", rights, beneath)
        _called(libc, _ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0)
    finally:
        os.close(beneath)


def _called(libc: ctypes.CDLL, number: int, *arguments: object) -> int:
    result = int(libc.syscall(number, *arguments))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"Landlock system call {number}: {os.strerror(error)}")
    return result
