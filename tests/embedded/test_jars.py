"""Only the locked bytes run."""

import hashlib
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from embedded import jars
from embedded.errors import JarMismatchError, JarsUnreachableError
from embedded.jars import Jar, Lock, class_path, read_lock

GOOD = b"PK the right bytes"


class Registry:
    """A Maven registry on loopback that this machine is configured for, and what it was asked."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.asked: list[str] = []
        registry = self

        class Handler(SimpleHTTPRequestHandler):
            def log_message(self, *_arguments: object) -> None:
                registry.asked.append(self.path)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(root)))

    def put(self, number: int, content: bytes) -> Jar:
        path = self.root / "org" / "example" / f"part{number}" / "1.0" / f"part{number}-1.0.jar"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return Jar(f"org.example:part{number}:1.0", path.name, hashlib.sha256(GOOD).hexdigest())

    def jars_asked(self) -> list[str]:
        return [path for path in self.asked if path.endswith(".jar")]


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    started = Registry(tmp_path / "registry")
    thread = threading.Thread(target=started.server.serve_forever, args=(0.02,))
    thread.start()
    configuration = tmp_path / "jgo.conf"
    address = f"http://127.0.0.1:{started.server.server_port}"
    configuration.write_text(f"[settings]\nrepo_cache = {tmp_path / 'm2'}\n[repositories]\ncentral = {address}\n")
    monkeypatch.setenv("JGO_CONFIG_FILE", str(configuration))
    monkeypatch.setattr(jars, "_PAUSES_S", (0.01,))
    yield started
    started.server.shutdown()
    thread.join()
    started.server.server_close()


def lock_of(*locked: Jar) -> Lock:
    return Lock(("org.example:all:1.0",), locked)


def test_jars_are_fetched_once_and_verified_each_time(tmp_path: Path, registry: Registry) -> None:
    lock = lock_of(*(registry.put(number, GOOD) for number in range(12)))
    told: list[str] = []
    first = class_path(tmp_path / "cache", lock, told.append)
    assert [path.read_bytes() for path in first] == [GOOD] * 12
    assert told[-1].endswith("12 of 12")
    assert class_path(tmp_path / "cache", lock, told.append) == first
    assert len(registry.jars_asked()) == 12
    assert sorted(path.name for path in (tmp_path / "cache" / "jars").iterdir()) == sorted([".lock", *(p.name for p in first)])


def test_other_bytes_from_the_registry_are_refused_and_not_kept(tmp_path: Path, registry: Registry) -> None:
    lock = lock_of(registry.put(1, b"PK other bytes"))
    with pytest.raises(JarMismatchError, match=r"part1-1\.0\.jar that came is not the jar that is locked") as raised:
        class_path(tmp_path / "cache", lock, print)
    assert raised.value.where == "org.example:part1:1.0"
    assert not list((tmp_path / "cache" / "jars").glob("*.jar"))


def test_jar_that_was_changed_in_the_cache_is_refused(tmp_path: Path, registry: Registry) -> None:
    lock = lock_of(registry.put(1, GOOD))
    (path,) = class_path(tmp_path / "cache", lock, print)
    path.write_bytes(b"PK changed later")
    with pytest.raises(JarMismatchError, match="is not the jar that is locked") as raised:
        class_path(tmp_path / "cache", lock, print)
    assert raised.value.where == str(path)


def test_machines_own_maven_repository_is_used_where_it_has_the_bytes(tmp_path: Path, registry: Registry) -> None:
    lock = lock_of(registry.put(1, GOOD), registry.put(2, GOOD))
    for number, content in ((1, GOOD), (2, b"PK half")):
        local = tmp_path / "m2" / "org" / "example" / f"part{number}" / "1.0" / f"part{number}-1.0.jar"
        local.parent.mkdir(parents=True)
        local.write_bytes(content)
    assert [path.read_bytes() for path in class_path(tmp_path / "cache", lock, print)] == [GOOD, GOOD]
    assert [path.rpartition("/")[2] for path in registry.jars_asked()] == ["part2-1.0.jar"]


def test_registry_out_of_reach_is_said_with_what_to_do(tmp_path: Path, registry: Registry) -> None:
    lock = lock_of(registry.put(1, GOOD))
    (tmp_path / "jgo.conf").write_text("[repositories]\ncentral = http://127.0.0.1:1\n")
    with pytest.raises(JarsUnreachableError, match="could not fetch a jar of the embedded Kafka") as raised:
        class_path(tmp_path / "cache", lock, print)
    assert "existing Kafka" in raised.value.do


def test_registry_without_the_jar_is_said(tmp_path: Path, registry: Registry) -> None:
    lock = lock_of(Jar("org.example:absent:1.0", "absent-1.0.jar", "0" * 64))
    with pytest.raises(JarsUnreachableError, match="not found"):
        class_path(tmp_path / "cache", lock, print)


def test_two_first_starts_at_once_fetch_once(tmp_path: Path, registry: Registry) -> None:
    lock = lock_of(*(registry.put(number, GOOD) for number in range(6)))
    program = (
        "import sys, msgspec; from pathlib import Path; from embedded.jars import Lock, class_path; "
        "print(len(class_path(Path(sys.argv[1]), msgspec.json.decode(sys.argv[2], type=Lock), lambda line: None)))"
    )
    import msgspec

    argv = (sys.executable, "-c", program, str(tmp_path / "cache"), msgspec.json.encode(lock).decode())
    starts = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [start.communicate(timeout=60)[0].strip() for start in starts] == ["6"] * 3
    assert len(registry.jars_asked()) == 6


def test_committed_lock_is_whole_and_names_no_place() -> None:
    lock = read_lock()
    assert len({jar.file for jar in lock.jars}) == len(lock.jars) == 46
    assert set(lock.coordinates) <= {jar.coordinate for jar in lock.jars}
    assert all(re.fullmatch(r"[0-9a-f]{64}", jar.sha256) for jar in lock.jars)
    assert all(jar.file.startswith(jar.coordinate.split(":")[1]) for jar in lock.jars)
    assert b"://" not in jars.LOCK_FILE.read_bytes()
