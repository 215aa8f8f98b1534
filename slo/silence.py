"""No data is never "OK": who was heard once and is heard no more. Absence is told by the log's clock, not by event time.

A dead monitor tells of no silence; that is what the dead man's alert is for, which fires as long as somebody watches.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from schemas.ids import SubjectId

NO_DATA = "no-data"
"""The tier that an alert on silence names, and the last part of its id."""


class Heard(NamedTuple):
    """A subject under an objective."""

    objective: str
    subject: SubjectId


class Silence(NamedTuple):
    """Nothing has been heard since ``since_ms`` for as long as ``severity`` asks, or something is again."""

    heard: Heard
    severity: str
    after_s: int
    since_ms: int
    silent: bool


class Silences:
    """Who was heard when. ``rules`` are severities with seconds, by objective; objectives without are not watched."""

    def __init__(self, rules: Mapping[str, Iterable[tuple[str, int]]]) -> None:
        self._rules = {objective: tuple(each) for objective, each in rules.items() if each}
        self._waiting: dict[tuple[str, int], OrderedDict[Heard, int]] = {
            rule: OrderedDict() for each in self._rules.values() for rule in each
        }
        """By rule, those that are not silent yet; who was heard least recently stands first."""
        self._silent: dict[tuple[Heard, str], int] = {}

    @property
    def waiting(self) -> bool:
        """Whether somebody may yet fall silent."""
        return any(self._waiting.values())

    @property
    def heard(self) -> list[tuple[SubjectId, str, int]]:
        """(subject, objective, when) of all that are watched, in an order that ``restore`` keeps."""
        found = {key: at for waiting in self._waiting.values() for key, at in waiting.items()}
        found |= {key: at for (key, _), at in self._silent.items()}
        return [(key.subject, key.objective, at) for key, at in sorted(found.items(), key=lambda each: (each[1], each[0]))]

    def hear(self, heard: Heard, at_ms: int) -> list[Silence]:
        """Something came; the silences that it ends."""
        ended = []
        for severity, after_s in self._rules.get(heard.objective, ()):
            waiting = self._waiting[severity, after_s]
            waiting[heard] = at_ms
            waiting.move_to_end(heard)
            if self._silent.pop((heard, severity), None) is not None:
                ended.append(Silence(heard, severity, after_s, at_ms, silent=False))
        return ended

    def pass_to(self, now_ms: int) -> list[Silence]:
        """It is later; the silences that begin."""
        begun = []
        for (severity, after_s), waiting in self._waiting.items():
            while waiting and next(iter(waiting.values())) <= now_ms - after_s * 1_000:
                heard, since_ms = waiting.popitem(last=False)
                self._silent[heard, severity] = since_ms
                begun.append(Silence(heard, severity, after_s, since_ms, silent=True))
        return begun

    def restore(self, heard: Iterable[tuple[SubjectId, str, int]], now_ms: int) -> None:
        """Take up ``heard`` as of ``now``: what was silent then is known to be."""
        for subject, objective, at_ms in heard:
            self.hear(Heard(objective, subject), at_ms)
        self.pass_to(now_ms)
