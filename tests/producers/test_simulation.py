"""A whole fleet: everything said by the right device, faults on devices, links and what is shared, deploys on the timeline."""

from collections import Counter

import numpy as np
import pytest

from producers.errors import FleetError
from producers.fault_catalogue import load_failures
from producers.fleet_file import demo_fleet, parse_fleet
from producers.past import LastEvent
from producers.record_feed import Outgoing
from producers.simulation import Simulation
from schemas.block import BlockContext, TagBlock
from schemas.events import Event, Heralds, Swaps
from schemas.ids import DomainId, RunId, SubjectId
from schemas.records import Annotation
from schemas.telemetry import Telemetry

FAILURES = load_failures()
SMALL = """
sites: [{id: lab, name: The lab}]
shared:
  - {id: cold, site: lab, seed: 9, cryostat: {temperature_k: 4}}
devices:
  - {id: q-1, kind: quantum-interconnect, site: lab, seed: 1, firmware: "1.0", depends_on: [cold]}
  - {id: s-1, kind: single-photon-source, site: lab, seed: 2, depends_on: [cold], source: {model: pulsed, rate_hz: 1e4}}
links:
  - {id: l-1, device: q-1, nodes: [q-1, s-1], seed: 3, link: {success: 0.01}}
  - {id: l-2, device: q-1, nodes: [q-1, s-1], seed: 4, link: {}, repeater: {hop_success: [0.01, 0.01]}, hops: [l-1]}
"""


def simulation() -> Simulation:
    runs = iter(range(10**6))
    return Simulation(parse_fleet(SMALL, "small"), lambda: RunId(f"r{next(runs)}"), 10**18)


def said(made: Simulation, device: str, from_s: int, to_s: int) -> list[TagBlock | Outgoing]:
    (one,) = (one for one in made.devices if one.device.id == device)
    return [thing for second in range(from_s + 1, to_s + 1) for thing in one.advance(second * 10**12)]


def heralds(found: list[TagBlock | Outgoing], link: str) -> list[Heralds]:
    records = [one.record for one in found if isinstance(one, Outgoing) and isinstance(one.record, Event)]
    return [record.what for record in records if record.subject == link and isinstance(record.what, Heralds)]


def kelvin(found: list[TagBlock | Outgoing]) -> float:
    reads = [one.record for one in found if isinstance(one, Outgoing) and isinstance(one.record, Telemetry)]
    return next(r.value or 0.0 for r in reads[-1].readings if r.metric == "cryostat.temperature")


def test_a_device_speaks_for_itself_and_its_links() -> None:
    found = said(simulation(), "q-1", 0, 60)
    assert not any(isinstance(one, TagBlock) for one in found)
    subjects = Counter(one.record.subject for one in found if isinstance(one, Outgoing) and isinstance(one.record, Event))
    assert set(subjects) == {"q-1", "l-1", "l-2"}
    swaps = [one.record for one in found if isinstance(one, Outgoing) and isinstance(getattr(one.record, "what", None), Swaps)]
    assert {swap.subject for swap in swaps if isinstance(swap, Event)} == {"l-2"}
    assert sum(len(told.latency_ns) for told in heralds(found, "l-1")) == pytest.approx(55 * 200, rel=0.1)


def test_a_fault_of_a_device_acts_on_its_links_and_one_of_a_link_on_it_alone() -> None:
    made = simulation()
    made.begin("q-1", FAILURES["qic.F2"], 1.0, 0.0)
    found = said(made, "q-1", 0, 60)
    assert min(heralds(found, "l-1")[-1].latency_ns) > 1.5e8
    assert min(heralds(found, "l-2")[-1].latency_ns) > 1.5e8
    made.end("q-1", "qic.F2")
    made.begin("l-1", FAILURES["qic.F2"], 1.0, 60.0)
    found = said(made, "q-1", 60, 120)
    assert min(heralds(found, "l-1")[-1].latency_ns) > 1.5e8
    assert min(heralds(found, "l-2")[-1].latency_ns) < 1e8


def test_a_cold_plate_warms_all_that_stand_on_it() -> None:
    made = simulation()
    made.begin("s-1", FAILURES["telemetry-gap"], 1.0, 0.0)
    made.end("s-1", "telemetry-gap")
    made.begin("cold", FAILURES["sps.F1"], 1.0, 0.0)
    assert kelvin(said(made, "s-1", 0, 130)) == pytest.approx(29, abs=0.5)
    assert kelvin(said(made, "q-1", 0, 130)) == pytest.approx(29, abs=0.5)
    made.end("cold", "sps.F1")
    assert kelvin(said(made, "q-1", 130, 140)) == pytest.approx(4, abs=0.1)


def test_a_deploy_is_on_the_timeline_and_begins_a_run() -> None:
    made = simulation()
    before = said(made, "q-1", 0, 10)
    made.begin("q-1", FAILURES["clock-firmware"], 1.0, 10.0)
    after = said(made, "q-1", 10, 30)
    notes = [one.record for one in after if isinstance(one, Outgoing) and isinstance(one.record, Annotation)]
    assert [(note.kind, note.subject, note.text) for note in notes] == [("deploy", "q-1", "firmware 1.0-clk1")]
    runs = [
        {one.record.run for one in part if isinstance(one, Outgoing) and isinstance(one.record, Event)}
        for part in (before, after)
    ]
    assert len(runs[0]) == len(runs[1]) == 1
    assert runs[0] != runs[1]
    assert sum(len(told.latency_ns) for told in heralds(after, "l-1")[1:]) < 50
    made.end("q-1", "clock-firmware")
    back = said(made, "q-1", 30, 60)
    notes = [one.record for one in back if isinstance(one, Outgoing) and isinstance(one.record, Annotation)]
    assert [note.text for note in notes] == ["firmware 1.0"]
    assert len(heralds(back, "l-1")[-1].latency_ns) > 800


@pytest.mark.parametrize(
    ("target", "failure", "why"),
    [
        ("nobody", "sps.F7", "no nobody in this fleet"),
        ("q-1", "sps.F7", "q-1 is a quantum-interconnect"),
        ("s-1", "sps.F3", "s-1 has no optics.misalignment_m"),
        ("l-1", "qic.F7", "l-1 has no repeater.mistiming_s"),
        ("cold", "qic.F2", "cold has no link.processing_s"),
    ],
)
def test_what_cannot_break_is_refused_in_words(target: str, failure: str, why: str) -> None:
    with pytest.raises(FleetError, match=why):
        simulation().begin(target, FAILURES[failure], 1.0, 0.0)


def test_the_demo_fleet_says_everything_that_indicators_need() -> None:
    made = Simulation(demo_fleet(), lambda: RunId("r"), 10**18, with_tags=False)
    kinds: dict[str, set[str]] = {}
    for device in made.devices:
        of_kind = kinds.setdefault(device.device.kind, set())
        for second in range(10, 121, 10):
            for one in device.advance(second * 10**12):
                if isinstance(one, Outgoing):
                    data = getattr(one.record, "data", None) or getattr(one.record, "what", None)
                    of_kind.add(one.topic.name if data is None else str(data.__struct_config__.tag))
    common = {"telemetry", "heartbeat", "command"}
    assert kinds["single-photon-source"] == common | {
        "hom-scan", "emission-spectrum", "detector-counts", "power-check", "delay-histogram", "pair-counts"
    }  # fmt: skip
    assert kinds["quantum-dot-source"] >= common | {"hom-scan", "emission-spectrum", "detector-counts", "pauli-correlations"}
    assert kinds["spin-photon-interface"] >= common | {"heralds", "pauli-correlations", "power-check", "detector-counts"}
    assert kinds["spin-photon-coupling"] == common | {
        "resonator-sweep", "coherence-decay", "readout-shots", "randomized-benchmarking", "pauli-correlations"
    }  # fmt: skip
    assert kinds["quantum-interconnect"] >= common | {"heralds", "swaps", "pauli-correlations", "sifted-bits"}


class Cut:
    """What a process that was killed had sent."""

    def __init__(self, found: list[TagBlock | Outgoing]) -> None:
        self._blocks = {one.context.domain: one.context for one in found if isinstance(one, TagBlock)}
        events = [one.record for one in found if isinstance(one, Outgoing) and isinstance(one.record, Event)]
        self._events = {event.subject: LastEvent.of(event) for event in events}

    def last_of(self, domain: DomainId) -> BlockContext | None:
        return self._blocks.get(domain)

    def last_event_of(self, subject: SubjectId) -> LastEvent | None:
        return self._events.get(subject)


def test_runs_and_numbers_go_on_after_a_death() -> None:
    first = simulation()
    found = {name: said(first, name, 0, 30) for name in ("q-1", "s-1")}
    past = Cut([*found["q-1"], *found["s-1"]])
    after = Simulation(parse_fleet(SMALL, "small"), lambda: RunId("new"), 10**18 + 33 * 10**9, past=past)
    for name in ("q-1", "s-1"):
        more = said(after, name, 0, 30)
        events = [one.record for one in found[name] + more if isinstance(one, Outgoing) and isinstance(one.record, Event)]
        for subject in {event.subject for event in events}:
            own = [event for event in events if event.subject == subject]
            assert len({(event.run, event.source) for event in own}) == 1
            assert [event.sequence for event in own] == list(range(len(own)))
            assert own[-1].end_unix_ns > 10**18 + 55 * 10**9
    blocks = [one.context for one in found["s-1"] + said(after, "s-1", 30, 31) if isinstance(one, TagBlock)]
    assert {context.run for context in blocks} == {blocks[0].run}
    late = Simulation(parse_fleet(SMALL, "small"), lambda: RunId("new"), 10**18 + 3_600 * 10**9, past=past)
    assert {device.run for device in late.devices} == {RunId("new")}
    updated = Simulation(parse_fleet(SMALL.replace("1.0", "1.1"), "small"), lambda: RunId("new"), 10**18, past=past)
    assert updated.devices[0].run == RunId("new")


@pytest.mark.parametrize(
    ("source", "labels"),
    [
        ("{model: pulsed, rate_hz: 1e5, g2: 0.02, lifetime_ps: 300}", ["transmitted", "reflected"]),
        ("{model: cw, rate_hz: 1e5, g2: 0.02}", ["transmitted", "reflected"]),
        ("{model: interference, rate_hz: 1e5, overlap: 0.9}", ["first output", "second output"]),
        ("{model: pairs, rate_hz: 1e5, spread_ps: 2}", ["herald", "signal"]),
        ("{model: pairs, rate_hz: 1e5, period_ps: 12500, statistics: thermal}", ["herald", "signal"]),
        ("{model: pairs, rate_hz: 1e5, period_ps: 12500, cascade_ps: [200, 400]}", ["herald", "signal"]),
        (
            (
                "{model: pairs, rate_hz: 1e5, analysers: {fidelity: 0.9, first: X, second: 0.4},"
                " detection: {efficiency: [0.5, 0.5, 0.5, 0.5], background_hz: [1, 1, 1, 1]}}"
            ),
            ["first +", "first -", "second +", "second -"],
        ),
        ("{model: pairs, rate_hz: 1e5, arm: 1, detection: {efficiency: [0.5], background_hz: [1]}}", ["signal"]),
    ],
)
def test_every_source_can_be_chosen(source: str, labels: list[str]) -> None:
    text = SMALL.replace("{model: pulsed, rate_hz: 1e4}", source)
    made = Simulation(parse_fleet(text, "small"), lambda: RunId("r"), 10**18)
    blocks = [one for one in said(made, "s-1", 0, 2) if isinstance(one, TagBlock)]
    assert [channel.label for channel in blocks[0].context.channels] == labels
    assert min(np.sum([np.bincount(block.times()[1], minlength=len(labels)) for block in blocks], axis=0)) > 1_000
