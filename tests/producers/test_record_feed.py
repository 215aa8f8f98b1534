"""Records of a device: each at its time and once, of the right subject, quiet when it should be, and true to its condition."""

import itertools
from collections import Counter
from typing import Any

import msgspec
import pytest

from producers.apparatus import Apparatus, Control, Cryostat, Laser
from producers.condition import Condition
from producers.entanglement.link import Link
from producers.entanglement.repeater import Repeater
from producers.fault_catalogue import Change, Failure, Notice
from producers.matter.resonator import Resonator, Sweep
from producers.optics.coupling import Optics, Power
from producers.record_feed import CalibrationPlan, Duties, Outgoing, RecordFeed, Teller
from producers.sources import PulsedParameters
from schemas import topics
from schemas.events import Calibration, Command, Event, Heartbeat, Heralds, State, Swaps
from schemas.ids import DeviceId, RunId, SubjectId
from schemas.measurements import Measurement
from schemas.records import Annotation
from schemas.telemetry import Telemetry

ORIGIN_NS = 1_700_000_000_000_000_000
KINDS = {"events": Event, "telemetry": Telemetry, "measurements": Measurement, "annotations": Annotation}
DEVICE = Apparatus(source=PulsedParameters(rate_hz=1e5), cryostat=Cryostat(), laser=Laser(), optics=Optics())
NEVER = Duties(heartbeat_s=0, telemetry_s=0, told_s=0, commands_hz=0)


def feed(apparatus: Apparatus, duties: Duties, subject: str = "a", **more: Any) -> tuple[RecordFeed, Condition]:
    condition = Condition(apparatus, 1, {})
    given = {"calibration": CalibrationPlan(), "measures": ()} | more
    teller = Teller(subject=SubjectId(subject), device=DeviceId("a"), seed=5, duties=duties, **given)
    return RecordFeed(teller, condition, ORIGIN_NS), condition


def said(made: RecordFeed, until_s: float, step_s: float = 1.0) -> list[Outgoing]:
    """All that it says, step by step; every record is what its topic's readers expect."""
    found: list[Outgoing] = []
    for step in range(1, round(until_s / step_s) + 1):
        found += made.records(step * step_s, RunId("r1"), "1.0")
    for one in found:
        assert msgspec.json.decode(msgspec.json.encode(one.record), type=KINDS[one.topic.name]) == one.record
    return found


def events(found: list[Outgoing], kind: type) -> list[Event]:
    return [one.record for one in found if isinstance(one.record, Event) and isinstance(one.record.what, kind)]


def failure(*changes: Change) -> Failure:
    notice = Notice(indicators=(), severity="page", runbook="x")
    return Failure(id="x", title="x", kinds=(), physics="x", changes=changes, shows=(), notice=notice, signs={})


def test_heartbeats_touch_and_are_numbered() -> None:
    beats = events(said(feed(DEVICE, Duties(heartbeat_s=4, telemetry_s=0, told_s=0))[0], 100), Heartbeat)
    assert len(beats) in (23, 24)
    assert [beat.sequence for beat in beats] == list(range(len(beats)))
    assert all(before.end_unix_ns == after.start_unix_ns for before, after in itertools.pairwise(beats))
    assert {(beat.subject, beat.device, beat.run, beat.firmware) for beat in beats} == {("a", "a", "r1", "1.0")}
    assert {beat.what for beat in beats} == {Heartbeat(state=State.OPERATIONAL, emitting=True)}
    assert 0 <= beats[0].start_unix_ns - ORIGIN_NS < 4e9


def test_warm_up_and_dim_light_show_in_heartbeats() -> None:
    made, condition = feed(DEVICE, Duties(heartbeat_s=5, telemetry_s=0, told_s=0, warm_up_s=30))
    condition.begin(failure(Change(path="optics.loss_db", plus=10)), 1.0, 50.0)
    beats = [beat.what for beat in events(said(made, 100), Heartbeat)]
    states = Counter((beat.state, beat.emitting) for beat in beats if isinstance(beat, Heartbeat))
    assert states[State.WARM_UP, True] in (5, 6)
    assert states[State.OPERATIONAL, False] in (9, 10, 11)


def test_what_is_measured_while_it_warms_up_says_so() -> None:
    sweep = Sweep(every_s=10, takes_s=5)
    made, _ = feed(Apparatus(resonator=Resonator()), Duties(warm_up_s=60), measures=(sweep,))
    found = [one.record for one in said(made, 120) if isinstance(one.record, Measurement)]
    starts_s = [(one.start_unix_ns - ORIGIN_NS) / 1e9 for one in found]
    assert [one.conditions.get("state") == "warm-up" for one in found] == [start_s < 60 for start_s in starts_s]
    assert {one.conditions["spin"] for one in found} == {"detuned"}
    assert starts_s[0] < 60 < starts_s[-1]


def test_telemetry_reads_the_present_condition_and_can_fail() -> None:
    made, condition = feed(DEVICE, Duties(heartbeat_s=0, telemetry_s=2, told_s=0))
    condition.begin(failure(Change(path="cryostat.temperature_k", plus=6, ramp_s=60)), 1.0, 0.0)
    read = [one.record for one in said(made, 60) if isinstance(one.record, Telemetry)]
    kelvin = [next(r.value for r in one.readings if r.metric == "cryostat.temperature") for one in read]
    assert kelvin[0] == pytest.approx(4.0, abs=0.3)
    assert kelvin[-1] == pytest.approx(10.0, abs=0.4)
    assert read[0].subject == ""
    condition.end("x")
    condition.begin(failure(Change(path="control.reporting", to=0)), 1.0, 60.0)
    assert [one for one in made.records(120.0, RunId("r1"), "1.0") if one.topic is topics.TELEMETRY] == []


def test_a_link_is_told_of_by_its_device() -> None:
    apparatus = Apparatus(link=Link(), repeater=Repeater(hop_success=(0.01, 0.01)))
    found = said(feed(apparatus, Duties(heartbeat_s=0, telemetry_s=5, told_s=5, commands_hz=0), "link-1")[0], 60)
    swaps, told = events(found, Swaps), events(found, Heralds)
    assert len(swaps) == len(told) in (11, 12)
    for swap, herald in zip(swaps, told, strict=True):
        assert isinstance(swap.what, Swaps)
        assert isinstance(herald.what, Heralds)
        assert len(herald.what.latency_ns) == swap.what.acknowledged > 0
        assert herald.what.attempts == 100_000
        assert (herald.subject, herald.device) == ("link-1", "a")
        assert min(herald.what.latency_ns) > 2e6
    assert {one.key for one in found if one.topic is topics.EVENTS} == {"link-1"}
    telemetry = [one.record for one in found if isinstance(one.record, Telemetry)]
    assert {(one.device, one.subject) for one in telemetry} == {("a", "link-1")}


def test_commands_fail_retry_and_are_not_understood() -> None:
    def commands(**changes: float) -> list[Command]:
        apparatus = Apparatus(control=Control(**changes))  # type: ignore[arg-type]
        found = said(feed(apparatus, Duties(heartbeat_s=0, telemetry_s=0, told_s=5, commands_hz=20))[0], 100)
        return [event.what for event in events(found, Command) if isinstance(event.what, Command)]

    healthy = commands(failure=0.0)
    assert len(healthy) == pytest.approx(1950, abs=150)
    assert {(command.ok, command.tries) for command in healthy} == {(True, 1)}
    half = commands(failure=0.5)
    assert sum(command.ok for command in half) / len(half) == pytest.approx(7 / 8, abs=0.03)
    assert sum(command.ok and command.tries == 1 for command in half) / len(half) == pytest.approx(0.5, abs=0.05)
    assert {command.error for command in half if not command.ok} == {"timeout"}
    mixed = commands(failure=0.0, mismatch=0.3)
    assert sum(command.error == "protocol-mismatch" for command in mixed) / len(mixed) == pytest.approx(0.3, abs=0.04)
    assert not any(command.ok for command in commands(failure=1.0))


def test_a_calibration_is_announced_told_and_left_alone() -> None:
    """Begun and ended on the timeline, in heartbeats, as an event, and without a measurement in between."""
    plan = CalibrationPlan(routine="tuning", every_s=200, takes_s=40, steps=7)
    measures = (Power(every_s=10, takes_s=5),)
    made, _ = feed(DEVICE, Duties(heartbeat_s=5, telemetry_s=0, told_s=0), calibration=plan, measures=measures)
    found = said(made, 1000)
    done = events(found, Calibration)
    assert len(done) in (4, 5)
    for event in done:
        assert event.what == Calibration(routine="tuning", passed=True, steps=7)
        assert 32e9 <= event.end_unix_ns - event.start_unix_ns <= 48e9
    notes = [one.record for one in found if isinstance(one.record, Annotation)]
    begun = [note for note in notes if note.end_unix_s is None]
    began, ended = notes[:2]
    assert (began.end_unix_s, began.attributes) == (None, {})
    assert msgspec.structs.replace(ended, end_unix_s=None, attributes={}) == began  # else its exclusion would never end
    assert ended.attributes == {"passed": True}
    assert notes[0].start_unix_s == notes[1].start_unix_s
    assert (notes[0].end_unix_s, notes[1].end_unix_s) == (None, done[0].end_unix_ns / 1e9)
    taken = [one.record for one in found if isinstance(one.record, Measurement)]
    for event in done:
        assert not any(one.start_unix_ns < event.end_unix_ns and event.start_unix_ns < one.end_unix_ns for one in taken)
    assert len(taken) == pytest.approx(100 - 4.5 * 4.5, abs=6)
    assert {one.calibration for one in taken} >= {"", "tuning-1", "tuning-2"}
    calibrating = [beat for beat in events(found, Heartbeat) if beat.what == Heartbeat(state=State.CALIBRATION, emitting=True)]
    assert len(calibrating) == pytest.approx(len(begun) * 9, abs=len(begun))


def test_a_measurement_says_what_was_set_for_it() -> None:
    """A sweep with the spin tuned in shows two resonances, neither of them the resonator's own."""
    measures = (Sweep(every_s=10, points=11), Sweep(every_s=10, points=11, with_spin=True), Power(every_s=10))
    made, _ = feed(Apparatus(resonator=Resonator(), optics=Optics()), NEVER, measures=measures)
    taken = [one.record for one in said(made, 40) if isinstance(one.record, Measurement)]
    conditions = {(type(one.data).__name__, *one.conditions.items()) for one in taken}
    assert conditions == {
        ("ResonatorSweep", ("spin", "detuned")), ("ResonatorSweep", ("spin", "resonant")), ("PowerCheck",)
    }  # fmt: skip


def test_calibrations_fail_and_drag() -> None:
    plan = CalibrationPlan(every_s=100, takes_s=20)
    made, _ = feed(Apparatus(control=Control(calibration_pass=0.3, calibration_slowness=3)), NEVER, calibration=plan)
    done = events(said(made, 20_000, 50), Calibration)
    assert sum(event.what.passed for event in done if isinstance(event.what, Calibration)) / len(done) == pytest.approx(
        0.3, abs=0.1
    )
    mean_s = sum(event.end_unix_ns - event.start_unix_ns for event in done) / len(done) / 1e9
    assert mean_s == pytest.approx(60, rel=0.05)


def test_crashed_software_says_nothing_and_skips_no_number() -> None:
    made, condition = feed(DEVICE, Duties(heartbeat_s=1, telemetry_s=1, told_s=1))
    before = said(made, 20)
    condition.begin(failure(Change(path="control.running", to=0)), 1.0, 20.0)
    assert list(made.records(60.0, RunId("r1"), "1.0")) == []
    condition.end("x")
    after = list(made.records(70.0, RunId("r2"), "1.0"))
    numbers = [one.record.sequence for one in (*before, *after) if isinstance(one.record, Event)]
    assert numbers == list(range(len(numbers)))
    assert {one.record.run for one in after if isinstance(one.record, Event)} == {"r2"}


def test_a_fault_leaves_the_luck_of_everything_else() -> None:
    """The same seed says the same, but for what the fault changes; and pace of asking does not matter."""
    duties = Duties(heartbeat_s=3, telemetry_s=4, told_s=5, commands_hz=1)
    apparatus = Apparatus(link=Link(), cryostat=Cryostat())
    healthy, broken = feed(apparatus, duties), feed(apparatus, duties)
    broken[1].begin(failure(Change(path="control.failure", to=1.0)), 1.0, 0.0)
    ours, theirs = said(healthy[0], 60), said(broken[0], 60, 5.0)

    def but_commands(found: list[Outgoing]) -> list[object]:
        return [
            msgspec.structs.replace(one.record, sequence=0) if isinstance(one.record, Event) else one.record
            for one in found
            if not (isinstance(one.record, Event) and isinstance(one.record.what, Command))
        ]

    assert but_commands(ours) == but_commands(theirs)
    assert {event.what.ok for event in events(theirs, Command) if isinstance(event.what, Command)} == {False}


def test_one_who_has_nothing_to_tell_is_never_due() -> None:
    made, _ = feed(Apparatus(), NEVER)
    assert made.next_due_s == float("inf")
    assert list(made.records(1e9, RunId("r"), "")) == []
