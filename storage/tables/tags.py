"""Raw tags as the store keeps them: one row per block, channel and run of gaps."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import google_crc32c
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.block import BlockContext, Channels, Gaps, Times
from storage.tables.names import SCHEMAS, TAG_RUNS

WIDE_PS = 1 << 32
"""A gap of this or more does not fit into 32 bits and starts a new run."""
_PS_PER_NS = 1_000


@dataclass(frozen=True, slots=True)
class TagRuns:
    """A block's tags by channel, in runs without a wide gap, ascending in channel and time.

    Run ``i`` is of ``channel[i]``, lies from ``t0_ps[i]`` to ``last_ps[i]`` (int64) and owns ``gaps[offsets[i]:offsets[i + 1]]``
    (uint32, ps to the tag before; the first of each run is 0). ``offsets`` is int64 and one longer than ``channel`` (uint8).
    """

    channel: Channels
    t0_ps: Times
    last_ps: Times
    offsets: npt.NDArray[np.int64]
    gaps: Gaps

    @classmethod
    def of(cls, time_ps: Times, channel: Channels) -> Self:
        """Split sorted times (int64 ps) by their channels (uint8)."""
        gaps = np.empty(time_ps.size, np.uint32)
        numbers = np.flatnonzero(np.bincount(channel, minlength=1))
        begins, times, filled = [], [], 0
        for number in numbers:
            own = time_ps[channel == number]
            steps = np.diff(own, prepend=own[0])
            wide = np.flatnonzero(steps >= WIDE_PS)
            steps[wide] = 0
            gaps[filled : filled + own.size] = steps
            begins.append(np.concatenate(([0], wide)) + filled)
            times.append(own)
            filled += own.size
        sorted_ps = np.concatenate(times) if times else np.empty(0, np.int64)
        offsets = np.concatenate([*begins, [filled]]).astype(np.int64)
        return cls(
            channel=np.repeat(numbers.astype(np.uint8), [begin.size for begin in begins]),
            t0_ps=sorted_ps[offsets[:-1]],
            last_ps=sorted_ps[offsets[1:] - 1],
            offsets=offsets,
            gaps=gaps,
        )


@dataclass(frozen=True, slots=True)
class StoredTags:
    """The tags of one block at its place in the log. ``late``: they came too late for the panes."""

    context: BlockContext
    offset: int
    runs: TagRuns
    late: bool = False


def tag_rows(blocks: Sequence[StoredTags]) -> pa.Table:
    """Rows of ``tag_runs``, in the order of the blocks. No step takes time per tag but copying and the checksum."""
    runs = [block.runs for block in blocks]
    per_block = np.array([run.channel.size for run in runs], np.int64)

    def of_block(values: list[object], kind: pa.DataType) -> pa.Array:
        return pa.array(values, kind).take(pa.array(np.repeat(np.arange(per_block.size), per_block)))

    def joined(parts: list[npt.NDArray[np.generic]], dtype: type[np.generic]) -> npt.NDArray[np.generic]:
        return np.concatenate(parts) if parts else np.empty(0, dtype)

    sizes = joined([np.diff(run.offsets) for run in runs], np.int64)
    offsets = np.concatenate(([0], np.cumsum(sizes))).astype(np.int32)
    gaps = joined([run.gaps for run in runs], np.uint32)
    t0_ps = joined([run.t0_ps for run in runs], np.int64)
    origin_unix_ns = of_block([block.context.origin_unix_ns for block in blocks], pa.int64())
    schema = SCHEMAS[TAG_RUNS]
    return pa.table(
        {
            "domain": of_block([block.context.domain for block in blocks], pa.string()),
            "source": of_block([block.context.source for block in blocks], pa.string()),
            "device": of_block([block.context.device for block in blocks], pa.string()),
            "run": of_block([block.context.run for block in blocks], pa.string()),
            "channel": pa.array(joined([run.channel for run in runs], np.uint8)),
            "origin_unix_ns": origin_unix_ns,
            "t0_ps": pa.array(t0_ps),
            "last_ps": pa.array(joined([run.last_ps for run in runs], np.int64)),
            "time": pa.array(origin_unix_ns.to_numpy() + t0_ps // _PS_PER_NS, pa.int64()).cast(schema.field("time").type),
            "n": pa.array(sizes.astype(np.uint32)),
            "gaps": pa.ListArray.from_arrays(pa.array(offsets), pa.array(gaps)),
            "sequence": of_block([block.context.sequence for block in blocks], pa.uint64()),
            "offset": of_block([block.offset for block in blocks], pa.uint64()),
            "crc": pa.array([google_crc32c.value(gaps[a:b]) for a, b in pairwise(offsets)], pa.uint32()),
            "late": of_block([block.late for block in blocks], pa.bool_()),
        },
        schema=schema,
    )
