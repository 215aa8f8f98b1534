import json
import time
from pathlib import Path

import pytest

from embedded.engine.errors import EngineError
from embedded.engine.users import Limits, Role, User, Users, hashed, write_users


def _users(tmp_path: Path) -> Path:
    path = tmp_path / "users.json"
    write_users(
        path,
        [
            User(role=Role.ADMIN, password=hashed("päss"), name="platform"),
            User(role=Role.READER, password=hashed("look"), name="viewer", limits=Limits(max_execution_time=2.5)),
        ],
    )
    return path


def test_users_come_back(tmp_path: Path) -> None:
    path = _users(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert "päss" not in path.read_text()
    users = Users.read(path)
    viewer = users.authenticate("viewer", "look")
    assert viewer is not None
    assert (viewer.name, viewer.role, viewer.limits) == ("viewer", Role.READER, Limits(max_execution_time=2.5))
    for _ in range(2):  # the second time from memory
        platform = users.authenticate("platform", "päss")
        assert platform is not None
        assert platform.role is Role.ADMIN
        assert users.authenticate("platform", "look") is None
        assert users.authenticate("nobody", "look") is None
        assert users.authenticate("platform", "") is None


def test_a_known_password_is_quick(tmp_path: Path) -> None:
    users = Users.read(_users(tmp_path))
    users.authenticate("viewer", "look")
    started = time.perf_counter()
    for _ in range(100):
        assert users.authenticate("viewer", "look")
    assert time.perf_counter() - started < 1  # 100 slow hashes take some 5 s


def test_salts_differ() -> None:
    assert hashed("x") != hashed("x")


def _told(path: Path) -> str:
    with pytest.raises(EngineError) as raised:
        Users.read(path)
    assert raised.value.where == str(path)
    return str(raised.value)


def test_a_bad_file_is_named(tmp_path: Path) -> None:
    path = _users(tmp_path)
    path.chmod(0o644)
    assert "chmod 600" in _told(path)
    path.chmod(0o600)
    good = json.loads(path.read_text())
    assert "No such file" in _told(tmp_path / "absent.json")
    for change, told in (
        ({"password": "plain"}, "not a hash of ours"),
        ({"role": "root"}, "role"),
        ({"limits": {"max_rows": 1}}, "max_rows"),
        ({"limits": {"max_execution_time": 0}}, "positive"),
        ({"colour": 1}, "colour"),
    ):
        bad = {"users": {**good["users"], "viewer": {**good["users"]["viewer"], **change}}}
        path.write_text(json.dumps(bad))
        assert told in _told(path)
    path.write_text("{")
    _told(path)
