"""A device's blocks: paced by elapsed time, true to the source's count, with losses declared where tags or time went missing."""

import itertools
from typing import Any

import msgspec
import numpy as np
import pytest

from producers.apparatus import Apparatus, Control
from producers.clock import Clock
from producers.condition import Condition
from producers.device_feed import DeviceFeed, Tagged, channels_of
from producers.errors import FleetError
from producers.fault_catalogue import Change, Failure, Notice
from producers.past import GOES_ON_NS
from producers.sources import Analysers, CwParameters, Detection, PairParameters, PulsedParameters
from producers.tagger import Tagger
from schemas.block import BlockContext, Channel, Loss, TagBlock
from schemas.ids import DeviceId, RunId
from schemas.wire import decode, encode

BLOCK_PS, LAG_PS = 10**11, 10 * 10**11
TAGGED = Tagged(device=DeviceId("sps-x-01"), firmware="1.2.3", labels={"kind": "single-photon-source", "site": "x"})
SOURCE = PulsedParameters(rate_hz=2e5, g2=0.02)


def feed(apparatus: Apparatus | None = None, *, run_ps: int = 10**18, origin: int = 77) -> tuple[DeviceFeed, Condition]:
    condition = Condition(apparatus or Apparatus(source=SOURCE), 3, {})
    runs = (RunId(f"r{number}") for number in itertools.count(1))
    made = DeviceFeed(TAGGED, condition, 3, lambda: next(runs), origin, block_ps=BLOCK_PS, max_lag_ps=LAG_PS, run_ps=run_ps)
    return made, condition


def failure(*changes: Change, firmware: str = "") -> Failure:
    notice = Notice(indicators=(), severity="page", runbook="x")
    return Failure(
        id="x.F1", title="x", kinds=(), physics="x", changes=changes, shows=(), notice=notice, signs={}, firmware=firmware
    )


def check(blocks: list[TagBlock]) -> None:
    assert [block.context.sequence for block in blocks] == list(range(len(blocks)))
    for before, after in itertools.pairwise(blocks):
        lost = after.context.losses
        assert after.context.start_ps == (lost[-1].end_ps if lost else before.context.reached_ps)
    for block in blocks:
        assert decode(encode(block)).context == block.context


def by_run(blocks: list[TagBlock]) -> dict[str, list[TagBlock]]:
    return {run: list(group) for run, group in itertools.groupby(blocks, key=lambda block: block.context.run)}


def test_every_block_time_has_its_block_and_no_photon_is_from_the_future() -> None:
    device, _ = feed()
    blocks: list[TagBlock] = []
    for elapsed in (0, BLOCK_PS - 1, BLOCK_PS, BLOCK_PS * 5 // 2, 4 * BLOCK_PS):
        blocks += device.blocks(elapsed)
        assert len(blocks) == elapsed // BLOCK_PS
        assert all(block.context.reached_ps <= elapsed for block in blocks)
        assert device.next_due_ps == (elapsed // BLOCK_PS + 1) * BLOCK_PS
    blocks += device.close()
    check(blocks)
    assert sum(block.tags for block in blocks) == device.tags > 0
    assert [block.context.final for block in blocks] == [False] * 4 + [True]
    context = blocks[0].context
    assert (context.source, context.domain, context.device) == ("sps-x-01/r1", "sps-x-01", "sps-x-01")
    assert (context.firmware, context.period_ps, context.origin_unix_ns) == ("1.2.3", 12_500, 77)
    assert context.labels == {"kind": "single-photon-source", "site": "x", "excitation": "pulsed"}


def test_a_dark_device_sends_empty_blocks() -> None:
    device, _ = feed(Apparatus(source=CwParameters(rate_hz=0)))
    blocks = [*device.blocks(5 * BLOCK_PS)]
    assert [block.tags for block in blocks] == [0] * 5
    assert blocks[0].context.labels["excitation"] == "cw"
    assert blocks[0].context.period_ps is None


def test_a_stall_within_the_lag_is_caught_up_whole() -> None:
    device, _ = feed()
    blocks = [*device.blocks(BLOCK_PS), *device.blocks(BLOCK_PS + LAG_PS)]
    check(blocks)
    assert len(blocks) == 11
    assert device.lost_ps == 0


def test_a_longer_stall_is_declared_lost() -> None:
    device, _ = feed()
    blocks = [*device.blocks(2 * BLOCK_PS), *device.blocks(2 * BLOCK_PS + LAG_PS + 5 * BLOCK_PS + 1), *device.close()]
    check(blocks)
    assert device.lost_ps == 6 * BLOCK_PS
    losses = [loss for block in blocks for loss in block.context.losses]
    assert losses == [Loss(2 * BLOCK_PS, 8 * BLOCK_PS)]
    assert blocks[-1].context.reached_ps == 17 * BLOCK_PS
    assert sum(block.tags for block in blocks) == device.tags


def test_a_long_run_gives_way_to_the_next_and_no_photon_moves() -> None:
    def absolute(blocks: list[TagBlock]) -> list[int]:
        shifts = [(block.context.origin_unix_ns - 77) * 1000 for block in blocks]
        return [time for block, shift in zip(blocks, shifts, strict=True) for time in (block.times()[0] + shift).tolist()]

    whole, cut = feed()[0], feed(run_ps=3 * BLOCK_PS)[0]
    expected = [*whole.blocks(8 * BLOCK_PS), *whole.close()]
    blocks = [*cut.blocks(8 * BLOCK_PS), *cut.close()]
    runs = by_run(blocks)
    assert list(runs) == ["r1", "r2", "r3"]
    for run in runs.values():
        check(run)
        assert [block.context.final for block in run] == [False] * (len(run) - 1) + [True]
    assert absolute(blocks) == absolute(expected)
    assert cut.next_due_ps == whole.next_due_ps
    assert cut.tags == whole.tags > 0


def test_a_fault_acts_from_the_next_block_on_and_until_it_is_mended() -> None:
    device, condition = feed()
    rates = []
    for step, fault in enumerate((None, failure(Change(path="source.rate_hz", times=3.0)), None)):
        if fault is not None:
            condition.begin(fault, 1.0, step * 1.0)
        else:
            condition.end("x.F1")
        rates.append(sum(block.tags for block in device.blocks((step + 1) * 10**12)))
    assert rates[1] / rates[0] == pytest.approx(3, rel=0.02)
    assert rates[2] / rates[0] == pytest.approx(1, rel=0.02)


def test_crashed_software_is_silent_and_comes_back_with_a_new_run() -> None:
    device, condition = feed()
    blocks = [*device.blocks(3 * BLOCK_PS)]
    condition.begin(failure(Change(path="control.running", to=0.0)), 1.0, 0.3)
    assert list(device.blocks(20 * BLOCK_PS)) == []
    assert list(device.close()) == []
    condition.end("x.F1")
    blocks += [*device.blocks(25 * BLOCK_PS), *device.close()]
    runs = by_run(blocks)
    assert [len(run) for run in runs.values()] == [3, 6]
    assert not runs["r1"][-1].context.final
    check(runs["r2"])
    assert runs["r2"][0].context.origin_unix_ns == 77 + 20 * BLOCK_PS // 1000
    assert device.next_due_ps == 26 * BLOCK_PS


def test_new_firmware_begins_a_new_run() -> None:
    device, condition = feed()
    blocks = [*device.blocks(2 * BLOCK_PS)]
    condition.begin(failure(firmware="-rc2"), 1.0, 0.2)
    blocks += [*device.blocks(5 * BLOCK_PS)]
    runs = by_run(blocks)
    assert [run[0].context.firmware for run in runs.values()] == ["1.2.3", "1.2.3-rc2"]
    assert runs["r1"][-1].context.final
    assert sum(block.tags for block in blocks) == device.tags


def test_a_clock_that_gains_stretches_the_pulses_period() -> None:
    apparatus = Apparatus(source=PulsedParameters(rate_hz=1e6, lifetime_ps=0), clock=Clock(drift_ratio=1e-6))
    device, _ = feed(apparatus)
    time_ps = np.concatenate([block.times()[0] for block in device.blocks(10**12)])
    phase = (time_ps / 1.000001) % 12_500
    assert np.minimum(phase, 12_500 - phase).max() < 3
    drifted = np.minimum(time_ps % 12_500, 12_500 - time_ps % 12_500)
    assert drifted.max() > 5_000


def test_an_overflowing_buffer_declares_what_it_lost() -> None:
    tagger = Tagger(stall_hz=3.0, stall_s=0.08, buffer_tags=1_000, wrap_ps=10**10, resolution_ps=4)
    device, _ = feed(Apparatus(source=SOURCE, tagger=tagger))
    whole, _ = feed()
    blocks = [block for step in range(10, 51, 10) for block in device.blocks(step * BLOCK_PS)]
    expected = sum(block.tags for step in range(10, 51, 10) for block in whole.blocks(step * BLOCK_PS))
    check(blocks)
    losses = [loss for block in blocks for loss in block.context.losses]
    assert len(losses) > 5
    assert device.tags + sum(loss.tags or 0 for loss in losses) == expected
    kept = np.concatenate([block.times()[0] for block in blocks])
    assert all(not np.any((kept >= loss.start_ps) & (kept < loss.end_ps)) for loss in losses)
    assert not np.any(kept % 4)
    assert sum(block.context.overflows for block in blocks) == 500
    assert blocks[0].context.resolution_ps == 4


def test_channels_say_what_each_detector_is() -> None:
    def labels(source: PairParameters | PulsedParameters) -> list[str]:
        return [channel.label for channel in channels_of(source)]

    assert labels(SOURCE) == ["transmitted", "reflected"]
    assert labels(PairParameters(rate_hz=1)) == ["herald", "signal"]
    three = Detection(efficiency=(1.0,) * 3, background_hz=(0.0,) * 3)
    assert labels(PairParameters(rate_hz=1, detection=three)) == ["herald", "transmitted", "reflected"]
    four = Detection(efficiency=(1.0,) * 4, background_hz=(0.0,) * 4)
    analysed = PairParameters(rate_hz=1, analysers=Analysers(fidelity=0.9), detection=four)
    assert labels(analysed) == ["first +", "first -", "second +", "second -"]
    assert labels(PairParameters(rate_hz=1, analysers=Analysers(fidelity=0.9), arm=1)) == ["second +", "second -"]


def test_a_device_without_a_source_has_no_tags() -> None:
    with pytest.raises(FleetError, match="sps-x-01 has no source"):
        feed(Apparatus(control=Control()))


def cut_off(apparatus: Apparatus | None = None, blocks: int = 7) -> TagBlock:
    """The last block of a process that was killed."""
    device, _ = feed(apparatus, origin=1_000)
    return [*device.blocks(blocks * BLOCK_PS)][-1]


def after(last: BlockContext, away_ps: int, apparatus: Apparatus | None = None, **more: int) -> DeviceFeed:
    """The feed of the next process, so long after ``last`` had reached."""
    origin = last.origin_unix_ns + (last.reached_ps + away_ps) // 1000
    given = {"block_ps": BLOCK_PS, "max_lag_ps": LAG_PS, **more}
    condition = Condition(apparatus or Apparatus(source=SOURCE), 3, {})
    return DeviceFeed(TAGGED, condition, 3, lambda: RunId("new"), origin, last=last, **given)


@pytest.mark.parametrize("away_ps", [0, 1_000, 3 * BLOCK_PS, 30 * BLOCK_PS + 123_000])
def test_a_run_that_was_cut_off_goes_on(away_ps: int) -> None:
    last = cut_off()
    device = after(last.context, away_ps)
    first, second = [*device.blocks(3 * BLOCK_PS)][:2]
    assert (first.context.run, first.context.source) == (last.context.run, last.context.source)
    assert [first.context.sequence, second.context.sequence] == [last.context.sequence + 1, last.context.sequence + 2]
    assert first.context.origin_unix_ns == last.context.origin_unix_ns
    resumed_ps = -(-(last.context.reached_ps + away_ps) // BLOCK_PS) * BLOCK_PS
    assert first.context.losses == (() if away_ps == 0 else (Loss(last.context.reached_ps, resumed_ps),))
    assert (first.context.start_ps, first.context.reached_ps) == (resumed_ps, resumed_ps + BLOCK_PS)
    assert device.lost_ps == 0
    assert decode(encode(first)).context == first.context
    assert first.times()[0].tolist() != last.times()[0].tolist()
    assert first.times()[0][0] >= resumed_ps


def test_times_are_whole_blocks_after_the_origin_even_where_the_last_block_was_cut_short() -> None:
    last = msgspec.structs.replace(cut_off().context, reached_ps=7 * BLOCK_PS - 5)
    first, *_ = after(last, 0).blocks(3 * BLOCK_PS)
    assert first.context.losses == (Loss(last.reached_ps, 7 * BLOCK_PS),)
    assert first.context.reached_ps == 8 * BLOCK_PS


@pytest.mark.parametrize(
    ("said", "away_ps"),
    [
        ({"final": True}, 0),
        ({"firmware": "1.2.4"}, 0),
        ({"labels": {"kind": "x"}}, 0),
        ({"channels": (Channel(0),)}, 0),
        ({}, GOES_ON_NS * 1000 + 1_000),
        ({}, -LAG_PS - 1_000),
    ],
)
def test_a_run_that_ended_or_was_of_another_device_or_long_ago_does_not(said: dict[str, Any], away_ps: int) -> None:
    last = msgspec.structs.replace(cut_off().context, **said)
    (first,) = after(last, away_ps).blocks(BLOCK_PS)
    assert (first.context.run, first.context.sequence, first.context.start_ps) == (RunId("new"), 0, 0)
    assert first.context.losses == ()


def test_two_nodes_of_one_pair_source_begin_anew() -> None:
    arm = Apparatus(source=PairParameters(rate_hz=1e4, arm=0, detection=Detection(efficiency=(0.5,), background_hz=(0.0,))))
    (first,) = after(cut_off(arm).context, BLOCK_PS, arm).blocks(BLOCK_PS)
    assert first.context.run == RunId("new")
