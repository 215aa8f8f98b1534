"""PicoQuant PTU, T2 and T3, of every device that wrote them.

Channels are numbered as the instrument numbers its inputs, from 0. T2 files may hold the sync input's own tags: they are
SYNC_INPUT. ptufile reads the header, producers.formats.ptu_records the records.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from ptufile import PqFileError, PtuFile, PtuRecordType

from producers.errors import RecordingError
from producers.formats.ptu_records import Mode, decode
from producers.formats.records import RECORDS_A_READ, Records, Spans, one_line, to_ps

MAGIC = b"PQTTTR\0\0"
_OTHER_MAGIC = b"PQ"
_BITS = 32


@dataclass(frozen=True, slots=True)
class PtuReader:
    """A PTU file whose header agrees with its size."""

    path: Path
    mode: Mode
    kind: PtuRecordType
    tick_ps: Fraction
    """T2: the unit of the times; T3: the sync period."""
    bin_ps: Fraction
    """T3: the unit of the time after the sync."""
    inputs: tuple[int, ...]
    starts_at_zero: bool = True
    lost: Spans = ()
    notes: tuple[str, ...] = ()

    @property
    def format(self) -> str:
        return f"PicoQuant PTU T{self.mode}"

    @property
    def resolution_ps(self) -> int:
        return max(1, round(self.bin_ps if self.mode is Mode.T3 else self.tick_ps))

    @property
    def period_ps(self) -> float | None:
        return float(self.tick_ps) if self.mode is Mode.T3 else None

    def records(self) -> Iterator[Records]:
        """Yield the file's tags; overflow counters are carried over between reads.

        A T3 tag's time is sync count · sync period + time after the sync, rounded once to whole picoseconds.
        """
        base = 0
        with _opened(self.path) as file:
            words = file.read_records(memmap=True)
            for start in range(0, words.size, RECORDS_A_READ):
                where = f"{self.path}, from record {start}"
                found = decode(np.asarray(words[start : start + RECORDS_A_READ]), self.kind, self.mode, base, where)
                base = found.reached
                yield Records(
                    time_ps=to_ps(
                        found.ticks, self.tick_ps, where, found.bins * float(self.bin_ps) if self.mode is Mode.T3 else None
                    ),
                    channel=found.channel,
                    reached_ps=int(to_ps(np.array([base]), self.tick_ps, where)[0]),
                    markers=found.markers,
                    overflows=found.overflows,
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
            bin_s = float(header["MeasDesc_Resolution"]) if mode == Mode.T3 else resolution_s
            sync_hz = float(header.get("TTResult_SyncRate", 0))
            enabled = header.get("HWInpChan_Enabled") or []
        except (KeyError, TypeError, ValueError) as error:
            raise RecordingError(
                f"{path}: the header lacks or garbles a field ({one_line(error)}); this is no complete PTU file"
            ) from error
        offset = file.record_offset
    if mode not in tuple(Mode) or kind.name.endswith("T2") != (mode == Mode.T2):
        raise RecordingError(f"{path}: measurement mode {mode} with records of type {kind.name}; only T2 and T3 hold time tags")
    if bits not in (0, _BITS):
        raise RecordingError(f"{path}: {bits} bits a record, {_BITS} expected")
    _check_size(path, records, offset)
    tick_ps, bin_ps = _clock(path, resolution_s), _clock(path, bin_s)
    if mode == Mode.T3 and sync_hz > 0 and abs(float(tick_ps) * sync_hz / 1e12 - 1) > 1e-3:
        raise RecordingError(
            f"{path}: a sync rate of {sync_hz:.0f} Hz contradicts the sync period of {float(tick_ps):.1f} ps in the same header"
        )
    return PtuReader(path, Mode(mode), kind, tick_ps, bin_ps, tuple(number for number, on in enumerate(enabled) if on))


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
    with path.open("rb") as stream:  # ptufile leaves a file open whose header it cannot read
        try:
            file = PtuFile(stream)
        except (PqFileError, OSError, ValueError, MemoryError, NameError) as error:  # NameError: its own, on a cut first field
            raise RecordingError(
                f"{path}: the PTU header cannot be read ({one_line(error)}); the file is damaged or cut short"
            ) from error
        with file:
            yield file
