"""A file of time-tags: judged whole when it is opened, then read in bounded, sorted chunks as often as one likes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from producers.errors import RecordingError
from producers.formats.arrow import ArrowKind, open_arrow
from producers.formats.csv import open_csv
from producers.formats.npz import open_npz
from producers.formats.ptu import MAGIC as PTU_MAGIC
from producers.formats.ptu import open_ptu
from producers.formats.ptu_records import SYNC_INPUT
from producers.formats.qutools import open_qutools
from producers.formats.records import Reader, Records, Spans
from producers.ordering import Chunk, in_order
from producers.sync import SAMPLE, Rhythm, find_sync
from schemas.block import ADVANCE_CHANNEL, Channel, Loss, Times


@dataclass(frozen=True, slots=True)
class Recording:
    """What a file holds; nothing in it contradicts itself, for it has been read once from end to end.

    Times count from the recording's start: ``clock_start_ps`` is what the file's own clock read there. All tags lie in
    [0, duration_ps), of which ``lost_ps`` were lost, as the file says. ``reordered``, ``overflows`` and ``markers`` count records
    of the whole file.
    """

    path: Path
    format: str
    detected_by: str
    """``content`` or ``suffix``."""
    channels: tuple[Channel, ...]
    tags: Mapping[int, int]
    """Tags of each channel."""
    resolution_ps: int
    period_ps: float | None
    duration_ps: int
    clock_start_ps: int
    reordered: int
    overflows: int
    markers: int
    lost_ps: int
    notes: tuple[str, ...]
    _reader: Reader = field(repr=False)
    _renumber: Mapping[int, int] = field(repr=False)

    def chunks(self) -> Iterator[Chunk]:
        """Yield consecutive chunks, sorted, markers left out.

        Raises:
            RecordingError: the file is not any more what it was when it was opened.
        """
        reached = 0
        for chunk in in_order(_renumbered(self._reader, self._renumber, self.path), str(self.path)):
            since, reached = reached, max(reached, chunk.reached_ps - self.clock_start_ps)
            losses = _within(self._reader.lost, self.clock_start_ps, since, reached)
            yield replace(chunk, time_ps=chunk.time_ps - self.clock_start_ps, reached_ps=reached, losses=losses)


def open_recording(path: Path, *, sync_channel: int | None = None, channels: Mapping[int, int] | None = None) -> Recording:
    """Detect the format, by content first and then by suffix, and read the file once to judge and count it.

    ``channels`` gives numbers of the file other numbers (0-254); channels that it does not name keep theirs. ``sync_channel``, in
    new numbers, says which channel is no detector; without it a plainly periodic channel is taken, and a note says so.

    Raises:
        RecordingError: the file cannot be read, contradicts itself, or holds no tags.
    """
    path = Path(path)
    try:
        reader, detected_by = _reader(path)
    except OSError as error:
        raise RecordingError(f"{path}: cannot be opened ({error.strerror or error})") from error
    renumber = dict(channels or {})
    survey = _survey(reader, renumber, path)
    if not survey.tags:
        raise RecordingError(
            f"{path}: {reader.format} without a single photon ({survey.overflows} overflows, {survey.markers} markers)"
        )
    clock_start_ps, start_note = _clock_start(reader, survey)
    losses = _within(reader.lost, clock_start_ps, 0, survey.end_ps - clock_start_ps)
    sync, sync_note = _sync(path, survey, sync_channel)
    silent = sorted({renumber.get(number, number) for number in reader.inputs} - survey.tags.keys())
    silent_note = f"enabled in the file's header but without a tag: {', '.join(map(str, silent))}" if silent else ""
    return Recording(
        path=path,
        format=reader.format,
        detected_by=detected_by,
        channels=tuple(_channel(number, sync, renumber) for number in sorted(survey.tags)),
        tags=dict(sorted(survey.tags.items())),
        resolution_ps=reader.resolution_ps,
        period_ps=reader.period_ps,
        duration_ps=survey.end_ps - clock_start_ps,
        clock_start_ps=clock_start_ps,
        reordered=survey.reordered,
        overflows=survey.overflows,
        markers=survey.markers,
        lost_ps=sum(loss.end_ps - loss.start_ps for loss in losses),
        notes=(*reader.notes, *filter(None, (start_note, sync_note, silent_note))),
        _reader=reader,
        _renumber=renumber,
    )


def is_tag_file(path: Path) -> bool:
    """Whether a file is one of tags, by its first bytes, or by its name; texts and archives, by columns of times and channels.

    Raises:
        RecordingError: the file cannot be opened.
    """
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise RecordingError(f"{path}: cannot be opened ({error.strerror or error})") from error
    by_suffix = _BY_SUFFIX.get(path.suffix.lower())
    by_content = next((open_it for magic, open_it in _BY_CONTENT if head.startswith(magic)), None)
    if (by_content or by_suffix) not in {open_csv, open_npz}:
        return (by_content or by_suffix) is not None
    try:
        (by_content or open_csv)(path)
    except RecordingError:
        return False
    return True


_BY_CONTENT: tuple[tuple[bytes, Callable[[Path], Reader]], ...] = (
    (PTU_MAGIC, open_ptu),
    (b"PAR1", partial(open_arrow, kind=ArrowKind.PARQUET)),
    (b"ARROW1", partial(open_arrow, kind=ArrowKind.FILE)),
    (b"\xff\xff\xff\xff", partial(open_arrow, kind=ArrowKind.STREAM)),
    (b"PK\x03\x04", open_npz),
)
_BY_SUFFIX: Mapping[str, Callable[[Path], Reader]] = {
    ".ptu": open_ptu,
    ".timeres": open_ptu,
    ".qutag": open_qutools,
    ".csv": open_csv,
    ".tsv": open_csv,
    ".txt": open_csv,
    ".parquet": partial(open_arrow, kind=ArrowKind.PARQUET),
    ".arrow": partial(open_arrow, kind=ArrowKind.FILE),
    ".feather": partial(open_arrow, kind=ArrowKind.FILE),
    ".npz": open_npz,
}


def _reader(path: Path) -> tuple[Reader, str]:
    if path.is_dir():
        raise RecordingError(f"{path}: a folder; name one file")
    if path.stat().st_size == 0:
        raise RecordingError(f"{path}: empty; the recording was never written, or its copy failed")
    with path.open("rb") as file:
        head = file.read(8)
    for magic, open_it in _BY_CONTENT:
        if head.startswith(magic):
            return open_it(path), "content"
    if (by_suffix := _BY_SUFFIX.get(path.suffix.lower())) is not None:
        return by_suffix(path), "suffix"
    raise RecordingError(
        f"{path}: neither its first bytes ({head!r}) nor its name tell a format; readable are PicoQuant PTU, and "
        f"{', '.join(_BY_SUFFIX)}"
    )


@dataclass(slots=True)
class _Survey:
    tags: dict[int, int]
    samples: dict[int, Times]
    first_ps: int = 0
    last_ps: int = 0
    end_ps: int = 0
    reordered: int = 0
    overflows: int = 0
    markers: int = 0


def _survey(reader: Reader, renumber: Mapping[int, int], path: Path) -> _Survey:
    found = _Survey({}, {})
    for chunk in in_order(_renumbered(reader, renumber, path), str(path)):
        if chunk.time_ps.size:
            found.first_ps = found.first_ps if found.tags else int(chunk.time_ps[0])
            found.last_ps = int(chunk.time_ps[-1])
            counts = np.bincount(chunk.channel)
            for number in map(int, np.flatnonzero(counts)):
                found.tags[number] = found.tags.get(number, 0) + int(counts[number])
                sample = found.samples.get(number, np.empty(0, np.int64))
                if sample.size < SAMPLE:
                    more = chunk.time_ps[chunk.channel == number][: SAMPLE - sample.size]
                    found.samples[number] = np.concatenate([sample, more])
        found.end_ps = chunk.reached_ps
        found.reordered += chunk.reordered
        found.overflows += chunk.overflows
        found.markers += chunk.markers
    return found


def _renumbered(reader: Reader, renumber: Mapping[int, int], path: Path) -> Iterator[Records]:
    for read in reader.records():
        channel = read.channel
        if renumber:
            channel = channel.astype(np.int64)
            known = channel.copy()
            for old, new in renumber.items():
                channel[known == old] = new
        if channel.size and (channel.max() >= ADVANCE_CHANNEL or channel.min() < 0):
            number = int(channel.min() if channel.min() < 0 else channel.max())
            raise RecordingError(
                f"{path}: a tag of channel {number}; channels are 0-{ADVANCE_CHANNEL - 1}: give it another number"
            )
        yield replace(read, channel=channel)


def _clock_start(reader: Reader, survey: _Survey) -> tuple[int, str]:
    """A clock that ran long before the first tag (or below zero) says nothing of when the recording began; its first tag does."""
    if reader.starts_at_zero or 0 <= survey.first_ps <= survey.last_ps - survey.first_ps:
        return 0, ""
    return survey.first_ps, f"the file's clock reads {survey.first_ps} ps at the first tag: times count from there"


def _within(lost: Spans, clock_start_ps: int, since_ps: int, until_ps: int) -> tuple[Loss, ...]:
    """What was lost of [since, until), in ps since the recording's start."""
    spans = ((max(start - clock_start_ps, since_ps), min(end - clock_start_ps, until_ps)) for start, end in lost)
    return tuple(Loss(start, end) for start, end in spans if start < end)


def _sync(path: Path, survey: _Survey, asked: int | None) -> tuple[int | None, str]:
    if asked is not None:
        if asked not in survey.tags:
            raise RecordingError(
                f"{path}: no tag of sync channel {asked}; the file has channels {', '.join(map(str, sorted(survey.tags)))}"
            )
        return asked, f"channel {asked} is the sync: so told"
    found = find_sync(survey.samples)
    if found is None:
        return None, ""
    return found[0], _sync_note(*found)


def _sync_note(channel: int, rhythm: Rhythm) -> str:
    return (
        f"channel {channel} is taken as the sync: its tags keep a rhythm of {rhythm.period_ps:.1f} ps to within "
        f"{rhythm.width * rhythm.period_ps:.0f} ps, perhaps of several excitation periods; name another if that is wrong"
    )


def _channel(number: int, sync: int | None, renumber: Mapping[int, int]) -> Channel:
    label = "sync input" if number == renumber.get(SYNC_INPUT, SYNC_INPUT) else ""
    return Channel(number, "sync" if number == sync else "detector", label)
