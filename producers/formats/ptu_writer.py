"""Writes PTU files as a HydraHarp does (T2 and T3, format version 2): for simulated recordings that any PTU reader opens."""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.block import Channels, Times

_INTEGER, _FLOAT, _EMPTY = 0x10000008, 0x20000008, 0xFFFF0008
_HYDRAHARP2_T2, _HYDRAHARP2_T3 = 0x01010204, 0x01010304
_OVERFLOW = np.uint32((1 << 31) | (0x3F << 25))
_T2_BITS, _T3_BITS, _DTIME_BITS = 25, 10, 15
_T3_MAX_WRAPS = (1 << _T3_BITS) - 1
_FIRST_MARKER, _LAST_MARKER = 1, 15
Words = npt.NDArray[np.uint32]


def write_ptu_t2(
    path: Path,
    time_ps: Times,
    channel: Channels,
    *,
    resolution_ps: int = 1,
    sync_channel: int | None = None,
    markers: tuple[tuple[int, int], ...] = (),
) -> None:
    """Write tags (sorted, multiples of the resolution; inputs 0-15) as T2 records.

    Tags of ``sync_channel`` become sync records; ``markers`` are (time_ps, number 1-15).

    Raises:
        ValueError: unsorted times, or a channel that T2 cannot name.
    """
    marker_ps = np.array([time for time, _ in markers], np.int64)
    marker_word = [(1 << 31) | (_checked(number, _FIRST_MARKER, _LAST_MARKER) << 25) for _, number in markers]
    sync = np.zeros(channel.size, bool) if sync_channel is None else channel == sync_channel
    if channel[~sync].size and channel[~sync].max() > _LAST_MARKER:
        raise ValueError(f"T2 inputs are 0-{_LAST_MARKER}, not {channel[~sync].max()}")
    word = np.where(sync, np.uint32(1 << 31), channel.astype(np.uint32) << 25).astype(np.uint32)
    ticks = np.concatenate([time_ps, marker_ps]) // resolution_ps
    words: Words = np.concatenate([word, np.array(marker_word, np.uint32)])
    order = np.argsort(ticks, kind="stable")
    records = _with_overflows(ticks[order], words[order], _T2_BITS, (1 << _T2_BITS) - 1)
    _write(path, _Header(2, _HYDRAHARP2_T2, resolution_ps * 1e-12, resolution_ps * 1e-12, 0), records)


def write_ptu_t3(
    path: Path,
    sync_count: npt.NDArray[np.int64],
    late_bins: npt.NDArray[np.int64],
    channel: Channels,
    *,
    sync_rate_hz: int,
    resolution_ps: int,
    period_ps: float | None = None,
) -> None:
    """Write tags as T3 records: sync counts (ascending), bins of ``resolution_ps`` after the sync (15 bits), inputs 0-15.

    ``period_ps``: the sync's exact period, where it is not that of a whole rate.

    Raises:
        ValueError: unsorted sync counts, or bins that 15 bits cannot hold.
    """
    if late_bins.size and (late_bins.min() < 0 or late_bins.max() >> _DTIME_BITS):
        raise ValueError(f"bins after the sync must lie in 0-{(1 << _DTIME_BITS) - 1}")
    word = (channel.astype(np.uint32) << 25) | (late_bins.astype(np.uint32) << _T3_BITS)
    records = _with_overflows(sync_count, word, _T3_BITS, _T3_MAX_WRAPS)
    tick_s = 1 / sync_rate_hz if period_ps is None else period_ps * 1e-12
    _write(path, _Header(3, _HYDRAHARP2_T3, tick_s, resolution_ps * 1e-12, sync_rate_hz), records)


def _with_overflows(ticks: npt.NDArray[np.int64], words: npt.NDArray[np.integer[Any]], bits: int, max_wraps: int) -> Words:
    wraps = np.diff(ticks >> bits, prepend=np.int64(0))
    if wraps.size and wraps.min() < 0:
        raise ValueError("times must ascend from 0")
    records = words | (ticks & ((1 << bits) - 1)).astype(np.uint32)
    counts = -(-wraps // max_wraps)
    before = np.repeat(np.arange(ticks.size), counts)
    last = np.cumsum(counts) - 1
    steps = np.full(before.size, max_wraps, np.int64)
    steps[last[counts > 0]] = (wraps - (counts - 1) * max_wraps)[counts > 0]
    return np.insert(records, before, _OVERFLOW | steps.astype(np.uint32))


@dataclass(frozen=True, slots=True)
class _Header:
    mode: int
    kind: int
    tick_s: float
    bin_s: float
    sync_rate_hz: int


def _write(path: Path, header: _Header, records: Words) -> None:
    fields = (
        ("Measurement_Mode", header.mode),
        ("Measurement_SubMode", 0),
        ("TTResultFormat_TTTRRecType", header.kind),
        ("TTResultFormat_BitsPerRecord", 32),
        ("MeasDesc_Resolution", header.bin_s),
        ("MeasDesc_GlobalResolution", header.tick_s),
        ("TTResult_SyncRate", header.sync_rate_hz),
        ("TTResult_NumberOfRecords", records.size),
    )
    head = b"PQTTTR\0\0" + b"1.0.00\0\0" + b"".join(_tag(name, value) for name, value in fields)
    head += struct.pack("<32siIq", b"Header_End", -1, _EMPTY, 0)
    path.write_bytes(head + records.astype("<u4").tobytes())


def _tag(name: str, value: float) -> bytes:
    if isinstance(value, int):
        return struct.pack("<32siIq", name.encode(), -1, _INTEGER, value)
    return struct.pack("<32siId", name.encode(), -1, _FLOAT, value)


def _checked(number: int, lowest: int, highest: int) -> int:
    if not lowest <= number <= highest:
        raise ValueError(f"marker {number} is not in {lowest}-{highest}")
    return number
