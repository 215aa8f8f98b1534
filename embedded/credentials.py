"""The embedded engine's users: their passwords are made once, at random, and kept in the home, for its owner only."""

import os
import secrets
from pathlib import Path
from typing import Self

import msgspec

from embedded.engine.users import Role, User, hashed, write_users
from embedded.errors import EmbeddedError

_BYTES = 24


class Credentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The platform's own user, and the one that may only read, within limits."""

    user: str
    password: str
    readonly_user: str
    readonly_password: str

    @classmethod
    def fresh(cls) -> Self:
        return cls("photonwatch", secrets.token_urlsafe(_BYTES), "reader", secrets.token_urlsafe(_BYTES))

    def __repr__(self) -> str:
        return f"Credentials(user={self.user!r}, readonly_user={self.readonly_user!r})"


def users_file(home: Path) -> Path:
    """The file that the engine reads: names, roles, limits, hashes."""
    return home / "engine-users.json"


def known_credentials(home: Path) -> Credentials | None:
    """The home's passwords; None where it has none yet. Raises EmbeddedError where unreadable."""
    path = _passwords_file(home)
    try:
        return msgspec.json.decode(path.read_bytes(), type=Credentials)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise EmbeddedError(
            f"the engine's passwords cannot be read: {error}", where=str(path), do="delete it; the next start makes new ones"
        ) from error


def credentials(home: Path) -> Credentials:
    """The home's passwords, made (with the engine's users file) where it has none. For whoever starts the engine."""
    known = known_credentials(home)
    if known is None:
        known = Credentials.fresh()
        _keep(_passwords_file(home), known)
        users_file(home).unlink(missing_ok=True)  # its hashes are of passwords that nobody knows
    if not users_file(home).exists():
        write_users(
            users_file(home),
            (
                User(role=Role.ADMIN, password=hashed(known.password), name=known.user),
                User(role=Role.READER, password=hashed(known.readonly_password), name=known.readonly_user),
            ),
        )
    return known


def _passwords_file(home: Path) -> Path:
    return home / "engine-passwords.json"


def _keep(path: Path, known: Credentials) -> None:
    draft = path.with_name(f".{path.name}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(msgspec.json.encode(known))
    draft.replace(path)
