"""What an Alertmanager is silent about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from console.notify.mutes import mutes
from schemas.ids import SubjectId
from slo import metrics
from slo.exclusions import EVERYBODY, Exclusion
from slo.instant import NS
from slo.suppression import Surroundings
from slo.topology import Topology
from tests.slo.samples import objective

NOW = datetime(2026, 9, 21, 14, 30, tzinfo=UTC)
CRYO, SOURCE = SubjectId("cryo"), SubjectId("sps-one")


def out(begin_s: float, end_s: float, reason: str = "pump", subject: SubjectId = CRYO) -> Exclusion:
    now_ns = round(NOW.timestamp()) * NS
    return Exclusion(now_ns + round(begin_s * NS), now_ns + round(end_s * NS), reason, "gpb", subject)


def around(*exclusions: Exclusion, cap: Fraction = Fraction(1)) -> Surroundings:
    under = {name: replace(objective(period_s=3_600), name=name, exclusion_cap=cap) for name in ("purity",)}
    under["safety"] = replace(objective(), name="safety", critical=True)
    return Surroundings(Topology({SOURCE: (CRYO,)}), under, exclusions)


def test_one_silence_of_the_subject_and_all_that_depends_on_it_never_of_what_is_critical() -> None:
    (mute,) = mutes(around(out(-60, 60)), NOW)
    assert (mute.who, mute.comment) == ("gpb", "pump [cryo since 2026-09-21 14:29:00 UTC]")
    assert (mute.start, mute.end) == (NOW - timedelta(seconds=60), NOW + timedelta(seconds=60))
    critical, subject = mute.matchers
    assert (critical["name"], critical["isEqual"]) == (metrics.CRITICAL, False)
    assert subject["value"] == r"cryo|sps\-one"
    (everybody,) = mutes(around(out(-60, 60, subject=EVERYBODY)), NOW)
    assert everybody.matchers[1]["value"] == ".+"


def test_what_is_over_or_far_ahead_is_none() -> None:
    assert mutes(around(out(-60, -1), out(700, 800)), NOW) == []
    assert len(mutes(around(out(500, 800)), NOW)) == 1


def test_what_has_no_end_in_sight_is_silent_for_an_hour_or_two_at_a_time() -> None:
    (mute,) = mutes(around(out(-60, 10 * 86_400)), NOW)
    assert mute.end == datetime(2026, 9, 21, 16, tzinfo=UTC)


def test_alike_ones_are_one_silence_that_ends_with_the_last() -> None:
    alike = (out(-60, 90), out(-60, 30), out(-59.7, 60), out(-60, 60, "clean"))
    found = {mute.comment[:5]: mute.end for mute in mutes(around(*alike), NOW)}
    assert found == {"pump ": NOW + timedelta(seconds=90), "clean": NOW + timedelta(seconds=60)}
    comments = [mute.comment for mute in mutes(around(*alike), NOW)]
    assert len(set(comments)) == len(comments) == 2


def test_objectives_whose_cap_is_reached_are_left_out_of_it() -> None:
    (mute,) = mutes(around(out(-1_800, 60), cap=Fraction(1, 4)), NOW)
    counting = mute.matchers[-1]
    assert (counting["name"], counting["value"], counting["isEqual"]) == (metrics.OBJECTIVE, "purity", False)
