"""The bits of PicoQuant's time-tag records.

Not left to ptufile (2026.2): it multiplies an overflow record's count with the wrap in 32 bits, which loses time where a quiet
input lets 128 overflows or more fall into one record, and gives sync records the number of input 0. Layouts as in PicoQuant's
published reader demonstrations.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from producers.errors import RecordingError
from producers.formats.records import LATEST_PS

SYNC_INPUT = 64
"""Channel of the sync input's own tags in T2; inputs have 6 bits."""
Words = npt.NDArray[np.uint32]
Integers = npt.NDArray[np.integer[Any]]
_HYDRAHARP_1 = 0x04
_PICOHARP = 0x03
_OVERFLOW, _LAST_MARKER = 0x3F, 15
_PICOHARP_SPECIAL, _PICOHARP_INPUTS = 15, 4


class Mode(IntEnum):
    """What a record's time means."""

    T2 = 2
    """Ticks since the start."""
    T3 = 3
    """Sync periods since the start, and bins since that sync."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """Tags of some records: ticks (T3: sync periods), bins after the sync (T2: zeros), channel; and what else there was."""

    ticks: npt.NDArray[np.int64]
    bins: npt.NDArray[np.int64]
    channel: npt.NDArray[np.uint8]
    reached: int
    """Ticks of all overflows so far: where the next stretch goes on."""
    markers: int
    overflows: int


def decode(words: Words, kind: int, mode: Mode, base: int, where: str) -> Decoded:
    """Tags of consecutive records of type ``kind`` (TTResultFormat_TTTRRecType), whose overflows before amount to ``base`` ticks.

    Raises:
        RecordingError: a record that no device writes, or overflows beyond what int64 holds.
    """
    device = kind & 0xFF
    fields = (
        _picoharp(words, mode)
        if device == _PICOHARP
        else _hydraharp(words, mode, first_version=kind >> 24 == 0 and device == _HYDRAHARP_1)
    )
    unknown = ~(fields.photon | fields.marker | (fields.wraps > 0))
    if unknown.any():
        at = int(np.argmax(unknown))
        raise RecordingError(
            f"{where}: record {at} there (0x{int(words[at]):08x}) is no photon, marker or overflow: the file is damaged, or its "
            "header names another device"
        )
    wraps = np.cumsum(fields.wraps)
    reached = base + (int(wraps[-1]) * fields.wrap_ticks if wraps.size else 0)
    if reached >= LATEST_PS:
        raise RecordingError(
            f"{where}: overflow records amount to {reached} ticks, beyond what a clock reaches: the file is damaged"
        )
    photon = fields.photon
    return Decoded(
        ticks=base + wraps[photon] * fields.wrap_ticks + fields.ticks[photon],
        bins=fields.bins[photon].astype(np.int64),
        channel=fields.channel[photon].astype(np.uint8),
        reached=reached,
        markers=int(np.count_nonzero(fields.marker)),
        overflows=int(np.count_nonzero(fields.wraps)),
    )


@dataclass(frozen=True, slots=True)
class _Fields:
    photon: npt.NDArray[np.bool_]
    marker: npt.NDArray[np.bool_]
    wraps: npt.NDArray[np.int64]
    wrap_ticks: int
    ticks: Integers
    bins: Integers
    channel: Integers


def _hydraharp(words: Words, mode: Mode, *, first_version: bool) -> _Fields:
    """HydraHarp, TimeHarp 260, MultiHarp, PicoHarp 330: special bit, 6 bits of channel, 25 of time (or 15 of bin, 10 of sync)."""
    special = (words >> 31).astype(np.bool_)
    number = (words >> 25) & 0x3F
    ticks = words & (0x1FFFFFF if mode is Mode.T2 else 0x3FF)
    overflow = special & (number == _OVERFLOW)
    sync = special & (number == 0) & (mode is Mode.T2)
    count = np.ones_like(ticks) if first_version else np.maximum(ticks, 1)
    return _Fields(
        photon=~special | sync,
        marker=special & (number > 0) & (number <= _LAST_MARKER),
        wraps=np.where(overflow, count, 0).astype(np.int64),
        wrap_ticks=1024 if mode is Mode.T3 else 33_552_000 if first_version else 1 << 25,
        ticks=ticks,
        bins=(words >> 10) & (0x7FFF if mode is Mode.T3 else 0),
        channel=np.where(sync, SYNC_INPUT, number),
    )


def _picoharp(words: Words, mode: Mode) -> _Fields:
    """PicoHarp 300: 4 bits of channel, 28 of time or 12 of bin and 16 of sync; T3 numbers its inputs from 1."""
    number = words >> 28
    special = number == _PICOHARP_SPECIAL
    ticks = words & (0xFFFFFFF if mode is Mode.T2 else 0xFFFF)
    bins = (words >> 16) & 0xFFF
    markers = (ticks & 0xF) if mode is Mode.T2 else bins
    first = 0 if mode is Mode.T2 else 1
    return _Fields(
        photon=(number >= first) & (number <= _PICOHARP_INPUTS),
        marker=special & (markers > 0),
        wraps=(special & (markers == 0)).astype(np.int64),
        wrap_ticks=210_698_240 if mode is Mode.T2 else 1 << 16,
        ticks=ticks,
        bins=bins if mode is Mode.T3 else np.zeros_like(bins),
        channel=number - first,
    )
