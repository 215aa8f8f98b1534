"""Passwords are made once, and are nobody else's."""

from pathlib import Path

import pytest

from embedded.credentials import credentials, users_file
from embedded.engine.users import Users
from embedded.errors import EmbeddedError


def test_passwords_stay_and_are_for_the_owner_only(tmp_path: Path) -> None:
    first = credentials(tmp_path)
    assert credentials(tmp_path) == first
    assert first.password not in repr(first)
    assert first.password != first.readonly_password
    for file in (tmp_path / "engine-passwords.json", users_file(tmp_path)):
        assert file.stat().st_mode & 0o777 == 0o600
    assert first.password not in users_file(tmp_path).read_text()


def test_engine_knows_them_with_their_roles(tmp_path: Path) -> None:
    known = credentials(tmp_path)
    users = Users.read(users_file(tmp_path))
    roles = [users.authenticate(*pair) for pair in ((known.user, known.password), (known.readonly_user, known.readonly_password))]
    assert [user.role for user in roles if user] == ["admin", "reader"]


def test_lost_passwords_are_made_anew_with_their_hashes(tmp_path: Path) -> None:
    lost = credentials(tmp_path)
    (tmp_path / "engine-passwords.json").unlink()
    known = credentials(tmp_path)
    users = Users.read(users_file(tmp_path))
    assert users.authenticate(lost.user, lost.password) is None
    assert users.authenticate(known.user, known.password)


def test_torn_passwords_are_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "engine-passwords.json").write_text('{"user": "photon')
    with pytest.raises(EmbeddedError, match=r"cannot be read.*delete it") as raised:
        credentials(tmp_path)
    assert raised.value.where == str(tmp_path / "engine-passwords.json")
