"""Tokens whose rows never came to be are forgotten before a store starts.

A store writes an insert's token into the log of the table and then moves the rows' part into place. Killed between the two, it
would take the repeated insert for one that it has, and the rows would be lost without a word (docs/decisions/0010).

The embedded engine does this at every start. For a ClickHouse server: ``python -m embedded.engine.tokens /var/lib/clickhouse``
while it is stopped.
"""

import fcntl
import os
import re
import sys
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Self

_LOGS = "deduplication_logs"
_LOG = re.compile(r"deduplication_log_(\d+)\.txt")
_PART = re.compile(r"(?P<partition>[^_]+)_(?P<first>\d+)_(?P<last>\d+)_\d+(_\d+)?")
_ADDED, _DROPPED = "1", "2"


class _Part(NamedTuple):
    """What a part's name says: the inserts [first, last] of a partition. A merged part speaks for all that went into it."""

    partition: str
    first: int
    last: int

    @classmethod
    def named(cls, name: str) -> Self | None:
        match = _PART.fullmatch(name)
        return match and cls(match["partition"], int(match["first"]), int(match["last"]))


def forget_unkept(store: Path) -> dict[Path, int]:
    """Strike the tokens of inserts that no part holds from the logs of every table beneath ``store``, which nobody may have open.

    Returns:
        How many, by the directory of the table; those without any are left out.
    """
    struck = {logs.parent: _forget(logs) for logs in sorted(_found(store))}
    return {table: count for table, count in struck.items() if count}


def _found(place: Path) -> Iterator[Path]:
    for folder, inner, _ in os.walk(place):
        if _LOGS in inner:
            inner.clear()
            yield Path(folder) / _LOGS


def _forget(logs: Path) -> int:
    numbered = sorted((int(match[1]), log) for log in logs.iterdir() if (match := _LOG.fullmatch(log.name)))
    if not numbered:
        return 0
    remembered: dict[str, str] = {}
    for _, log in numbered:
        whole = log.read_bytes().rpartition(b"\n")[0]
        for line in whole.decode().split("\n") if whole else ():
            operation, part, token = line.split("\t")
            if operation == _ADDED:
                remembered[token] = part
            else:
                remembered.pop(token, None)
    kept = defaultdict[str, list[_Part]](list)
    for entry in os.scandir(logs.parent):
        part_kept = _Part.named(entry.name) if entry.is_dir() else None
        if part_kept:
            kept[part_kept.partition].append(part_kept)
    for parts in kept.values():
        parts.sort()
    unkept = {token: name for token, name in remembered.items() if not _held(name, kept)}
    _strike(numbered[-1][1], unkept)
    return len(unkept)


def _held(name: str, kept: dict[str, list[_Part]]) -> bool:
    """Whether one of the sorted parts speaks for it."""
    part = _Part.named(name)
    if part is None:
        return True  # a name that means nothing here is the store's own affair
    parts = kept[part.partition]
    # The nearest that begins at or before it, usually: where merged parts still stand beside what went into them, an earlier one.
    at = bisect_right(parts, part.first, key=lambda one: one.first)
    return any(part.last <= parts[place].last for place in range(at - 1, -1, -1))


def _strike(log: Path, unkept: dict[str, str]) -> None:
    with log.open("r+b") as file:
        # A line that was cut off would swallow the next one.
        file.truncate(log.read_bytes().rfind(b"\n") + 1)
        file.seek(0, os.SEEK_END)
        file.writelines(f"{_DROPPED}\t{part}\t{token}\n".encode() for token, part in unkept.items())
        file.flush()
        os.fsync(file.fileno())


def main(arguments: list[str]) -> str | None:
    """What to say when it cannot be done."""
    if len(arguments) != 1:
        return "usage: python -m embedded.engine.tokens DIRECTORY-OF-A-STOPPED-CLICKHOUSE-SERVER"
    store = Path(arguments[0])
    if not store.is_dir():
        return f"{store}: no such directory: name the one that holds the server's store/ and metadata/"
    with (store / "status").open("ab") as status:  # a server that runs holds this lock
        try:
            fcntl.flock(status, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return f"{store}: a server runs on it: stop it first"
        for table, count in forget_unkept(store).items():
            sys.stdout.write(f"{table}: forgot {count} tokens of inserts that never came to be\n")
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
