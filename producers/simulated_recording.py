"""A simulated run of one device, as a file would hold it: offline, at simulated time."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace

from producers.errors import FleetError
from producers.fault_catalogue import Failure
from producers.fleet_file import Fleet
from producers.simulation import Simulation
from schemas.block import Channel, Channels, Loss, TagBlock, Times
from schemas.ids import DeviceId, RunId

_MOST_TAGS = 300_000_000


@dataclass(frozen=True, slots=True)
class SimulatedRecording:
    """Sorted tags in ps since the start, and what their blocks say of them."""

    time_ps: Times
    channel: Channels
    channels: tuple[Channel, ...]
    period_ps: float | None
    losses: tuple[Loss, ...]


def record(
    fleet: Fleet, device: DeviceId, seconds: float, *, origin_unix_ns: int, failure: Failure | None = None, size: float = 1.0
) -> SimulatedRecording:
    """The first ``seconds`` of a device, with a failure from the start on where one is given.

    Raises:
        FleetError: no such device, it makes no tags, cannot have the failure, or would make more tags than memory should hold.
        SourceError: the failure would make something that cannot be.
    """
    block_ps = fleet.block_ms * 10**9
    alone = replace(fleet, devices=tuple(one for one in fleet.devices if one.id == device), links=(), run_s=seconds + 1)
    if not alone.devices:
        raise FleetError(f"no {device} in this fleet; name one of: {', '.join(one.id for one in fleet.devices)}")
    runs = itertools.count()
    (simulated,) = (simulation := Simulation(alone, lambda: RunId(f"run-{next(runs)}"), origin_unix_ns)).devices
    if simulated.tags is None:
        raise FleetError(f"{device} makes no tags; choose a device with a source")
    if failure is not None:
        simulation.begin(device, failure, size, 0.0)
    blocks: list[TagBlock] = []
    tags, end_ps = 0, round(seconds * 1e12)
    for reached_ps in range(block_ps, end_ps + block_ps, block_ps):
        made = [said for said in simulated.advance(reached_ps) if isinstance(said, TagBlock)]
        blocks += made
        tags += sum(block.tags for block in made)
        if tags > _MOST_TAGS:
            raise FleetError(f"{device} makes more than {_MOST_TAGS:,} tags in {seconds:g} s; record a shorter time")
    context = blocks[0].context if blocks else None
    times = [_since_start(block, origin_unix_ns) for block in blocks]
    time_ps = np.concatenate([np.empty(0, np.int64), *times])
    channel = np.concatenate([np.empty(0, np.uint8), *(block.times()[1] for block in blocks)])
    inside = int(np.searchsorted(time_ps, end_ps))
    return SimulatedRecording(
        time_ps=time_ps[:inside],
        channel=channel[:inside],
        channels=() if context is None else context.channels,
        period_ps=None if context is None else context.period_ps,
        losses=tuple(_losses(blocks, origin_unix_ns, end_ps)),
    )


def _since_start(block: TagBlock, origin_unix_ns: int) -> Times:
    return block.times()[0] + _later_ps(block, origin_unix_ns)


def _losses(blocks: list[TagBlock], origin_unix_ns: int, end_ps: int) -> Iterator[Loss]:
    for block in blocks:
        later_ps = _later_ps(block, origin_unix_ns)
        for loss in block.context.losses:
            start, end = loss.start_ps + later_ps, min(loss.end_ps + later_ps, end_ps)
            if start < end:
                yield Loss(start, end, loss.tags)


def _later_ps(block: TagBlock, origin_unix_ns: int) -> int:
    """How long after the start the block's run began."""
    return (block.context.origin_unix_ns - origin_unix_ns) * 1000
