"""The correlation beside every correlator that pip installs: same tags, same run, one core, and whether each is exact.

``numpy``, ``tttrlib``, ``pytimetag`` and ``pycorrelate`` run in environments of their own (some are under the GPL), made by uv
under benchmarks/.peers and kept. Each gets the tags of both channels already apart and as a whole; ours gets them merged, in
blocks of 65,536 tags through the processor's step, as a worker does, and as a whole. Times are of the thread, the best of
several, peers and ours in turns, so that a noisy machine is noisy for all.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numba import njit

from benchmarks.result import Result, at_least, at_most
from schemas.block import Channels, Times
from schemas.ids import DeviceId, DomainId, RunId
from schemas.panes import Counts
from streams.kernels.axis import TauAxis
from streams.kernels.warm import warm
from streams.processors import correlation
from streams.processors.correlation import CorrelationParameters
from streams.segment import Segment

BLOCK = 65_536
BLOCKS = 64
BIN_PS = 100
PERIOD_PS = 12_500
ROUNDS = 2
REPEATS = 5
FEWER = {"pycorrelate": BLOCK // 4, "numpy": BLOCK * 16}
"""Tags for peers that take seconds for all of them."""
PEERS = {
    "tttrlib": "tttrlib",
    "tttrlib-wahl": "tttrlib",
    "tttrlib-coarse": "tttrlib",
    "numpy": "",
    "pytimetag": "pytimetag",
    "pycorrelate": "pycorrelate",
}
"""Peer → what its environment needs; empty: this one."""
SCRIPT = Path(__file__).with_name("correlator_peer.py")


@dataclass(frozen=True)
class Light:
    """Merged tags of two detectors."""

    name: str
    time_ps: Times
    channel: Channels

    @classmethod
    def continuous(cls, name: str, rate_hz: float, seed: int) -> "Light":
        generator = np.random.default_rng(seed)
        gaps_ps = generator.exponential(1e12 / rate_hz, BLOCK * BLOCKS).astype(np.int64)
        return cls(name, np.cumsum(gaps_ps), generator.integers(0, 2, gaps_ps.size).astype(np.uint8))

    @classmethod
    def pulsed(cls, name: str, rate_hz: float, seed: int) -> "Light":
        generator = np.random.default_rng(seed)
        pulse = np.cumsum(generator.geometric(rate_hz * PERIOD_PS / 1e12, BLOCK * BLOCKS))
        time_ps = np.sort(pulse * PERIOD_PS + generator.integers(0, 500, pulse.size))
        return cls(name, time_ps, generator.integers(0, 2, pulse.size).astype(np.uint8))

    def segments(self, tags: int) -> list[Segment]:
        """Blocks of ``tags``, cut between tags of different times."""
        cuts = np.unique(np.searchsorted(self.time_ps, self.time_ps[tags::tags]))
        edges = [0, *cuts.tolist(), self.time_ps.size]
        made = []
        for begin, end in pairwise(edges):
            start_ps = 0 if begin == 0 else int(self.time_ps[begin])
            reached_ps = int(self.time_ps[end]) if end < self.time_ps.size else int(self.time_ps[-1]) + 1
            part = slice(begin, end)
            made.append(_segment(start_ps, reached_ps, self.time_ps[part], self.channel[part]))
        return made


@dataclass(frozen=True)
class Case:
    light: Light
    half_range_ps: int

    @property
    def name(self) -> str:
        return f"{self.light.name.replace(' ', '-')}-{self.half_range_ps}"

    @property
    def title(self) -> str:
        return f"{self.light.name}, ±{self.half_range_ps // 1000} ns"

    @property
    def parameters(self) -> CorrelationParameters:
        return CorrelationParameters(((0, 1),), TauAxis.symmetric(self.half_range_ps, BIN_PS))


@dataclass
class Measured:
    """Mtags/s, and how many counts differ from the oracle's."""

    speed: float = 0.0
    wrong: int = 0


def measure() -> tuple[list[Result], str]:
    """Figures held against their bars, and a table of all correlators."""
    warm()
    lights = [
        Light.continuous("4 Mcps CW", 4e6, 1),
        Light.continuous("40 Mcps CW", 40e6, 2),
        Light.pulsed("8 Mcps pulsed", 8e6, 3),
    ]
    cases = [Case(light, half_range_ps) for light in lights for half_range_ps in (100_000, 1_000_000)]
    with tempfile.TemporaryDirectory(prefix="photonwatch-bench-") as folder:
        found, absent = _all(cases, Path(folder))
    results = [*_ratios(cases, found), _streaming(cases[0]), *_limits(cases[0]), _cores(cases[0])]
    return results, _table(cases, found, absent)


def oracle(time_ps: Times, channel: Channels, half_range_ps: int) -> Counts:
    """Exact counts by binary searches alone, one for every start and edge."""
    starts, stops = time_ps[channel == 0], time_ps[channel == 1]
    first, end = np.searchsorted(stops, starts - half_range_ps), np.searchsorted(stops, starts + half_range_ps)
    counts = np.zeros(2 * half_range_ps // BIN_PS, np.uint64)
    for ahead in range(int((end - first).max(initial=0))):
        there = first + ahead < end
        tau = stops[(first + ahead)[there]] - starts[there]
        counts += np.bincount((tau + half_range_ps) // BIN_PS, minlength=counts.size).astype(np.uint64)
    return counts


def _segment(start_ps: int, reached_ps: int, time_ps: Times, channel: Channels) -> Segment:
    return Segment(DomainId("bench"), DeviceId("bench"), RunId("bench"), 0, start_ps, reached_ps, time_ps, channel, (0, 1))


def _best(work: Callable[[], object], repeats: int = REPEATS) -> float:
    seconds = []
    for _ in range(repeats):
        started = time.thread_time()
        work()
        seconds.append(time.thread_time() - started)
    return min(seconds)


def _all(cases: list[Case], folder: Path) -> tuple[dict[str, dict[str, Measured]], dict[str, str]]:
    """Case → correlator → what was measured; and why a peer is absent."""
    pythons: dict[str, Path] = {}
    absent: dict[str, str] = {}
    for peer, needs in PEERS.items():
        try:
            pythons[peer] = _python(needs) if needs else Path(sys.executable)
        except subprocess.CalledProcessError as error:
            absent[peer] = error.stderr.strip().splitlines()[-1]
    for light in {case.light.name: case.light for case in cases}.values():
        np.save(folder / f"{light.name.replace(' ', '-')}-time.npy", light.time_ps)
        np.save(folder / f"{light.name.replace(' ', '-')}-channel.npy", light.channel)
    tags = {peer: FEWER.get(peer, BLOCK * BLOCKS) for peer in PEERS}
    document = [
        {
            "name": case.name,
            "data": case.light.name.replace(" ", "-"),
            "half_range_ps": case.half_range_ps,
            "bin_ps": BIN_PS,
            "repeats": REPEATS,
            "tags": tags,
        }
        for case in cases
    ]
    (folder / "cases.json").write_text(json.dumps(document))
    found: dict[str, dict[str, Measured]] = {case.name: {} for case in cases}
    truth: dict[tuple[str, int], Counts] = {}
    for _ in range(ROUNDS):
        for case in cases:
            _ours(case, found[case.name])
        for peer, python in pythons.items():
            for line in _peer(python, peer, folder):
                case = next(case for case in cases if case.name == line["case"])
                key = case.name, line["tags"]
                if key not in truth:
                    truth[key] = oracle(case.light.time_ps[: key[1]], case.light.channel[: key[1]], case.half_range_ps)
                counts = np.load(folder / f"{peer}-{case.name}.npy")
                measured = found[case.name].setdefault(peer, Measured())
                measured.speed = max(measured.speed, line["tags"] / line["seconds"] / 1e6)
                measured.wrong = int(np.abs(counts.astype(np.int64) - truth[key].astype(np.int64)).sum())
    return found, absent


def _python(needs: str) -> Path:
    """The interpreter of a peer's own environment."""
    home = Path(__file__).with_name(".peers") / needs
    uv = Path(sys.executable).with_name("uv")
    python = home / "bin" / "python"
    if not python.exists():
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, home], check=True, capture_output=True, text=True)
        command = [uv, "pip", "install", "--quiet", "--python", python, needs]
        subprocess.run(command, check=True, capture_output=True, text=True)
    return python


def _peer(python: Path, peer: str, folder: Path) -> Iterable[dict[str, float]]:
    alone = {**os.environ, "TTTRLIB_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    alone.pop("PYTHONPATH", None)
    said = subprocess.run([python, SCRIPT, peer, folder], check=True, capture_output=True, text=True, env=alone)
    return [json.loads(line) for line in said.stdout.splitlines()]


def _ours(case: Case, found: dict[str, Measured]) -> None:
    parameters, size = case.parameters, case.light.time_ps.size
    truth = oracle(case.light.time_ps, case.light.channel, case.half_range_ps)
    for name, segments in (("photonwatch", case.light.segments(BLOCK)), ("photonwatch, one shot", case.light.segments(size))):
        measured = found.setdefault(name, Measured())
        counted = correlation.correlate(segments, parameters)
        measured.wrong = int(np.abs(counted.counts[0].astype(np.int64) - truth.astype(np.int64)).sum())
        seconds = _best(lambda segments=segments: correlation.correlate(segments, parameters))  # type: ignore[misc]
        measured.speed = max(measured.speed, size / seconds / 1e6)


def _ratios(cases: list[Case], found: dict[str, dict[str, Measured]]) -> list[Result]:
    first = found[cases[0].name]
    ours, title = first["photonwatch"].speed, cases[0].title
    exact = max(first[peer].speed for peer in ("tttrlib", "tttrlib-wahl") if peer in first and not first[peer].wrong)
    results = [
        Result(f"correlation, {title}, 100 ps bins, merged, blocks of 64k, one core", f"{ours:.0f} Mtags/s"),
        at_least("… over tttrlib's faster exact method", ours / exact, "", 7),
        at_least("… over numpy searchsorted and bincount", ours / first["numpy"].speed, "", 10),
        at_least("… over pytimetag", ours / first["pytimetag"].speed, "", 2),
    ]
    for case in cases:
        peers = {name: measured for name, measured in found[case.name].items() if not name.startswith("photonwatch")}
        fastest = max(peers, key=lambda name: peers[name].speed)
        ratio = found[case.name]["photonwatch"].speed / peers[fastest].speed
        results.append(at_least(f"… {case.title}: over the fastest peer ({fastest})", ratio, "", 1))
    wrong = sum(found[case.name][name].wrong for case in cases for name in found[case.name] if name.startswith("photonwatch"))
    results.append(at_most("counts that differ from the oracle's, all cases", wrong, "", 0))
    return results


def _streaming(case: Case) -> Result:
    """A stream of blocks over the same tags as a whole, in turns; the best of several tries of each."""
    parameters, blocks, whole = case.parameters, case.light.segments(BLOCK), case.light.segments(case.light.time_ps.size)
    works = [lambda segments=segments: correlation.correlate(segments, parameters) for segments in (blocks, whole)]
    tries = [[_best(work, 1) for work in works] for _ in range(8 * REPEATS)]
    streamed_s, whole_s = (min(seconds) for seconds in zip(*tries, strict=True))
    return at_least(f"streaming over one shot, {case.title}", whole_s / streamed_s, "", 0.95)


@njit(nogil=True)
def _read(time_ps: Times, channel: Channels) -> int:
    total = np.int64(0)
    for i in range(time_ps.size):
        total += time_ps[i] ^ np.int64(channel[i])
    return int(total)


@njit(nogil=True)
def _increment(slots: Times, counts: Counts) -> None:
    for i in range(slots.size):
        counts[np.uint64(slots[i])] += np.uint64(1)


def _limits(case: Case) -> list[Result]:
    """What this machine does at best: one pass over the same tags, and one increment after the other."""
    light, bins = case.light, case.parameters.axis.bins
    _read(light.time_ps[:9], light.channel[:9])
    read_s = _best(lambda: _read(light.time_ps, light.channel))
    slots, counts = np.random.default_rng(4).integers(0, bins, BLOCK), np.zeros(bins, np.uint64)
    _increment(slots, counts)
    increment_s = _best(lambda: _increment(slots, counts), 20)
    size = light.time_ps.nbytes + light.channel.nbytes
    return [
        Result(
            "limit: reading the tags once", f"{size / read_s / 1e9:.1f} GB/s, {light.time_ps.size / read_s / 1e6:.0f} Mtags/s"
        ),
        Result(f"limit: increments of a histogram of {bins} bins", f"{slots.size / increment_s / 1e6:.0f} M/s"),
    ]


def _cores(case: Case) -> Result:
    """Two domains on two threads against one, by the wall clock; the best of several tries."""
    parameters, halves = case.parameters, [case.light.segments(BLOCK) for _ in range(2)]

    def wall(work: Callable[[], object]) -> float:
        started = time.perf_counter()
        work()
        return time.perf_counter() - started

    with ThreadPoolExecutor(2) as pool:
        together = lambda: list(pool.map(lambda half: correlation.correlate(half, parameters), halves))  # noqa: E731
        apart = lambda: [correlation.correlate(half, parameters) for half in halves]  # noqa: E731
        tries = [(wall(apart), wall(together)) for _ in range(4 * REPEATS)]
    return at_least("two domains on two cores over one", min(t[0] for t in tries) / min(t[1] for t in tries), "", 1.8)


def _table(cases: list[Case], found: dict[str, dict[str, Measured]], absent: dict[str, str]) -> str:
    names = list(dict.fromkeys(name for case in cases for name in found[case.name]))
    rows = ["| Mtags/s, one core | " + " | ".join(case.title for case in cases) + " | exact |", "|---" * (len(cases) + 2) + "|"]
    for name in names:
        wrong = [found[case.name][name].wrong for case in cases]
        exact = "yes" if not any(wrong) else f"no: {max(wrong):,} counts astray"
        rows.append(f"| {name} | " + " | ".join(f"{found[case.name][name].speed:.3g}" for case in cases) + f" | {exact} |")
    rows += [f"| {name} | not here: {why} |" + " |" * len(cases) for name, why in absent.items()]
    pairs = [oracle(case.light.time_ps, case.light.channel, case.half_range_ps).sum() / case.light.time_ps.size for case in cases]
    rows.append("| pairs a tag | " + " | ".join(f"{each:.2f}" for each in pairs) + " | |")
    return "\n".join(rows)
