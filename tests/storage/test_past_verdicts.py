"""What a restarted worker goes on from: as of an offset, whatever was begun and cut off after it."""

import msgspec
import pytest

from schemas.exclusion import ExclusionNotice
from schemas.ids import RunId, SubjectId
from schemas.records import AlertState, Verdict
from storage import tables
from storage.client import Client
from storage.past_verdicts import PastAlarm, PastAlert, PastExclusion, PastRun, PastTrack, PastVerdicts, Sums
from storage.tables import JudgedSample
from storage.writer import Writer
from tests.storage.tables.test_judgements import sample, stored

pytestmark = pytest.mark.stack
T = 1_790_000_000


def judged(device: str, end: int, objective: str, *counts: int, run: str = "run-1") -> JudgedSample:
    one = msgspec.structs.replace(sample(device, T + end), run=RunId(run))
    return JudgedSample(one, objective, Verdict.GOOD if counts[0] else Verdict.BAD, *counts)


def past(client: Client, device: str, offset: int) -> PastVerdicts:
    return PastVerdicts(client, "slo-1", device, 0, offset)


def test_sums_runs_and_single_samples_as_of_an_offset(writer: Writer, client: Client, device: str) -> None:
    made = [
        [judged(device, 30, "b", 1, 0, 0), judged(device, 10, "a", 7, 2, 0), judged(device, 3_600, "a", 0, 0, 1)],
        [judged(device, 20, "b", 0, 1, 0, run="run-2"), judged(device, 15, "a", 0, 5, 0)],
    ]
    for place, rows in enumerate(made):
        writer.write(stored(device, 8 * place, **{tables.VERDICTS: tables.verdict_rows(rows)}))
    before, whole, subject = past(client, device, 8), past(client, device, 16), SubjectId(device)
    assert before.tracks() == [PastTrack("a", subject, T + 10, T + 3_600), PastTrack("b", subject, T + 30, T + 30)]
    assert whole.tracks()[1] == PastTrack("b", subject, T + 20, T + 30)
    assert whole.runs(3_600)[1:] == [PastRun("b", subject, RunId("run-2"), T + 20), PastRun("b", subject, RunId("run-1"), T + 30)]
    assert whole.runs(10)[1:] == [PastRun("b", subject, RunId("run-1"), T + 30)]
    grain = 60
    ends = [-(-(T + end) // grain) * grain for end in (10, 3_600)]
    assert before.sums("a", grain, 10_000) == {subject: Sums(ends, [7, 0], [2, 0], [0, 1])}
    assert whole.sums("a", grain, 10_000) == {subject: Sums(ends, [7, 0], [7, 0], [0, 1])}
    assert whole.sums("a", grain, 600) == {subject: Sums(ends[1:], [0], [0], [1])}
    assert list(whole.counts(T + 10, T + 20)) == [("a", subject, T + 15, 0, 5, 0), ("b", subject, T + 20, 0, 1, 0)]


def test_alerts_and_exclusions_as_they_stood(writer: Writer, client: Client, device: str) -> None:
    def alert(since: int, *, firing: bool) -> AlertState:
        return AlertState(
            alert=f"a/{device}/page",
            objective="a",
            subject=SubjectId(device),
            severity="page",
            firing=firing,
            since_unix_s=T + since,
            tiers=("quick",) if firing else (),
            text="",
            burn_rate=None,
            budget_remaining=None,
            run=RunId("r"),
            bad_since_unix_s=T - 60 if firing else None,
        )

    def notice(end: int | None) -> ExclusionNotice:
        return ExclusionNotice(subject=SubjectId(device), start_unix_ns=T * 10**9 + 1, end_unix_ns=end, reason="why", who="gpb")

    for place, (one, told) in enumerate(((alert(5, firing=True), notice(None)), (alert(3, firing=False), notice(T * 10**9 + 9)))):
        rows = {tables.ALERTS: tables.alert_rows([one]), tables.EXCLUSIONS: tables.exclusion_rows([told])}
        writer.write(stored(device, 8 * place, **rows))
    subject = SubjectId(device)
    assert past(client, device, 8).alerts() == [PastAlert(f"a/{device}/page", "a", subject, "page", True, T + 5, ("quick",))]
    assert past(client, device, 16).alerts() == [PastAlert(f"a/{device}/page", "a", subject, "page", False, T + 3, ())]
    fired = PastAlarm(f"a/{device}/page", "a", subject, True, T + 5, T - 60)
    cleared = PastAlarm(f"a/{device}/page", "a", subject, False, T + 3, None)
    assert past(client, device, 8).alarms("page", 60) == [fired]
    assert past(client, device, 16).alarms("page", 60) == [fired, cleared]
    assert past(client, device, 16).alarms("page", 1) == [fired]
    assert past(client, device, 16).alarms("ticket", 60) == []
    open_ended = PastExclusion(subject, T * 10**9 + 1, None, "why", "gpb")
    assert past(client, device, 8).exclusions() == [open_ended]
    assert past(client, device, 16).exclusions() == [open_ended, open_ended._replace(end_unix_ns=T * 10**9 + 9)]


def test_verdicts_of_before_there_were_counts_count_themselves(writer: Writer, client: Client, device: str) -> None:
    rows = tables.verdict_rows([judged(device, 10, "a", 1, 0, 0), judged(device, 20, "a", 0, 1, 0)])
    writer.write(stored(device, 0, **{tables.VERDICTS: rows.drop_columns(["good", "bad", "insufficient"])}))
    assert [one[2:] for one in past(client, device, 8).counts(T, T + 20)] == [(T + 10, 1, 0, 0), (T + 20, 0, 1, 0)]
