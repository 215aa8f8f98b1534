"""One peer, run by its own Python in its own environment: ``python correlator_peer.py NAME FOLDER``.

FOLDER holds ``cases.json`` and arrays; a line of JSON says how long each case took, and FOLDER/NAME-CASE.npy holds its counts.
Every peer gets the tags of each channel already apart, in the type that it likes best, and only its own work is timed.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]


def numpy_searchsorted(starts: Integers, stops: Integers, half_range_ps: int, bin_ps: int) -> Integers:
    """Two binary searches for every start, and one bincount."""
    first, end = np.searchsorted(stops, starts - half_range_ps), np.searchsorted(stops, starts + half_range_ps)
    number = end - first
    place = np.arange(number.sum()) - np.repeat(np.cumsum(number) - number, number) + np.repeat(first, number)
    tau = stops[place] - np.repeat(starts, number)
    return np.bincount((tau + half_range_ps) // bin_ps, minlength=2 * half_range_ps // bin_ps)


class Numpy:
    """In pieces, so that intermediate arrays stay in the cache."""

    def __init__(self, starts: Integers, stops: Integers, half_range_ps: int, bin_ps: int) -> None:
        self.arguments = half_range_ps, bin_ps
        self.pieces = []
        for begin in range(0, starts.size, 1 << 14):
            piece = starts[begin : begin + (1 << 14)]
            near = slice(*np.searchsorted(stops, [piece[0] - half_range_ps, piece[-1] + half_range_ps + 1]))
            self.pieces.append((piece, stops[near]))

    def run(self) -> None:
        self.counts = np.sum([numpy_searchsorted(*piece, *self.arguments) for piece in self.pieces], axis=0)


class Tttrlib:
    """One cascade of bins of 1 ps, the stops delayed by the half range so that one run covers both signs: exact."""

    method, offset_ps, unit_ps = "felekyan", 0, 1

    def __init__(self, starts: Integers, stops: Integers, half_range_ps: int, bin_ps: int) -> None:
        import tttrlib  # noqa: PLC0415 - each peer has its own environment

        self.make, self.bin_ps, self.bins = tttrlib.Correlator, bin_ps // self.unit_ps, 2 * half_range_ps // self.unit_ps
        self.starts = (starts // self.unit_ps).astype(np.uint64)
        self.stops = ((stops + half_range_ps) // self.unit_ps + self.offset_ps).astype(np.uint64)
        self.ready()

    def ready(self) -> None:
        self.correlator = self.make(method=self.method, n_casc=1, n_bins=self.bins)
        ones = np.ones(self.starts.size), np.ones(self.stops.size)
        self.correlator.set_events(self.starts, ones[0], self.stops, ones[1])

    def run(self) -> None:
        self.correlator.run()

    @property
    def counts(self) -> Integers:
        fine = np.array(self.correlator.get_corr())[self.offset_ps : self.offset_ps + self.bins]
        return fine.reshape(-1, self.bin_ps).sum(axis=1).astype(np.int64)


class TttrlibWahl(Tttrlib):
    """Its default method."""

    method, offset_ps = "wahl", 1


class TttrlibCoarse(Tttrlib):
    """Times rounded to the bin width before: the usual way, not exact."""

    unit_ps = 100


class Pytimetag:
    """The compiled function behind its HistogramAnalyser, which is limited to a hundred triggers a window."""

    def __init__(self, starts: Integers, stops: Integers, half_range_ps: int, bin_ps: int) -> None:
        from pytimetag.analysers.HistogramAnalyser import analysisOneListJIT  # noqa: PLC0415

        self.function = analysisOneListJIT
        self.arguments = starts, stops, -half_range_ps, half_range_ps, 2 * half_range_ps // bin_ps, 1

    def run(self) -> None:
        self.counts = self.function(*self.arguments)


class Pycorrelate:
    def __init__(self, starts: Integers, stops: Integers, half_range_ps: int, bin_ps: int) -> None:
        from pycorrelate import pcorrelate  # noqa: PLC0415

        self.function, self.bin_ps = pcorrelate, bin_ps
        self.arguments = starts, stops, np.arange(-half_range_ps, half_range_ps + 1, bin_ps)

    def run(self) -> None:
        self.result = self.function(*self.arguments)

    @property
    def counts(self) -> Integers:
        return np.rint(self.result * self.bin_ps).astype(np.int64)


PEERS = {
    "numpy": Numpy,
    "tttrlib": Tttrlib,
    "tttrlib-wahl": TttrlibWahl,
    "tttrlib-coarse": TttrlibCoarse,
    "pytimetag": Pytimetag,
    "pycorrelate": Pycorrelate,
}


def main(name: str, folder: Path) -> None:
    for case in json.loads((folder / "cases.json").read_text()):
        time_ps, channel = np.load(folder / f"{case['data']}-time.npy"), np.load(folder / f"{case['data']}-channel.npy")
        tags = min(time_ps.size, case["tags"][name])
        time_ps, channel = time_ps[:tags], channel[:tags]
        peer = PEERS[name](time_ps[channel == 0], time_ps[channel == 1], case["half_range_ps"], case["bin_ps"])
        peer.run()  # compiles
        seconds = []
        for _ in range(case["repeats"]):
            if hasattr(peer, "ready"):
                peer.ready()
            started = time.thread_time()
            peer.run()
            seconds.append(time.thread_time() - started)
        np.save(folder / f"{name}-{case['name']}.npy", peer.counts)
        print(json.dumps({"case": case["name"], "tags": tags, "seconds": min(seconds)}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
