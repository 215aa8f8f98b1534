"""A device's blocks: paced by elapsed time, true to the source's count, with losses declared where it fell behind."""

import itertools

import pytest

from producers.device_feed import DeviceFeed
from producers.errors import SourceError
from producers.fleet_file import Device
from producers.sources import CwParameters, PulsedParameters
from schemas.block import Loss, TagBlock
from schemas.ids import DeviceId, RunId
from schemas.wire import decode, encode

BLOCK_PS, LAG_PS = 10**11, 10 * 10**11


def feed(**changes: object) -> DeviceFeed:
    source = PulsedParameters(rate_hz=2e5, g2=0.02)
    device = Device(
        id=DeviceId("sps-x-01"), kind="single-photon-source", site="x", source=source, seed=3, firmware="1.2.3", **changes
    )  # type: ignore[arg-type]
    return DeviceFeed(device, lambda: RunId("run"), 77, block_ps=BLOCK_PS, max_lag_ps=LAG_PS)


def check(blocks: list[TagBlock]) -> None:
    assert [block.context.sequence for block in blocks] == list(range(len(blocks)))
    for before, after in itertools.pairwise(blocks):
        lost = after.context.losses
        assert after.context.start_ps == (lost[-1].end_ps if lost else before.context.reached_ps)
    for block in blocks:
        assert decode(encode(block)).context == block.context


def test_every_block_time_has_its_block_and_no_photon_is_from_the_future() -> None:
    device = feed()
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
    assert (context.source, context.domain, context.device) == ("sps-x-01/run", "sps-x-01", "sps-x-01")
    assert (context.firmware, context.period_ps, context.origin_unix_ns) == ("1.2.3", 12_500, 77)
    assert context.labels == {"kind": "single-photon-source", "site": "x", "excitation": "pulsed"}


def test_a_dark_device_sends_empty_blocks() -> None:
    device = DeviceFeed(
        Device(id=DeviceId("dark"), kind="k", site="s", source=CwParameters(rate_hz=0), seed=1),
        lambda: RunId("r"),
        0,
        block_ps=BLOCK_PS,
        max_lag_ps=LAG_PS,
    )
    blocks = [*device.blocks(5 * BLOCK_PS)]
    assert [block.tags for block in blocks] == [0] * 5
    assert blocks[0].context.labels["excitation"] == "cw"
    assert blocks[0].context.period_ps is None


def test_a_stall_within_the_lag_is_caught_up_whole() -> None:
    device = feed()
    blocks = [*device.blocks(BLOCK_PS), *device.blocks(BLOCK_PS + LAG_PS)]
    check(blocks)
    assert len(blocks) == 11
    assert device.lost_ps == 0


def test_a_longer_stall_is_declared_lost() -> None:
    device = feed()
    blocks = [*device.blocks(2 * BLOCK_PS), *device.blocks(2 * BLOCK_PS + LAG_PS + 5 * BLOCK_PS + 1), *device.close()]
    check(blocks)
    assert device.lost_ps == 6 * BLOCK_PS
    losses = [loss for block in blocks for loss in block.context.losses]
    assert losses == [Loss(2 * BLOCK_PS, 8 * BLOCK_PS)]
    assert blocks[-1].context.reached_ps == 17 * BLOCK_PS
    assert sum(block.tags for block in blocks) == device.tags


def test_purity_breaks_and_mends_from_the_next_block() -> None:
    device = feed()
    device.set_g2(0.4)
    assert device.g2 == 0.4
    device.set_g2(None)
    assert device.g2 == 0.02
    with pytest.raises(SourceError):
        device.set_g2(-1.0)
    assert device.g2 == 0.02


def test_a_long_run_gives_way_to_the_next_and_no_photon_moves() -> None:
    def absolute(blocks: list[TagBlock], origin_unix_ns: int) -> list[int]:
        shifts = [(block.context.origin_unix_ns - origin_unix_ns) * 1000 for block in blocks]
        return [time for block, shift in zip(blocks, shifts, strict=True) for time in (block.times()[0] + shift).tolist()]

    numbers = itertools.count(1)
    device = feed().device
    whole = DeviceFeed(device, lambda: RunId("one"), 77, block_ps=BLOCK_PS, max_lag_ps=LAG_PS)
    cut = DeviceFeed(device, lambda: RunId(f"r{next(numbers)}"), 77, block_ps=BLOCK_PS, max_lag_ps=LAG_PS, run_ps=3 * BLOCK_PS)
    expected = [*whole.blocks(8 * BLOCK_PS), *whole.close()]
    blocks = [*cut.blocks(8 * BLOCK_PS), *cut.close()]
    runs = [list(run) for _, run in itertools.groupby(blocks, key=lambda block: block.context.run)]
    assert [run[0].context.run for run in runs] == ["r1", "r2", "r3"]
    for run in runs:
        check(run)
        assert [block.context.final for block in run] == [False] * (len(run) - 1) + [True]
    assert absolute(blocks, 77) == absolute(expected, 77)
    assert cut.next_due_ps == whole.next_due_ps
    assert cut.tags == whole.tags > 0
