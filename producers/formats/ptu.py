"""PicoQuant PTU, T2 and T3, of every device that ptufile decodes.

Channels are numbered as the instrument numbers its inputs, from 0. T2 files may hold the sync input's own tags: they come as
channel 64, because ptufile gives them the number of input 0 and the two must not be mixed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ptufile import PqFileError, PtuFile, PtuRecordType

from producers.errors import RecordingError
from producers.formats.records import RECORDS_A_READ, Records, to_ps

SYNC_INPUT = 64
"""Channel of the sync input's own tags in T2; inputs have 6 bits."""
MAGIC = b"PQTTTR\0\0"
_OTHER_MAGIC = b"PQ"
_BITS = 32
_T2, _T3 = 2, 3
_PICOHARP = (PtuRecordType.PicoHarpT2, PtuRecordType.PicoHarpT3)
_SPECIAL, _CHANNEL_SHIFT, _CHANNEL_MASK, _OVERFLOW, _LAST_MARKER = 31, 25, 0x3F, 0x3F, 15
_PICOHARP_SHIFT, _PICOHARP_SPECIAL = 28, 15
_PICOHARP_INPUTS = {_T2: (0, 4), _T3: (1, 4)}


@dataclass(frozen=True, slots=True)
class PtuReader:
    """A PTU file whose header agrees with its size."""

    path: Path
    mode: int
    record_type: PtuRecordType
    tick_ps: Fraction
    """T2: the unit of the times; T3: the sync period."""
    bin_ps: Fraction
    """T3: the unit of the time after the sync."""
    inputs: tuple[int, ...]
    starts_at_zero: bool = True
    notes: tuple[str, ...] = ()

    @property
    def format(self) -> str:
        return f"PicoQuant PTU T{self.mode}"

    @property
    def resolution_ps(self) -> int:
        return max(1, round(self.bin_ps if self.mode == _T3 else self.tick_ps))

    @property
    def period_ps(self) -> float | None:
        return float(self.tick_ps) if self.mode == _T3 else None

    def records(self) -> Iterator[Records]:
        """Yield the file's tags; overflow counters are carried over between reads.

        A T3 tag's time is sync count · sync period + time after the sync, rounded once to whole picoseconds.
        """
        wraps = 0
        with _opened(self.path) as file:
            words = file.read_records(memmap=True)
            for start in range(0, words.size, RECORDS_A_READ):
                # In every format a zero word is a photon at the overflow base: its time is what the next read starts from.
                read = np.append(words[start : start + RECORDS_A_READ], np.uint32(0))
                self._check(read[:-1], start)
                decoded = file.decode_records(read)
                if int(decoded["time"].max()) >> 63:
                    raise RecordingError(
                        f"{self.path}: overflow records up to record {start + read.size - 1} exceed int64: damaged"
                    )
                ticks = decoded["time"] + np.uint64(wraps)
                wraps = int(ticks[-1])
                yield self._records(read[:-1], decoded[:-1], ticks, f"{self.path}, records from {start}")

    def _records(
        self, words: npt.NDArray[np.uint32], decoded: npt.NDArray[Any], ticks: npt.NDArray[np.uint64], where: str
    ) -> Records:
        photon = decoded["channel"] >= 0
        channel = decoded["channel"][photon].astype(np.uint8)
        late_ps = None
        if self.mode == _T3:
            late_ps = decoded["dtime"][photon] * float(self.bin_ps)
        elif self.record_type not in _PICOHARP:
            channel[(words[photon] >> _SPECIAL) == 1] = SYNC_INPUT
        markers = int(np.count_nonzero(decoded["marker"]))
        return Records(
            time_ps=to_ps(ticks[:-1][photon], self.tick_ps, where, late_ps),
            channel=channel,
            reached_ps=int(to_ps(ticks[-1:], self.tick_ps, where)[0]),
            markers=markers,
            overflows=words.size - channel.size - markers,
        )

    def _check(self, words: npt.NDArray[np.uint32], start: int) -> None:
        """Refuse words that no device writes: ptufile would decode them into something."""
        if self.record_type in _PICOHARP:
            lowest, highest = _PICOHARP_INPUTS[self.mode]
            number = words >> _PICOHARP_SHIFT
            unknown = (number != _PICOHARP_SPECIAL) & ((number < lowest) | (number > highest))
        else:
            number = (words >> _CHANNEL_SHIFT) & _CHANNEL_MASK
            lowest = 0 if self.mode == _T2 else 1
            known = (number == _OVERFLOW) | ((number >= lowest) & (number <= _LAST_MARKER))
            unknown = ((words >> _SPECIAL) == 1) & ~known
        if unknown.any():
            at = int(np.argmax(unknown))
            raise RecordingError(
                f"{self.path}: record {start + at} (0x{int(words[at]):08x}) is no photon, marker or overflow of {self.format}: "
                "the file is damaged, or its header names another device"
            )


def open_ptu(path: Path) -> PtuReader:
    """Read and judge the header.

    Raises:
        RecordingError: not a PTU file, of a record type unknown here, truncated, or with a resolution that no clock has.
    """
    with path.open("rb") as file:
        magic = file.read(len(MAGIC))
    if magic != MAGIC:
        what = "another kind of PicoQuant file" if magic.startswith(_OTHER_MAGIC) else f"it begins with {magic!r}"
        raise RecordingError(f"{path}: not a PicoQuant PTU file of time tags ({what}); give the .ptu that the instrument wrote")
    with _opened(path) as file:
        header = file.tags
        try:
            kind = PtuRecordType(header["TTResultFormat_TTTRRecType"])
            mode = int(header["Measurement_Mode"])
            records = int(header["TTResult_NumberOfRecords"])
            bits = int(header["TTResultFormat_BitsPerRecord"])
            resolution_s = float(header["MeasDesc_GlobalResolution"])
            bin_s = float(header["MeasDesc_Resolution"]) if mode == _T3 else resolution_s
            sync_hz = float(header.get("TTResult_SyncRate", 0))
            enabled = header.get("HWInpChan_Enabled") or []
        except (KeyError, TypeError, ValueError) as error:
            raise RecordingError(
                f"{path}: the header lacks or garbles a field ({error}); this is no complete PTU file"
            ) from error
        offset = file.record_offset
    if mode not in (_T2, _T3) or kind.name.endswith("T2") != (mode == _T2):
        raise RecordingError(f"{path}: measurement mode {mode} with records of type {kind.name}; only T2 and T3 hold time tags")
    if bits not in (0, _BITS):
        raise RecordingError(f"{path}: {bits} bits a record, {_BITS} expected")
    _check_size(path, records, offset)
    tick_ps, bin_ps = _clock(path, resolution_s), _clock(path, bin_s)
    if mode == _T3 and sync_hz > 0 and abs(float(tick_ps) * sync_hz / 1e12 - 1) > 1e-3:
        raise RecordingError(
            f"{path}: a sync rate of {sync_hz:.0f} Hz contradicts the sync period of {float(tick_ps):.1f} ps in the same header"
        )
    return PtuReader(path, mode, kind, tick_ps, bin_ps, tuple(number for number, on in enumerate(enabled) if on))


def _clock(path: Path, seconds: float) -> Fraction:
    if not 0 < seconds < 1:
        raise RecordingError(f"{path}: a resolution of {seconds} s in the header; it must lie between 0 and 1 s")
    tick_ps = Fraction(seconds) * 10**12
    nearest = round(tick_ps)
    # Headers hold 1e-12 s as a double: what is whole to within its last digits is meant to be whole.
    return Fraction(nearest) if nearest and abs(tick_ps / nearest - 1) < Fraction(1, 10**12) else tick_ps


def _check_size(path: Path, records: int, offset: int) -> None:
    held = path.stat().st_size - offset
    expected = records * _BITS // 8
    if records <= 0 or held != expected:
        fault = "truncated, or its recording was never closed" if held < expected or records <= 0 else "followed by foreign bytes"
        raise RecordingError(
            f"{path}: the header announces {records} records ({expected} bytes from byte {offset}), the file holds {held} bytes "
            f"there: it is {fault}; copy it again from the instrument"
        )


@contextmanager
def _opened(path: Path) -> Iterator[PtuFile]:
    try:
        file = PtuFile(path)
    except (PqFileError, OSError, ValueError, MemoryError) as error:
        raise RecordingError(f"{path}: the PTU header cannot be read ({error}); the file is damaged or cut short") from error
    with file:
        yield file
