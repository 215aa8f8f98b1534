"""Evidence: what samples, readings and deploys of a device and its links come to when an alert fires."""

from pathlib import Path

from console.evidence import Evidence
from console.gameday.modes import failure_modes
from producers.fault_catalogue import load_failures
from schemas.ids import DeviceId, IndicatorId, RunId, SubjectId
from schemas.records import Estimate, IndicatorSample
from schemas.telemetry import Reading, Telemetry

DEVICE, LINK = DeviceId("qic-a-01"), SubjectId("link-a-b")
FAILURES = load_failures()
MODES = failure_modes(FAILURES.values())


def sample(subject: str, indicator: str, end_unix_s: int, value: float | None, firmware: str = "1") -> IndicatorSample:
    return IndicatorSample(
        subject=SubjectId(subject),
        indicator=IndicatorId(indicator),
        device=DEVICE,
        run=RunId("r"),
        end_unix_s=end_unix_s,
        integration_s=30,
        estimate=Estimate(value=value, lower=None, upper=None, confidence=0.95, counts={"n": 1}, unit="1", method="m"),
        firmware=firmware,
    )


def told(*, loss: float = 3.0, rate: float = 40.0, firmware: str = "1", reports_until_s: int = 1_000) -> Evidence:
    """Healthy until 900 s, then as said."""
    evidence = Evidence(MODES)
    for second in range(0, 1_001, 10):
        ill = second > 900
        if second <= reports_until_s:
            reading = Reading(metric="link.loss", unit="dB", value=loss if ill else 3.0)
            evidence.telemetry(Telemetry(device=DEVICE, subject=LINK, source="s", unix_ns=second * 10**9, readings=(reading,)))
        evidence.sample(sample(LINK, "qic.M1", second, rate if ill else 40.0, firmware if ill else "1"))
    return evidence


def test_a_link_is_read_with_the_device_that_speaks_for_it() -> None:
    best = told(loss=20.0, rate=2.0).hints(DEVICE, 1_000)[0]
    assert {"qic.M1", "link.loss"} <= set(best.seen)
    assert best.mode.id in {"qic.F1", "qic.F6"}


def test_newer_firmware_is_a_sign() -> None:
    assert "deploys" in told(rate=2.0, firmware="2").hints(DEVICE, 1_000)[0].seen


def test_sensors_that_nobody_reports_any_more_are_a_sign() -> None:
    hints = told(reports_until_s=880).hints(DEVICE, 1_000)
    assert [hint.mode.id for hint in hints][:1] == ["telemetry-gap"]


def test_what_is_known_later_does_not_count_and_nothing_known_is_no_hint() -> None:
    assert told(loss=20.0, rate=2.0).hints(DEVICE, 880) == ()
    assert Evidence(MODES).hints(DEVICE, 1_000) == ()


def test_estimates_without_a_value_say_nothing() -> None:
    evidence = Evidence(MODES)
    for second in range(0, 1_001, 10):
        evidence.sample(sample(LINK, "qic.M1", second, None))
    assert evidence.hints(DEVICE, 1_000) == ()


def test_every_failure_mode_has_its_runbook() -> None:
    root = Path(__file__).parents[2]
    named = [mode for mode in MODES if "." in mode.id]
    assert len(named) == 34
    assert [mode.runbook for mode in named if not (root / mode.runbook).is_file()] == []


def test_no_two_failure_modes_of_a_system_have_the_same_signs() -> None:
    signs = [(system, tuple(sorted(mode.signs.items()))) for mode in MODES for system in mode.systems]
    assert len(set(signs)) == len(signs)
