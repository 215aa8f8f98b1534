"""Counting over files of tags: from what was asked for to the answer, and how the answer is given."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import chain, combinations
from operator import add
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from console.correlation_answer import CorrelationAnswer
from console.curves import Curve, terminal, write
from console.files_read import FilesRead
from console.gate_answer import GateAnswer
from console.invocation import Invocation
from console.refusal import ExitCode, Refusal
from console.scatter_answer import Scatter, ScatterAnswer
from console.tag_files import segments_of
from console.tally_answers import CoincidenceAnswer, GapAnswer, StartStopAnswer
from producers.recording import Recording, open_recording
from schemas.ids import RunId
from streams.channel_pair import choose_pair
from streams.estimators.allan import estimate_allan
from streams.estimators.mandel import estimate_mandel
from streams.kernels.axis import Axis, EdgeAxis, TauAxis
from streams.processors import coincidences, correlation, delayed, dispersion, gaps, gates, stability, start_stop
from streams.processors.bin_widths import MOST_BINS_WIDE, BinWidths
from streams.processors.coincidences import CoincidenceParameters
from streams.processors.correlation import CorrelationParameters
from streams.processors.count_series import SeriesParameters
from streams.processors.delayed import Delays
from streams.processors.gaps import GapParameters
from streams.processors.gates import GateParameters
from streams.processors.start_stop import StartStopParameters
from streams.processors.tally import Tally
from streams.segment import Segment

_WINDOW_PS, _BIN_PS, _COINCIDENCE_PS = 100_000, 100, 1_000
_NARROWEST_PS, _WIDEST_PS = 10**8, 10**12
_PLOT_ROWS, _PLAIN_COLUMNS = 18, 100

Segments = Callable[[Recording], Iterable[Segment]]


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for; None: not said. ``sets`` hold two to eight channels each, none for every pair."""

    channels: tuple[int, ...] | None
    window_ps: int | None
    bin_ps: int | None
    delays_ps: dict[int, int]
    log: bool
    sets: tuple[tuple[int, ...], ...] | None
    accidental_shift_ps: int | None
    start_stop: tuple[int, ...] | None
    gaps: tuple[int, ...] | None
    gates: tuple[int, ...] | None
    scatter: tuple[int, ...] | None


class Answer(Protocol):
    """What all answers have."""

    @property
    def read(self) -> FilesRead: ...

    def document(self) -> dict[str, Any]: ...

    def arrays(self) -> dict[str, npt.NDArray[Any]]: ...

    def heading(self) -> str: ...

    def lines(self) -> list[str]: ...

    def curves(self) -> list[Curve]: ...


def answer(invocation: Invocation, files: Sequence[Path], wish: Wish, *, quiet: bool) -> Answer:
    """Read the files and count.

    Raises:
        Refusal: options that do not go together, channels without tags, bins or windows out of bounds.
        RecordingError: a file that cannot be read.
    """
    _refuse_contradictions(wish)
    recordings = [open_recording(file) for file in files]
    read = FilesRead.of(recordings)
    _refuse_silent(read, wish)
    segments: Segments = lambda recording: segments_of(invocation, recording, quiet=quiet)  # noqa: E731
    try:
        if wish.sets is not None:
            return _coincidences(read, recordings, segments, wish)
        if wish.start_stop is not None:
            return _start_stop(read, recordings, segments, wish)
        if wish.gaps is not None:
            return _gaps(read, recordings, segments, wish)
        if wish.gates is not None:
            return _gates(read, recordings, segments, wish)
        if wish.scatter is not None:
            return _scatter(read, recordings, segments, wish)
        return _correlation(read, recordings, segments, wish)
    except ValueError as error:  # of parameters: they say what, and what to do
        what, _, do = str(error).partition("; ")
        raise Refusal(ExitCode.USAGE, what, where="command line", do=do or "see --help") from None


def give(invocation: Invocation, found: Answer, out: Path | None, picture: Path | None, *, as_json: bool) -> None:
    """Write and print it.

    Raises:
        Refusal: a file cannot be written, or there is nothing to draw.
    """
    written = []
    if picture is not None:
        written += _draw(found, picture)
    if out is not None:
        _save(out, found.arrays())
        written.append(out)
    if as_json:
        invocation.answer(found.document())
        return
    _show(invocation, found)
    for file in written:
        invocation.terminal.print(f"[dim]written: {file}[/]")


def _refuse_contradictions(wish: Wish) -> None:
    asked = {
        "--channels": wish.channels is not None,
        "--coincidences": wish.sets is not None,
        "--start-stop": wish.start_stop is not None,
        "--gaps": wish.gaps is not None,
        "--gates": wish.gates is not None,
        "--scatter": wish.scatter is not None,
    }
    things = [option for option, given in asked.items() if given] or ["--channels"]
    if len(things) > 1:
        raise Refusal(ExitCode.USAGE, "two things at once", where=", ".join(things), do="ask for one of them")
    [thing] = things
    useless = {
        "--log": wish.log and thing in {"--coincidences", "--start-stop", "--gates", "--scatter"},
        "--bin": wish.bin_ps is not None and thing in {"--coincidences", "--gates"},
        "--delay": bool(wish.delays_ps) and thing in {"--gaps", "--scatter"},
        "--accidentals": wish.accidental_shift_ps is not None and thing != "--coincidences",
    }
    for option, given in useless.items():
        if given:
            raise Refusal(ExitCode.USAGE, f"{option} says nothing of {thing.removeprefix('--')}", where=option, do="leave it out")


def _refuse_silent(read: FilesRead, wish: Wish) -> None:
    named = {
        "--channels": wish.channels or (),
        "--coincidences": tuple(chain.from_iterable(wish.sets or ())),
        "--start-stop": wish.start_stop or (),
        "--gaps": wish.gaps or (),
        "--gates": wish.gates or (),
        "--scatter": wish.scatter or (),
        "--delay": tuple(wish.delays_ps),
    }
    for option, channels in named.items():
        for channel in channels:
            if channel not in read.tags:
                what = f"channel {channel} holds no tags"
                raise Refusal(ExitCode.BAD_INPUT, what, where=option, do=f"channels with tags: {read.held}")


def _correlation(read: FilesRead, recordings: list[Recording], segments: Segments, wish: Wish) -> CorrelationAnswer:
    if wish.channels is not None:
        pair, chosen = (wish.channels[0], wish.channels[1]), "as asked for"
    elif len(read.detectors) == 1:
        pair, chosen = (read.detectors[0], read.detectors[0]), "the only detector, with itself"
    else:
        choice = choose_pair(read.detectors, read.tags)
        pair, chosen = choice.channels, choice.chosen
    parameters, delays = CorrelationParameters((pair,), _axis(wish)), Delays(wish.delays_ps)
    counted = [correlation.correlate(delayed.shifted(segments(recording), delays), parameters) for recording in recordings]
    return CorrelationAnswer.of(read, counted, chosen, dict(sorted(wish.delays_ps.items())))


def _axis(wish: Wish) -> Axis:
    window_ps, bin_ps = wish.window_ps or _WINDOW_PS, wish.bin_ps or _BIN_PS
    if wish.log:
        return EdgeAxis.doubling(window_ps, bin_ps)
    return TauAxis.symmetric(_whole_bins(window_ps, bin_ps) * bin_ps, bin_ps)


def _whole_bins(window_ps: int, bin_ps: int) -> int:
    if window_ps % bin_ps:
        raise ValueError(f"a window of {window_ps} ps is no multiple of a bin of {bin_ps} ps; make --window one of --bin")
    return window_ps // bin_ps


def _coincidences(read: FilesRead, recordings: list[Recording], segments: Segments, wish: Wish) -> CoincidenceAnswer:
    every = tuple(combinations(read.detectors, 2))
    sets = tuple(dict.fromkeys(chain.from_iterable((one,) if one else every for one in wish.sets or ())))
    if not sets:
        what = "fewer than two detectors hold tags"
        raise Refusal(ExitCode.BAD_INPUT, what, where="--coincidences", do=f"channels with tags: {read.held}")
    parameters = CoincidenceParameters(
        sets, wish.window_ps or _COINCIDENCE_PS, Delays(wish.delays_ps), wish.accidental_shift_ps or 0
    )
    seen: list[Tally] = []
    shifted: list[Tally] = []
    for recording in recordings:
        state = coincidences.initial(parameters)
        for segment in segments(recording):
            state, closed = coincidences.step(state, segment, parameters)
            seen += closed.seen
            shifted += closed.shifted
        closed = coincidences.close(state, parameters)
        seen += closed.seen
        shifted += closed.shifted
    return CoincidenceAnswer(
        read,
        parameters,
        coincidences.read(reduce(add, seen), parameters),
        coincidences.read(reduce(add, shifted), parameters) if shifted else None,
    )


def _start_stop(read: FilesRead, recordings: list[Recording], segments: Segments, wish: Wish) -> StartStopAnswer:
    start, *stops = wish.start_stop or ()
    bin_ps = wish.bin_ps or _BIN_PS
    bins = _whole_bins(wish.window_ps or _WINDOW_PS, bin_ps)
    parameters = StartStopParameters(start, tuple(stops), bin_ps, bins, delays=Delays(wish.delays_ps))
    return StartStopAnswer(read, parameters, start_stop.read(_total(start_stop, recordings, segments, parameters), parameters))


def _gaps(read: FilesRead, recordings: list[Recording], segments: Segments, wish: Wish) -> GapAnswer:
    channels = tuple(sorted(wish.gaps or ()))
    if wish.log or (wish.bin_ps is None and wish.window_ps is None):
        parameters = GapParameters(channels)
    else:
        bin_ps = wish.bin_ps or _BIN_PS
        parameters = GapParameters(channels, bin_ps, _whole_bins(wish.window_ps or _WINDOW_PS, bin_ps))
    return GapAnswer.of(read, parameters, gaps.read(_total(gaps, recordings, segments, parameters), parameters))


def _gates(read: FilesRead, recordings: list[Recording], segments: Segments, wish: Wish) -> GateAnswer:
    herald, *channels = wish.gates or ()
    width_ps = wish.window_ps or _COINCIDENCE_PS
    begin_ps = -(width_ps // 2)
    parameters = GateParameters(herald, tuple(channels), begin_ps, begin_ps + width_ps, Delays(wish.delays_ps))
    return GateAnswer(read, parameters, gates.read(_total(gates, recordings, segments, parameters), parameters))


def _total(processor: Any, recordings: list[Recording], segments: Segments, parameters: Any) -> Tally:
    """What all files hold together, by one of the processors that yield tallies alone."""
    tallies: list[Tally] = []
    for recording in recordings:
        state = processor.initial(parameters)
        for segment in segments(recording):
            state, closed = processor.step(state, segment, parameters)
            tallies += closed
        tallies += processor.close(state, parameters)
    return reduce(add, tallies)


def _scatter(read: FilesRead, recordings: list[Recording], segments: Segments, wish: Wish) -> ScatterAnswer:
    narrowest_ps, widest_ps = wish.bin_ps or _NARROWEST_PS, wish.window_ps or _WIDEST_PS
    if not narrowest_ps <= widest_ps <= narrowest_ps * MOST_BINS_WIDE:
        raise ValueError(
            f"bins from {narrowest_ps} ps to {widest_ps} ps: up to {MOST_BINS_WIDE} times as wide are counted at once; "
            "choose --bin and --window so"
        )
    doublings = (widest_ps // narrowest_ps).bit_length()
    channels = tuple(sorted(wish.scatter or ()))
    widths = BinWidths(SeriesParameters(channels, narrowest_ps), tuple(1 << doubling for doubling in range(doublings)))
    scattered, wandered = dispersion.initial(widths), stability.initial(widths)
    counts: dispersion.Dispersion = {}
    rates: stability.Stability = {}
    for number, recording in enumerate(recordings):
        for segment in segments(recording):
            piece = replace(segment, run=RunId(f"{number} {segment.run}"))  # a file may be named twice
            scattered, counts = dispersion.step(scattered, piece, widths)
            wandered, rates = stability.step(wandered, piece, widths)
    return ScatterAnswer(
        read,
        tuple(
            Scatter(
                channel, width_ps, estimate_mandel(counts[width_ps, channel], width_ps), estimate_allan(rates[width_ps, channel])
            )
            for channel in channels
            for width_ps in widths.widths_ps
        ),
    )


def _draw(found: Answer, picture: Path) -> list[Path]:
    """One file, or one for each curve: ``gaps.svg``, ``gaps-2.svg``, …"""
    curves = found.curves()
    if not curves:
        raise Refusal(ExitCode.USAGE, "numbers without a picture", where="--plot", do="leave it out, or take --out")
    files = [picture.with_stem(f"{picture.stem}-{number}") if number > 1 else picture for number in range(1, len(curves) + 1)]
    for curve, file in zip(curves, files, strict=True):
        write(curve, file)
    return files


def _save(out: Path, arrays: dict[str, npt.NDArray[Any]]) -> None:
    try:
        np.savez_compressed(out, allow_pickle=False, **arrays)
    except OSError as error:
        raise Refusal(
            ExitCode.BAD_INPUT, f"the arrays cannot be written: {error.strerror}", where=str(out), do="choose another place"
        ) from None


def _show(invocation: Invocation, found: Answer) -> None:
    from rich.markup import escape

    say, colour = invocation.terminal.print, invocation.terminal.is_terminal
    say(f"[bold]{escape(found.heading())}[/]")
    for line in (*found.read.lines(), *found.lines()):
        say(escape(line))
    for warning in found.read.warnings:
        say(f"  [yellow]◆[/] {escape(warning)}")
    size = (invocation.terminal.width if colour else _PLAIN_COLUMNS, _PLOT_ROWS)
    for curve in found.curves():
        invocation.terminal.out("", terminal(curve, size, colour=colour), sep="\n", highlight=False)
