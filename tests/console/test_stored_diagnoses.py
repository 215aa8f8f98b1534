"""Diagnoses: what alerts look like by what a real store holds, on the page too; as of when they began to fire."""

from collections.abc import Iterator

import msgspec
import pytest

from console.stored_diagnoses import StoredDiagnoses
from schemas.ids import DeviceId, IndicatorId, RunId, SubjectId
from schemas.records import AlertState, Estimate, IndicatorSample
from schemas.telemetry import Reading, Telemetry
from storage import tables
from storage.batch import Batch
from storage.reader import Reader
from storage.writer import Writer
from tests.console.conftest import observatory
from tests.console.notify.test_message import state
from tests.fixtures_engine import EmbeddedEngine
from tests.migrated import migrated

pytestmark = pytest.mark.stack
T = 1_790_000_000
"""When the alert begins to fire, half a minute after something broke."""
NODE, LINKS = DeviceId("qic-a-01"), (SubjectId("link-a-b"), SubjectId("link-a-c"))


def sample(subject: SubjectId, indicator: str, end_unix_s: int, value: float) -> IndicatorSample:
    estimate = Estimate(value=value, lower=None, upper=None, confidence=0.95, counts={"n": 1}, unit="1", method="m")
    return IndicatorSample(
        subject=subject,
        indicator=IndicatorId(indicator),
        device=NODE,
        run=RunId("r"),
        end_unix_s=end_unix_s,
        integration_s=10,
        estimate=estimate,
    )


def sensors(subject: SubjectId, unix_s: int, metric: str, value: float) -> Telemetry:
    reading = Reading(metric=metric, unit="dB", value=value)
    return Telemetry(device=NODE, subject=subject, source=f"{subject}/sensors", unix_ns=unix_s * 10**9, readings=(reading,))


@pytest.fixture(scope="module")
def reader(engine: EmbeddedEngine) -> Iterator[Reader]:
    """One link loses its light at T - 30, the other never; at T + 60 the node's cryostat warms up besides."""
    address = migrated(engine, "diagnoses")
    samples, readings = [], []
    for second in range(T - 1_500, T + 301, 10):
        broken = second > T - 30
        samples += [sample(LINKS[0], "qic.M1", second, 2.0 if broken else 40.0), sample(LINKS[1], "qic.M1", second, 40.0)]
        readings += [sensors(LINKS[0], second, "link.loss", 20.0 if broken else 3.0), sensors(LINKS[1], second, "link.loss", 9.0)]
        readings.append(sensors(SubjectId(NODE), second, "cryostat.temperature", 8.0 if second > T + 60 else 4.0))
    rows = {
        tables.SAMPLES: tables.sample_rows(samples),
        tables.TELEMETRY: tables.telemetry_rows(list(enumerate(readings))),
        tables.ALERTS: tables.alert_rows([alert(LINKS[0])]),
    }
    writer = Writer(address, "a-worker")
    writer.write(Batch("slo-1", "indicators", 0, 0, 1, rows, 1, 0, b""))
    writer.close()
    with Reader(address) as made:
        yield made


def alert(subject: SubjectId, since: int = T, *, firing: bool = True) -> AlertState:
    return msgspec.structs.replace(state(subject, "page", since, firing=firing), device=NODE, indicator="qic.M1")


def test_the_likeliest_failure_with_what_it_rests_on(reader: Reader) -> None:
    one = alert(LINKS[0])
    ((key, hints),) = StoredDiagnoses(reader).of([one], within_s=60.0).items()
    assert key == (one.alert, T)
    assert hints[0].mode.id in {"qic.F1", "qic.F6"}
    assert set(hints[0].seen) == {"qic.M1", "link.loss"}


def test_what_came_after_the_alert_is_no_sign_and_before_it_nothing_was_wrong(reader: Reader) -> None:
    early, late = alert(LINKS[0], T - 60), alert(LINKS[0], T + 200)
    found = StoredDiagnoses(reader).of([early, late, alert(LINKS[0], firing=False)], within_s=60.0)
    assert (early.alert, T - 60) not in found
    unexplained = {name for hint in found.get((late.alert, T + 200), ()) for name in hint.unexplained}
    assert unexplained <= {"cryostat.temperature"}
    now = StoredDiagnoses(reader).of([alert(LINKS[0])], within_s=60.0)
    assert all("cryostat.temperature" not in hint.unexplained for hint in now[alert(LINKS[0]).alert, T])


def test_what_is_found_out_is_remembered_and_what_takes_too_long_is_left(reader: Reader) -> None:
    diagnoses = StoredDiagnoses(reader)
    assert diagnoses.of([alert(LINKS[0])], within_s=0.0) == {}
    found = diagnoses.of([alert(LINKS[0])], within_s=60.0)
    assert found
    assert diagnoses.of([alert(LINKS[0])], within_s=0.0) == found


def test_whoever_has_no_failure_modes_looks_like_nothing(reader: Reader) -> None:
    assert StoredDiagnoses(reader).of([state("cryostat-1", "page", T, firing=True)], within_s=60.0) == {}


def test_the_page_says_it_and_where_to_begin(reader: Reader) -> None:
    (alarm,) = observatory(reader, T + 10).alerts().alerts
    assert "link.loss up" in alarm.looks_like[0]
    assert alarm.begin_with in {"docs/runbooks/qic.F1.md", "docs/runbooks/qic.F6.md"}
    assert alarm.runbook == "docs/runbooks/sps.F7.md"
