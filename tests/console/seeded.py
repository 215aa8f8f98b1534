"""A small fleet in a real store: a good source, a bad one that pages somebody, one whose tags ceased an hour ago, and a few that
send no tags: a coupling, an interconnect with its link, a cryostat.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from zlib import crc32

import msgspec
import numpy as np

from schemas.block import BlockContext, Channel
from schemas.events import Event, Heartbeat
from schemas.events import State as OperationalState
from schemas.exclusion import ExclusionNotice
from schemas.ids import DeviceId, DomainId, IndicatorId, RunId, SourceId, SubjectId
from schemas.panes import CorrelationPane, PaneKey, PaneResults, SinglesPane
from schemas.records import AlertState, Estimate, IndicatorSample, Shortfall
from schemas.telemetry import Reading, Telemetry
from storage import tables
from storage.batch import Batch
from storage.client import StoreAddress
from storage.writer import Writer

SECOND_PS = 10**12
PERIOD_PS, ZERO_PS = 12_500, 3_000
FIRST_EDGE_PS, BIN_PS, BINS = -200_000, 100, 4_000
RUN = RunId("20260307T142355Z-9f3a1c")
GOOD, BAD, QUIET = (DeviceId(name) for name in ("sps-good", "sps-bad", "lab bench/old <1>"))
COUPLING, NODE, LINK, CRYOSTAT = (DeviceId(name) for name in ("spc-lab", "qic-lab", "link-lab", "cryostat-lab"))
OBJECTIVE = "sps-g2-zero"


@dataclass(frozen=True)
class Second:
    """What one device counted in one second."""

    device: DeviceId
    unix_s: int
    purity: float


def counts_of(second: Second) -> np.ndarray:
    """A pulsed histogram whose central peak has ``purity`` times the area of the others."""
    rng = np.random.default_rng(crc32(f"{second.device} {second.unix_s % 100}".encode()))
    tau = FIRST_EDGE_PS + (np.arange(BINS) + 0.5) * BIN_PS
    number = np.round((tau - ZERO_PS) / PERIOD_PS)
    mean = np.exp(-np.abs(tau - ZERO_PS - number * PERIOD_PS) / 700)
    mean[number == 0] *= second.purity
    return rng.poisson(mean).astype(np.uint64)


def store(address: StoreAddress, seconds: Sequence[Second], place: int) -> None:
    """Store these seconds as one batch of partition 0: blocks and panes, as a worker would."""
    blocks, singles, correlations = [], [], []
    origin_s = min(second.unix_s for second in seconds)
    for offset, second in enumerate(seconds):
        domain, source = DomainId(second.device), SourceId(f"{second.device}/tagger")
        context = BlockContext(
            domain=domain,
            source=source,
            device=second.device,
            run=RUN,
            sequence=second.unix_s % 10**6,
            origin_unix_ns=origin_s * 10**9,
            start_ps=(second.unix_s - origin_s) * SECOND_PS,
            reached_ps=(second.unix_s + 1 - origin_s) * SECOND_PS,
            channels=(Channel(0), Channel(1)),
            period_ps=float(PERIOD_PS),
        )
        blocks.append(tables.StoredBlock(context, 1_600, place + offset, 1, (second.unix_s + 1) * 1000))
        key = PaneKey(domain, second.device, RUN, second.unix_s)
        singles += [SinglesPane(key, channel, 700 + 200 * channel, SECOND_PS, 0) for channel in (0, 1)]
        correlations.append(CorrelationPane(key, 0, 1, FIRST_EDGE_PS, BIN_PS, counts_of(second)))
    _write(
        address,
        "tags-1",
        place,
        len(seconds),
        {
            tables.BLOCKS: tables.block_rows(blocks),
            tables.PANES: tables.pane_rows([PaneResults(tuple(singles), tuple(correlations))]),
        },
    )


def judge_fleet(address: StoreAddress, now_s: int) -> None:
    """Store samples, budgets and alerts: ``GOOD`` keeps its objective, ``BAD`` broke it two minutes ago and pages."""
    samples, budgets = [], []
    for device, value, remaining in ((GOOD, 0.02, Fraction(1)), (BAD, 0.8, Fraction(-3, 10))):
        estimate = Estimate(
            value=value,
            lower=value * 0.9,
            upper=value * 1.1,
            confidence=0.95,
            counts={"central": 40, "side": 40_000},
            unit="1",
            method="pulsed",
            parameters={"period_ps": float(PERIOD_PS), "zero_delay_ps": float(ZERO_PS)},
        )
        samples.append(
            IndicatorSample(
                subject=SubjectId(device),
                indicator=IndicatorId("sps.M1"),
                device=device,
                run=RUN,
                end_unix_s=now_s,
                integration_s=10,
                estimate=estimate,
            )
        )
        if device == BAD:
            samples.append(undecided(samples[-1]))
        windows = tuple(
            tables.BudgetWindow(window_s, 297, 12 if device == BAD else 0, 3, 100, Fraction(12 if device == BAD else 0, 1))
            for window_s in (3_600, 2_592_000)
        )
        budgets.append(tables.StoredBudget(SubjectId(device), OBJECTIVE, now_s, windows, remaining))
    _write(
        address,
        "slo-1",
        0,
        4,
        {
            tables.SAMPLES: tables.sample_rows(samples),
            tables.BUDGETS: tables.budget_rows(budgets),
            tables.EXCLUSIONS: tables.exclusion_rows(
                [
                    ExclusionNotice(
                        subject=SubjectId(GOOD),
                        start_unix_ns=(now_s - 1_000) * 10**9,
                        end_unix_ns=None,
                        reason="maintenance: mirror <1>",
                        who="gpb",
                    )
                ]
            ),
            tables.ALERTS: tables.alert_rows(
                [
                    alert(BAD, "page", now_s - 120, firing=True),
                    alert(BAD, "ticket", now_s - 110, firing=True),
                    alert(GOOD, "ticket", now_s - 7_200, firing=True),
                    alert(GOOD, "ticket", now_s - 3_600, firing=False),
                ]
            ),
        },
    )


def tell(address: StoreAddress, now_s: int) -> None:
    """Store what those say that send no tags: heartbeats, a reading, and a good sample each of the coupling and of the link."""
    speakers = ((COUPLING, COUPLING), (NODE, NODE), (LINK, NODE), (QUIET, QUIET))
    events = [
        Event(
            subject=SubjectId(subject),
            device=speaker,
            run=RUN,
            source=f"{subject}/{RUN}",
            sequence=1,
            start_unix_ns=(now_s - 5) * 10**9,
            end_unix_ns=now_s * 10**9,
            what=Heartbeat(state=OperationalState.OPERATIONAL),
        )
        for subject, speaker in speakers
    ]
    cold = Reading(metric="cryostat.temperature", unit="K", value=4.2)
    reading = Telemetry(device=CRYOSTAT, source="a probe", unix_ns=now_s * 10**9, readings=(cold,), run=RunId("a probe's"))
    samples = [
        IndicatorSample(
            subject=SubjectId(subject),
            indicator=IndicatorId(indicator),
            device=speaker,
            run=RUN,
            end_unix_s=now_s,
            integration_s=10,
            estimate=Estimate(
                value=value, lower=0.9 * value, upper=1.1 * value, confidence=0.95, counts={"points": 40}, unit=unit, method="m"
            ),
        )
        for subject, speaker, indicator, value, unit in (
            (COUPLING, COUPLING, "spc.M1", 4e6, "Hz"),
            (LINK, NODE, "qic.M1", 70.0, "pairs/s"),
        )
    ]
    _write(
        address,
        "events-1",
        0,
        len(events),
        {
            tables.EVENTS: tables.event_rows(list(enumerate(events))),
            tables.TELEMETRY: tables.telemetry_rows([(0, reading)]),
            tables.SAMPLES: tables.sample_rows(samples),
        },
    )


def undecided(sample: IndicatorSample) -> IndicatorSample:
    """A sample of the same device that neither keeps nor breaks its objective, and says what it lacks."""
    estimate = Estimate(value=0.82, lower=0.7, upper=0.9, confidence=0.95, counts={"parallel": 20}, unit="1", method="ratio")
    lacks = (Shortfall(operator="gt", threshold="4/5", more={"parallel": 1_480}, seconds=740.0),)
    return msgspec.structs.replace(sample, indicator=IndicatorId("sps.M2"), estimate=estimate, lacks=lacks)


def alert(device: DeviceId, severity: str, since_unix_s: int, *, firing: bool) -> AlertState:
    return AlertState(
        alert=f"{OBJECTIVE}/{device}/{severity}",
        objective=OBJECTIVE,
        subject=SubjectId(device),
        severity=severity,
        firing=firing,
        since_unix_s=since_unix_s,
        tiers=("page-quick",) if firing else (),
        text=f"g²(0) of {device} <b>broke</b> its objective",
        burn_rate="12",
        budget_remaining="-3/10",
        run=RUN,
    )


def _write(address: StoreAddress, pipeline: str, lo: int, messages: int, rows: dict[str, object]) -> None:
    writer = Writer(address, "seed")
    try:
        writer.write(Batch(pipeline, "timetags", 0, lo, lo + messages, rows, messages, 1, b"{}"))  # type: ignore[arg-type]
    finally:
        writer.close()
