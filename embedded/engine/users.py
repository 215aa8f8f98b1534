"""Who may speak to the engine: names, salted password hashes, roles, limits; kept in one JSON file of mode 0600.

    {"users": {"photonwatch": {"role": "admin",  "password": "scrypt$16384$8$1$<salt>$<hash>"},
               "viewer":      {"role": "reader", "password": "scrypt$…", "limits": {"max_execution_time": 10}}}}

``role`` is ``admin`` (the platform itself) or ``reader`` (read only, within limits). ``limits`` are a reader's, each of them has
a default.
"""

import hashlib
import hmac
import json
import os
import secrets
import stat
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

import msgspec

from embedded.engine.errors import EngineError

_COST, _BLOCK, _LANES = 2**14, 8, 1
_SALT_BYTES = 16
_HASHES_AT_ONCE = 2


class Role(StrEnum):
    ADMIN = "admin"
    READER = "reader"


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a reader's statement may use; 0 means none for none of them: each must be positive."""

    max_execution_time: float = 30.0
    max_rows_to_read: int = 2_000_000_000
    max_bytes_to_read: int = 64 << 30
    max_result_rows: int = 5_000_000
    max_result_bytes: int = 512 << 20
    max_memory_usage: int = 1 << 30
    max_threads: int = 2
    max_concurrent_queries: int = 8
    max_body_bytes: int = 64 << 20

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            if getattr(self, name) <= 0:
                raise ValueError(f"limit {name} must be positive")


class User(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    role: Role
    password: str
    limits: Limits = Limits()
    name: str = ""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    users: dict[str, User]


def hashed(password: str) -> str:
    """``scrypt$n$r$p$salt$hash`` of a password, with a fresh salt; salt and hash in base64."""
    salt = secrets.token_bytes(_SALT_BYTES)
    digest = hashlib.scrypt(password.encode(), salt=salt, n=_COST, r=_BLOCK, p=_LANES)
    return f"scrypt${_COST}${_BLOCK}${_LANES}${b64encode(salt).decode()}${b64encode(digest).decode()}"


def _matches(password: str, stored: str) -> bool:
    _, cost, block, lanes, salt, digest = stored.split("$")
    tried = hashlib.scrypt(password.encode(), salt=b64decode(salt), n=int(cost), r=int(block), p=int(lanes))
    return hmac.compare_digest(tried, b64decode(digest))


def write_users(path: Path, users: Iterable[User]) -> None:
    """Write the users file, complete or not at all, mode 0600."""
    entries = {user.name: {key: value for key, value in msgspec.to_builtins(user).items() if key != "name"} for user in users}
    draft = path.with_name(path.name + ".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump({"users": entries}, file, indent=2)
    draft.replace(path)


class Users:
    """The users of one file. Safe to call from many threads."""

    def __init__(self, users: Iterable[User]) -> None:
        self._users = {user.name: user for user in users}
        self._key = secrets.token_bytes(32)
        self._known: dict[str, bytes] = {}
        self._nobody = hashed(secrets.token_hex())
        self._slow = threading.BoundedSemaphore(_HASHES_AT_ONCE)

    @classmethod
    def read(cls, path: Path) -> "Users":
        """Raises EngineError where the file is missing, open to others, or says something that is not understood."""
        try:
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise EngineError("the users file is open to others", where=str(path), do=f"chmod 600 {path}")
            file = msgspec.json.decode(path.read_bytes(), type=_File)
        except OSError as error:
            raise EngineError(f"cannot read the users file: {error.strerror}", where=str(path), do="make it") from error
        except msgspec.DecodeError as error:
            raise EngineError(f"the users file is wrong: {error}", where=str(path), do="mend or delete it") from error
        for name, user in file.users.items():
            if user.password.count("$") != 5 or not user.password.startswith("scrypt$"):
                raise EngineError(f"the password of {name!r} is not a hash of ours", where=str(path), do="make it anew")
        return cls(msgspec.structs.replace(user, name=name) for name, user in file.users.items())

    def authenticate(self, name: str, password: str) -> User | None:
        """The user, or None; takes equally long for an unknown name and a wrong password.

        A password that was right once is remembered as a keyed digest, because the slow hash takes some 50 ms.
        """
        user = self._users.get(name)
        quick = hmac.digest(self._key, password.encode(), "sha256")
        if user and hmac.compare_digest(self._known.get(name, b""), quick):
            return user
        with self._slow:  # a hash takes 16 MiB: guesses must not take the memory
            right = _matches(password, user.password if user else self._nobody)
        if user is None or not right:
            return None
        self._known[name] = quick
        return user
