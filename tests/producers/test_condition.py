"""A device's condition through time: drifts and faults come and go, and what is shared moves all who share it."""

import pytest

from producers.apparatus import Apparatus, Cryostat
from producers.condition import Condition
from producers.drift import Drift
from producers.errors import FleetError, SourceError
from producers.fault_catalogue import Change, Failure, Notice
from producers.matter.line import Line
from producers.sources import PulsedParameters

DEVICE = Apparatus(source=PulsedParameters(rate_hz=1e5, g2=0.1), line=Line())


def failure(name: str, *changes: Change, firmware: str = "") -> Failure:
    notice = Notice(indicators=(), severity="page", runbook="x")
    return Failure(
        id=name, title="x", kinds=(), physics="x", changes=changes, shows=(), notice=notice, signs={}, firmware=firmware
    )


def g2(condition: Condition, elapsed_s: float) -> float:
    source = condition.at(elapsed_s).source
    assert isinstance(source, PulsedParameters)
    return source.g2


def test_an_undisturbed_device_is_one_object() -> None:
    condition = Condition(DEVICE, 1, {})
    assert condition.at(0.0) is condition.at(1e6)
    assert condition.at(0.0) == DEVICE


def test_a_fault_ramps_acts_with_its_size_and_goes() -> None:
    condition = Condition(DEVICE, 1, {})
    condition.begin(failure("a", Change(path="source.g2", plus=0.4, after_s=5, ramp_s=10)), 0.5, 100.0)
    assert [g2(condition, at) for at in (99.0, 104.9, 110.0, 115.0, 500.0)] == pytest.approx([0.1, 0.1, 0.2, 0.3, 0.3])
    condition.end("a")
    condition.end("a")
    assert g2(condition, 501.0) == 0.1


def test_faults_add_up_and_one_of_the_same_name_takes_the_others_place() -> None:
    condition = Condition(DEVICE, 1, {})
    condition.begin(failure("a", Change(path="source.g2", plus=0.1)), 1.0, 0.0)
    condition.begin(failure("b", Change(path="source.g2", times=2.0)), 1.0, 0.0)
    assert g2(condition, 1.0) == pytest.approx(0.4)
    condition.begin(failure("a", Change(path="source.g2", plus=0.1)), 3.0, 0.0)
    assert set(condition.active) == {"a", "b"}
    assert g2(condition, 2.0) == pytest.approx((0.1 + 0.3) * 2)


def test_drift_moves_from_second_to_second_and_is_taken_back() -> None:
    condition = Condition(DEVICE, 5, {"line.offset_hz": Drift(sigma=1e6, time_s=50)})
    other = Condition(DEVICE, 5, {"line.offset_hz": Drift(sigma=1e6, time_s=50)})
    offsets = [condition.at(second / 2).line.offset_hz for second in range(20)]  # type: ignore[union-attr]
    assert offsets[::2] == offsets[1::2]
    assert len(set(offsets)) == 10
    assert other.at(9.5).line.offset_hz == offsets[-1]  # type: ignore[union-attr]
    condition.recentre()
    assert condition.at(9.5).line.offset_hz == 0.0  # type: ignore[union-attr]
    with pytest.raises(FleetError, match=r"no part laser"):
        Condition(DEVICE, 1, {"laser.jitter_ps": Drift(sigma=1)})


def test_what_is_shared_moves_all_who_share_it_until_nobody_holds_it() -> None:
    cryostat = Condition(Apparatus(cryostat=Cryostat()), 9, {"cryostat.temperature_k": Drift(sigma=0.01)})
    one, two = (Condition(DEVICE, seed, {}, {"cryostat": cryostat}) for seed in (1, 2))
    warm = failure("w", Change(path="cryostat.temperature_k", plus=2.0), Change(path="source.g2", plus=0.1))

    def kelvin(condition: Condition, at_s: float) -> float:
        return condition.at(at_s).cryostat.temperature_k  # type: ignore[union-attr]

    assert kelvin(one, 1.0) == kelvin(two, 1.0) != 4.0
    one.begin(warm, 1.0, 2.0)
    assert kelvin(one, 3.0) == kelvin(two, 3.0) == pytest.approx(6.0, abs=0.1)
    assert (g2(one, 3.0), g2(two, 3.0)) == (pytest.approx(0.2), 0.1)
    two.begin(warm, 1.0, 4.0)
    one.end("w")
    assert kelvin(one, 5.0) == pytest.approx(6.0, abs=0.1)
    assert g2(one, 5.0) == 0.1
    two.end("w")
    assert kelvin(one, 6.0) == kelvin(two, 6.0) == pytest.approx(4.0, abs=0.1)
    line = one.at(6.0).line
    assert line is not None
    assert line.offset_hz == pytest.approx(-3e8 * (kelvin(one, 6.0) - 4.0))


def test_firmware_is_what_deploys_add() -> None:
    condition = Condition(DEVICE, 1, {})
    condition.begin(failure("a", firmware="-rc1"), 1.0, 0.0)
    assert condition.firmware == "-rc1"
    condition.end("a")
    assert condition.firmware == ""


def test_impossible_faults_are_refused_and_impossible_sums_stay_possible() -> None:
    condition = Condition(DEVICE, 1, {})
    with pytest.raises(SourceError):
        condition.begin(failure("a", Change(path="source.g2", plus=-0.5)), 1.0, 0.0)
    with pytest.raises(FleetError, match="no part laser"):
        condition.begin(failure("a", Change(path="laser.jitter_ps", plus=1)), 1.0, 0.0)
    assert condition.active == {}
    for name in ("b", "c"):
        condition.begin(failure(name, Change(path="source.g2", plus=-0.08)), 1.0, 10.0)
    assert g2(condition, 5.0) == 0.1
    assert g2(condition, 15.0) == 0.1, "two of them would make it negative: it stays as it last could be"
    condition.end("c")
    assert g2(condition, 16.0) == pytest.approx(0.02)
