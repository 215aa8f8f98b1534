"""Single-photon detectors: efficiency, dark counts and stray light, jitter, dead time, saturation, afterpulsing.

The one stage behind every source of tags. Losses commute with everything that a source does, so a source leaves out at once what
will not be detected (``Detection.efficiency``); all else happens here.
"""

from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from producers.errors import SourceError
from producers.trials import successes
from producers.variates import normals
from schemas.block import Channels, Times

SECOND_PS = 1e12
_MOST_DETECTORS = 16


class Detection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands behind a source: its detectors, and the beam splitter before the last two. Times in ps, rates in Hz.

    A detector is blind for ``dead_time_ps`` after a registered click; a paralysable one for as long after any photon, registered
    or not. A part ``afterpulse_ratio`` of its clicks is followed by a false one, ``dead_time_ps`` and an exponential wait of mean
    ``afterpulse_ps`` later. ``jitter_ps`` is the sigma of one detector with its electronics.
    """

    efficiency: tuple[float, ...] = (1.0, 1.0)
    transmission: float = 0.5
    """Part of the split light that goes to the first of the two detectors behind the beam splitter."""
    background_hz: tuple[float, ...] = (0.0, 0.0)
    """Uniform: dark counts and stray light."""
    jitter_ps: float = 0.0
    dead_time_ps: float = 0.0
    paralysable: bool = False
    afterpulse_ratio: float = 0.0
    afterpulse_ps: float = 50_000.0

    def __post_init__(self) -> None:
        if not 0 < len(self.efficiency) <= _MOST_DETECTORS or len(self.efficiency) != len(self.background_hz):
            raise SourceError(
                f"{len(self.efficiency)} efficiencies and {len(self.background_hz)} backgrounds: give one of each for every "
                f"detector, 1 to {_MOST_DETECTORS}"
            )
        if not all(0 < part <= 1 for part in self.efficiency) or not 0 < self.transmission < 1:
            raise SourceError(
                f"efficiencies {self.efficiency} must lie in (0, 1], transmission {self.transmission} inside (0, 1)"
            )
        if min(self.background_hz) < 0 or self.jitter_ps < 0:
            raise SourceError(f"background {self.background_hz} Hz and jitter {self.jitter_ps} ps cannot be negative")
        if self.dead_time_ps < 0 or not 0 <= self.afterpulse_ratio < 1 or self.afterpulse_ps < 0:
            raise SourceError(
                f"dead time {self.dead_time_ps} ps and afterpulse delay {self.afterpulse_ps} ps cannot be negative, the ratio of "
                f"afterpulses {self.afterpulse_ratio} must lie in [0, 1)"
            )

    @property
    def shares(self) -> tuple[float, float]:
        """Probability that a photon before the beam splitter is detected in each of the two detectors behind it."""
        return self.transmission * self.efficiency[-2], (1 - self.transmission) * self.efficiency[-1]

    def mixed_g2(self, g2: float, rate_hz: float) -> float:
        """What the two detectors measure of a source of ``g2`` when uniform background is mixed in: 1 - (1 - g2)·p0·p1.

        p is the part of a detector's counts that is signal (Brouri et al., Opt. Lett. 25, 1294 (2000)).
        """
        if rate_hz == 0:
            return 1.0
        pure = [
            rate_hz * share / (rate_hz * share + dark) for share, dark in zip(self.shares, self.background_hz[-2:], strict=True)
        ]
        return 1 - (1 - g2) * pure[0] * pure[1]


class Photons(NamedTuple):
    """Photons on their way to detectors that will see them: times in ps since the stretch began (float64), and which detector."""

    time_ps: npt.NDArray[np.float64]
    detector: npt.NDArray[np.integer | np.bool_]


class Detectors:
    """The detectors of one source through time: what arrives late waits here, and so do the clicks that blind its beginning."""

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random
        self._late: Times = np.empty(0, np.int64)
        self._recent: Times = np.empty(0, np.int64)
        """What came in the dead time before the stretch: registered clicks, and (paralysable) all others."""
        self._begun = False

    def stretch(self, duration_ps: int, photons: Photons, detection: Detection) -> tuple[Times, Channels]:
        """Sorted clicks of the next ``duration_ps``, since its start, and their detectors.

        Photons may lie up to the jitter's reach beyond its end, and as much later as they like; jitter moves none before its
        start, but at the very first, where they click at once.
        """
        # Time and detector travel as one integer, so that one sort orders both.
        bits = (len(detection.efficiency) - 1).bit_length()
        end = duration_ps << bits
        packed = np.concatenate([self._late, self._arrivals(photons, detection, bits), *self._background(duration_ps, detection)])
        if not self._begun:
            np.maximum(packed, packed & ((1 << bits) - 1), out=packed)
            self._begun = True
        false, parents = self._afterpulses(packed, end, detection, bits)
        if false.size:
            packed = np.concatenate([packed, false])
        packed.sort()
        cut = int(np.searchsorted(packed, end))
        now, late = packed[:cut], packed[cut:]
        if detection.dead_time_ps:
            now, lost = self._registered(now, duration_ps, detection, bits)
            if false.size and lost.size:
                # A blind detector's clicks have no afterpulses. That such a one may have blinded others is of second order.
                unborn = false[_among(parents, lost)]
                now, late = _without(now, unborn), _without(late, unborn)
        self._late = late - end
        channel = now.astype(np.uint8)
        channel &= np.uint8((1 << bits) - 1)
        return now >> bits, channel

    def _arrivals(self, photons: Photons, detection: Detection, bits: int) -> Times:
        time_ps = photons.time_ps
        if detection.jitter_ps:
            time_ps = time_ps + normals(self._random, time_ps.size, detection.jitter_ps)
            np.floor(time_ps, out=time_ps)
        else:
            time_ps = np.floor(time_ps)
        packed = time_ps.astype(np.int64)
        packed <<= bits
        packed |= photons.detector
        return packed

    def _background(self, duration_ps: int, detection: Detection) -> list[Times]:
        random, bits, parts = self._random, (len(detection.efficiency) - 1).bit_length(), []
        for detector, rate_hz in enumerate(detection.background_hz):
            if rate_hz:
                count = random.poisson(rate_hz * duration_ps / SECOND_PS)
                parts.append((random.integers(0, duration_ps, count) << bits) | detector)
        return parts

    def _afterpulses(self, clicks: Times, end: int, detection: Detection, bits: int) -> tuple[Times, Times]:
        """False clicks that follow those before the stretch's end, and what each follows. False clicks bear others."""
        none = np.empty(0, np.int64)
        if not detection.afterpulse_ratio:
            return none, none
        born, bearers, parents = [none], [none], clicks
        while parents.size:
            parents = parents[successes(self._random, parents.size, detection.afterpulse_ratio)]
            parents = parents[parents < end]
            wait = self._random.standard_exponential(parents.size)
            wait *= detection.afterpulse_ps
            wait += detection.dead_time_ps
            children = parents + (np.ceil(wait).astype(np.int64) << bits)
            born.append(children)
            bearers.append(parents)
            parents = children
        return np.concatenate(born), np.concatenate(bearers)

    def _registered(self, now: Times, duration_ps: int, detection: Detection, bits: int) -> tuple[Times, Times]:
        """What the detectors register of the stretch's photons, and what they were blind to."""
        dead_ps = round(detection.dead_time_ps)
        before = self._recent.size
        every = np.concatenate([self._recent, now]) if before else now
        blind = _blind(every, dead_ps, bits, paralysable=detection.paralysable)
        seen = np.delete(every, blind) if blind.size else every
        remembered = every if detection.paralysable else seen
        self._recent = remembered[np.searchsorted(remembered, (duration_ps - dead_ps) << bits) :] - (duration_ps << bits)
        lost = every[blind]
        if before:
            seen, lost = seen[np.searchsorted(seen, 0) :], lost[np.searchsorted(lost, 0) :]
        return seen, lost


def _blind(packed: Times, dead_ps: int, bits: int, *, paralysable: bool) -> npt.NDArray[np.int64]:
    """Ascending indices of the clicks to which their detector was blind."""
    # Most clicks have none of any detector in the dead time before and after them: only the others are looked at one by one.
    near = (packed[1:] - packed[:-1] < ((dead_ps + 1) << bits)).nonzero()[0]
    if not near.size:
        return near
    is_near = np.zeros(packed.size, np.bool_)
    is_near[near] = is_near[near + 1] = True
    crowded = is_near.nonzero()[0]
    clicks = packed[crowded]
    number = clicks & ((1 << bits) - 1)
    blind = []
    for detector in range(1 << bits):
        mine = np.flatnonzero(number == detector)
        blind.append(mine[blinded(clicks[mine] >> bits, dead_ps, paralysable=paralysable)])
    return crowded[np.sort(np.concatenate(blind))]


def blinded(time_ps: Times, dead_ps: int, *, paralysable: bool) -> npt.NDArray[np.int64]:
    """Indices of one detector's photons (sorted) within ``dead_ps`` after the last registered one, or (paralysable) after any."""
    close = np.flatnonzero(np.diff(time_ps) < dead_ps) + 1
    if paralysable or not close.size:
        return close
    # Close photons that follow each other make a run; the photon before a run is registered, and so is each in it that comes a
    # dead time after the last registered one.
    first = np.flatnonzero(np.diff(close, prepend=-1) != 1)
    start, stop = close[first], close[np.append(first[1:], close.size) - 1] + 1
    longer = np.flatnonzero(stop - start > 1)
    clicked, stop = time_ps[start[longer] - 1], stop[longer]
    again: list[npt.NDArray[np.int64]] = []
    while clicked.size:
        at = np.searchsorted(time_ps, clicked + dead_ps)
        inside = at < stop
        at, stop = at[inside], stop[inside]
        again.append(at)
        clicked = time_ps[at]
    registered = np.concatenate(again) if again else close[:0]
    return np.delete(close, np.searchsorted(close, np.sort(registered))) if registered.size else close


def _among(clicks: Times, lost: Times) -> npt.NDArray[np.bool_]:
    """Which of the clicks are among the lost, which are sorted and not empty."""
    nearest = np.minimum(np.searchsorted(lost, clicks), lost.size - 1)
    return np.equal(lost[nearest], clicks)


def _without(clicks: Times, unwanted: Times) -> Times:
    """Sorted clicks less those that are unwanted, where they are among them."""
    at = np.searchsorted(clicks, unwanted)
    at, unwanted = at[at < clicks.size], unwanted[at < clicks.size]
    return np.delete(clicks, at[clicks[at] == unwanted])
