"""What an Alertmanager is to be silent about: the exclusions in force, of everything that is not critical."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from slo import metrics
from slo.exclusions import EVERYBODY, Exclusion, allowed, is_inside
from slo.instant import NS
from slo.suppression import Surroundings

_AHEAD = timedelta(minutes=10)
"""How long before it begins a silence is made known."""
_STEP_S = 3_600
_OPEN_END = timedelta(days=1)
"""An exclusion that lasts longer, or whose end is not known, is silent for one more hour at a time."""
Matcher = Mapping[str, str | bool]


class Mute(NamedTuple):
    """A silence; ``comment`` says why, and names it: there is one of a comment."""

    matchers: Sequence[Matcher]
    start: datetime
    end: datetime
    who: str
    comment: str


def mutes(surroundings: Surroundings, now: datetime) -> list[Mute]:
    """The silences of exclusions that hold now or soon will: of the subject, and of all that depends on it. Where two are alike
    but for their ends, the one that ends last speaks for both.
    """
    now_ns = round(now.timestamp() * NS)
    until_ns = round((now + _AHEAD).timestamp() * NS)
    found = {
        f"{each.reason} [{_stamp(each)}]": each
        for each in sorted(surroundings.exclusions, key=lambda one: one.end_ns)
        if each.start_ns < until_ns and each.end_ns > now_ns
    }
    return [
        Mute(_matchers(each, surroundings, now_ns), _time(each.start_ns), _end(each, now), each.who, comment)
        for comment, each in found.items()
    ]


def _matchers(exclusion: Exclusion, surroundings: Surroundings, now_ns: int) -> list[Matcher]:
    found: list[Matcher] = [_matcher(metrics.CRITICAL, "true", equal=False)]
    if exclusion.subject == EVERYBODY:
        found.append(_matcher(metrics.SUBJECT, ".+", regex=True))
    else:
        concerned = sorted({exclusion.subject, *surroundings.topology.downstream(exclusion.subject)})
        found.append(_matcher(metrics.SUBJECT, "|".join(re.escape(each) for each in concerned), regex=True))
    at_ns = max(now_ns, exclusion.start_ns + 1)
    counting = sorted(
        name
        for name, objective in surroundings.objectives.items()
        if not objective.critical and not is_inside(allowed(objective, surroundings.about(exclusion.subject)), at_ns)
    )
    if counting:  # their caps are reached: what they say counts
        found.append(_matcher(metrics.OBJECTIVE, "|".join(re.escape(each) for each in counting), regex=True, equal=False))
    return found


def _matcher(name: str, value: str, *, regex: bool = False, equal: bool = True) -> Matcher:
    return {"name": name, "value": value, "isRegex": regex, "isEqual": equal}


def _end(exclusion: Exclusion, now: datetime) -> datetime:
    if exclusion.end_ns < round((now + _OPEN_END).timestamp() * NS):
        return _time(exclusion.end_ns)
    return datetime.fromtimestamp((now.timestamp() // _STEP_S + 2) * _STEP_S, UTC)


def _stamp(exclusion: Exclusion) -> str:
    return f"{exclusion.subject} since {_time(exclusion.start_ns):%Y-%m-%d %H:%M:%S} UTC"


def _time(unix_ns: int) -> datetime:
    return datetime.fromtimestamp(unix_ns / NS, UTC)
