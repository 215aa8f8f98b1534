"""Batches with known content, made from a seed."""

import numpy as np

from schemas.block import BlockContext, Channel, Loss
from schemas.ids import DeviceId, DomainId, RunId, SourceId
from schemas.panes import CoincidencePane, CorrelationPane, PaneKey, PaneResults, SinglesPane
from storage import tables
from storage.writer import Batch
from tests.storage.plain_runs import tag_runs

SECOND_PS = 10**12
MIDNIGHT_UNIX_S = 1_790_035_200  # 2026-09-22 00:00:00 UTC
BINS = 40


def context(device: str, sequence: int, start_s: int, **given: object) -> BlockContext:
    """A block of one second, ``start_s`` seconds after the origin at midnight."""
    values: dict[str, object] = {
        "domain": DomainId(device),
        "source": SourceId(f"{device}/tagger"),
        "device": DeviceId(device),
        "run": RunId("run-1"),
        "sequence": sequence,
        "origin_unix_ns": MIDNIGHT_UNIX_S * 10**9,
        "start_ps": start_s * SECOND_PS,
        "reached_ps": (start_s + 1) * SECOND_PS,
        "channels": (Channel(0, label="left"), Channel(1, label="right"), Channel(9, role="sync")),
        "reordered": 2,
        "losses": (Loss(start_s * SECOND_PS, start_s * SECOND_PS + 5, 3),),
        "firmware": "1.2",
        "labels": {"file": 'it\'s \\ a "name" ☂'},
    }
    return BlockContext(**{**values, **given})


def tags(seed: int, start_s: int, count: int = 500) -> tuple[np.ndarray, np.ndarray]:
    """Sorted times and channels within one second."""
    random = np.random.default_rng(seed)
    time_ps = np.sort(random.integers(start_s * SECOND_PS, (start_s + 1) * SECOND_PS, count))
    return time_ps, random.integers(0, 2, count).astype(np.uint8)


def batch(device: str, index: int, *, start_s: int = 0, blocks: int = 4, topic: str = "", pipeline: str = "tags-1") -> Batch:
    """The ``index``-th batch of a device's own partition: ``blocks`` seconds from ``start_s`` on, one pane part each."""
    lo = index * blocks
    stored, raw, singles, correlations, coincidences = [], [], [], [], []
    for place in range(blocks):
        second = start_s + place
        about, (time_ps, channel) = context(device, lo + place, second), tags(lo + place, second)
        key = PaneKey(about.domain, about.device, about.run, MIDNIGHT_UNIX_S + second)
        stored.append(tables.StoredBlock(about, time_ps.size, lo + place, 7, 1_790_000_000_000 + lo + place))
        raw.append(tables.StoredTags(about, lo + place, tag_runs(time_ps, channel)))
        singles += [SinglesPane(key, number, int(np.count_nonzero(channel == number)), SECOND_PS, 5) for number in (0, 1)]
        counts = np.random.default_rng(lo + place).poisson(3, BINS).astype(np.uint64)
        correlations.append(CorrelationPane(key, 0, 1, -2_000, 100, counts))
        coincidences.append(CoincidencePane(key, (0, 1), 1_000, 1 + place))
    return Batch(
        pipeline=pipeline,
        topic=topic or device,
        partition=3,
        lo=lo,
        hi=lo + blocks,
        tables={
            tables.BLOCKS: tables.block_rows(stored),
            tables.TAG_RUNS: tables.tag_rows(raw),
            tables.PANES: tables.pane_rows([PaneResults(tuple(singles), tuple(correlations), tuple(coincidences))]),
        },
        messages=blocks,
        crc=lo + 1,
        positions=b'{"resume": 0}',
    )
