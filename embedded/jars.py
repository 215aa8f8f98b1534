"""The broker's jars: exactly those of ``kafka.lock.json``, byte for byte, in a cache that the user's stacks share.

``python -m embedded.jars --lock`` resolves the coordinates afresh and writes the lock.
"""

import argparse
import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from embedded.errors import JarMismatchError, JarsUnreachableError

LOCK_FILE = Path(__file__).with_name("kafka.lock.json")
_CONNECTIONS = 8
_PAUSES_S = (1.0, 3.0)


class Jar(msgspec.Struct, frozen=True):
    """One jar of the class path."""

    coordinate: str
    """``group:artifact:version``"""
    file: str
    sha256: str


class Lock(msgspec.Struct, frozen=True):
    """What is asked for, and the whole set that this resolves to."""

    coordinates: tuple[str, ...]
    jars: tuple[Jar, ...]


def read_lock(path: Path = LOCK_FILE) -> Lock:
    return msgspec.json.decode(path.read_bytes(), type=Lock)


def user_cache() -> Path:
    """Where this user's stacks share what is fetched once."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "photonwatch"


def class_path(cache: Path, lock: Lock, say: Callable[[str], None]) -> tuple[Path, ...]:
    """The locked jars, each with its bytes verified now; fetched first where the cache lacks some.

    Safe when several processes start at once. ``say`` hears about the progress of a fetch.
    Raises JarMismatchError where bytes are not the locked ones, JarsUnreachableError where they cannot be had.
    """
    store = cache / "jars"
    missing = tuple(jar for jar in lock.jars if not (store / jar.file).exists())
    if missing:
        with _alone(store, say):
            _fetch(store, tuple(jar for jar in missing if not (store / jar.file).exists()), say)
    for jar in lock.jars:
        if (found := _sha256(store / jar.file)) != jar.sha256:
            raise JarMismatchError(
                f"{jar.file} is not the jar that is locked for {jar.coordinate}: SHA-256 {found}, locked {jar.sha256}",
                where=str(store / jar.file),
                do="it was changed after it was fetched: find out why, delete the file, and start again to fetch it anew",
            )
    return tuple(store / jar.file for jar in lock.jars)


@contextmanager
def _alone(store: Path, say: Callable[[str], None]) -> Iterator[None]:
    store.mkdir(parents=True, exist_ok=True)
    with (store / ".lock").open("wb") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another process is fetching the broker's jars: waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _fetch(store: Path, jars: tuple[Jar, ...], say: Callable[[str], None]) -> None:
    """Jars come into the store by a rename, after their bytes were verified: what is there is whole."""
    with tempfile.TemporaryDirectory(dir=store, prefix=".fetching-") as staging, ThreadPoolExecutor(_CONNECTIONS) as pool:
        brought = pool.map(lambda jar: _bring(jar, Path(staging)), jars)
        try:
            for number, (jar, path) in enumerate(zip(jars, brought, strict=True), 1):
                path.replace(store / jar.file)
                say(f"fetching the broker's jars, once for this user: {number} of {len(jars)}")
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _bring(jar: Jar, staging: Path) -> Path:
    local = _local(jar)
    if local is not None and _sha256(local) == jar.sha256:
        return Path(shutil.copyfile(local, staging / jar.file))
    path = _download(jar, staging)
    if (found := _sha256(path)) != jar.sha256:
        raise JarMismatchError(
            f"the {jar.file} that came is not the jar that is locked: SHA-256 {found}, locked {jar.sha256}",
            where=jar.coordinate,
            do="it is not run: ask whoever keeps the registry that this machine is configured for",
        )
    return path


def _download(jar: Jar, staging: Path) -> Path:
    artifact = _artifact(jar.coordinate, _maven(staging))
    pauses_s = iter(_PAUSES_S)
    while True:
        try:
            return Path(artifact.resolve())
        except (OSError, RuntimeError) as error:  # the network or the disk; or no registry that was asked has it
            Path(artifact.cached_path).unlink(missing_ok=True)  # the half that came would be taken for the whole
            pause_s = next(pauses_s, None)
            if pause_s is None:
                raise JarsUnreachableError(
                    f"could not fetch a jar of the embedded Kafka: {error}",
                    where=jar.coordinate,
                    do="check the network; or name a mirror as `central` under [repositories] in ~/.config/jgo.conf; or give the "
                    "address of an existing Kafka",
                ) from error
            time.sleep(pause_s)


def _local(jar: Jar) -> Path | None:
    """The jar in the machine's own Maven repository, where it has one."""
    path = Path(_artifact(jar.coordinate, _maven(None)).cached_path)
    return path if path.exists() else None


def _maven(repository: Path | None) -> Any:
    """The machine's Maven configuration as jgo sees it, with downloads into ``repository``, or into the user's own one."""
    from jgo.config import GlobalSettings  # noqa: PLC0415  0.4 s that only a first start pays
    from jgo.constants import MAVEN_CENTRAL_URL  # noqa: PLC0415
    from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415

    settings = GlobalSettings.load()
    return MavenContext(
        resolver=PythonResolver(),
        repo_cache=repository or settings.repo_cache,
        remote_repos={"central": MAVEN_CENTRAL_URL, **settings.repositories},
    )


def _artifact(coordinate: str, maven: Any) -> Any:
    group, name, version = coordinate.split(":")
    return maven.project(group, name).at_version(version).artifact()


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _resolved(coordinates: tuple[str, ...]) -> Lock:
    """What the coordinates resolve to today, fetched into an empty repository so that no old file is taken on trust."""
    with tempfile.TemporaryDirectory() as repository:
        maven = _maven(Path(repository))
        asked, needed = maven.resolver.resolve([maven.create_dependency(coordinate) for coordinate in coordinates])
        artifacts = [dependency.artifact for dependency in (*asked, *needed)]
        with ThreadPoolExecutor(_CONNECTIONS) as pool:
            paths = tuple(pool.map(lambda artifact: Path(artifact.resolve()), artifacts))
        jars = (
            Jar(f"{artifact.groupId}:{artifact.artifactId}:{artifact.version}", path.name, _sha256(path))
            for artifact, path in zip(artifacts, paths, strict=True)
        )
        return Lock(coordinates, tuple(sorted(jars, key=lambda jar: jar.coordinate)))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m embedded.jars", description="Fetch and verify the broker's jars.")
    parser.add_argument("--lock", action="store_true", help="resolve the coordinates afresh and write the lock")
    parser.add_argument("--coordinate", action="append", help="with --lock: lock these instead of those in the lock")
    options = parser.parse_args()
    if options.lock:
        lock = _resolved(tuple(options.coordinate or read_lock().coordinates))
        LOCK_FILE.write_bytes(msgspec.json.format(msgspec.json.encode(lock), indent=2) + b"\n")
        print(f"{LOCK_FILE}: {len(lock.jars)} jars")  # noqa: T201
    else:
        jars = class_path(user_cache(), read_lock(), print)
        print(f"{len(jars)} jars verified in {jars[0].parent}")  # noqa: T201


if __name__ == "__main__":
    main()
