"""What an instrument or a sequence measured at one go: sweeps, scans, counts by basis, decays, shots. Topic ``measurements``.

One message is one measurement of one subject, with its data as taken: no fit, no correction. Frequencies in Hz, delays of decays
in s, delays of photons in ps, counts as integers. A reader that does not know a ``kind`` cannot use the message.
"""

from itertools import pairwise
from math import inf, isfinite
from typing import Literal

import msgspec

from schemas.errors import SchemaError
from schemas.ids import DeviceId, RunId, SubjectId
from schemas.records import Parameter

Basis = Literal["X", "Y", "Z"]
PulseSequence = Literal["inversion-recovery", "echo", "ramsey", "rabi", "swap", "ring-down"]
Amplitudes = tuple[float, float, float, float]
"""A projector onto a|0⟩ + b|1⟩ as (re a, im a, re b, im b); it need not be normalised."""


class MeasurementError(SchemaError):
    """A measurement that contradicts itself."""


class _Data(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """One kind of data."""


class ResonatorSweep(_Data, frozen=True, kw_only=True, tag="resonator-sweep"):
    """Complex transmission over frequency, ascending.

    ``geometry``: a resonator beside the line (notch), at its end (reflection), or in it (transmission).
    """

    geometry: Literal["notch", "reflection", "transmission"]
    frequency_hz: tuple[float, ...]
    s_real: tuple[float, ...]
    s_imag: tuple[float, ...]

    def __post_init__(self) -> None:
        _same_length(frequency_hz=self.frequency_hz, s_real=self.s_real, s_imag=self.s_imag)
        _finite(frequency_hz=self.frequency_hz, s_real=self.s_real, s_imag=self.s_imag)
        _ascending(frequency_hz=self.frequency_hz)


class DelayHistogram(_Data, frozen=True, kw_only=True, tag="delay-histogram"):
    """Counts over delay in half-open bins of one width; bin i begins at ``start_ps + i * bin_width_ps``.

    ``of`` says what was correlated: two detectors behind a beam splitter, or arrivals after a trigger. ``period_ps`` is the
    excitation's, None for continuous light or where it is not known. ``triggers`` of an arrival histogram: how many there were.
    ``accidentals_per_ps`` of a coincidence histogram: what uncorrelated light of the same singles rates would put into 1 ps.
    """

    of: Literal["coincidences", "arrivals"]
    start_ps: float
    bin_width_ps: float
    counts: tuple[int, ...]
    integration_s: float | None = None
    period_ps: float | None = None
    triggers: int | None = None
    accidentals_per_ps: float | None = None

    def __post_init__(self) -> None:
        _not_negative(counts=self.counts)
        if not 0 < self.bin_width_ps < inf or not isfinite(self.start_ps):
            raise MeasurementError(f"bins of {self.bin_width_ps} ps from {self.start_ps} ps: a bin has a finite width above 0")


class HomScan(_Data, frozen=True, kw_only=True, tag="hom-scan"):
    """Hong-Ou-Mandel coincidences at zero delay with photons made alike (parallel) and told apart (perpendicular).

    Equal integration times for both; ``reflectivity`` and ``transmissivity`` of the beam splitter, ``contrast`` = 1 - ε of the
    interferometer, ``g2`` of the source where they are known: corrections use them, the raw value does not.
    """

    parallel: int
    perpendicular: int
    reflectivity: float | None = None
    transmissivity: float | None = None
    contrast: float | None = None
    g2: float | None = None

    def __post_init__(self) -> None:
        _not_negative(parallel=(self.parallel,), perpendicular=(self.perpendicular,))


class BasisCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Joint outcomes of two qubits measured in two bases: ``pp`` both in the +1 state, ``pm`` first +1, second -1, and so on."""

    first: Basis
    second: Basis
    pp: int
    pm: int
    mp: int
    mm: int


class PauliCorrelations(_Data, frozen=True, kw_only=True, tag="pauli-correlations"):
    """A tomography or witness of a pair of qubits. ``accidentals`` is the expected number in each of the four cells."""

    settings: tuple[BasisCounts, ...]
    accidentals: float = 0.0

    def __post_init__(self) -> None:
        for one in self.settings:
            _not_negative(counts=(one.pp, one.pm, one.mp, one.mm))


class Projection(msgspec.Struct, frozen=True, kw_only=True):
    """Coincidences behind two analysers. Averages over equal times need not be whole: ``repeats`` says over how many."""

    first: Amplitudes
    second: Amplitudes
    coincidences: float
    singles_first: float | None = None
    singles_second: float | None = None


class ProjectionCounts(_Data, frozen=True, kw_only=True, tag="projection-counts"):
    """A tomography by projections, one after another, each for the same time."""

    projections: tuple[Projection, ...]
    repeats: int = 1

    def __post_init__(self) -> None:
        if self.repeats < 1:
            raise MeasurementError(f"repeats is {self.repeats}; what was counted was counted at least once")
        _not_negative(coincidences=tuple(one.coincidences for one in self.projections))


class ChshCounts(_Data, frozen=True, kw_only=True, tag="chsh-counts"):
    """A Bell test: joint outcomes for the settings (a, b), (a, b'), (a', b), (a', b'), each as (pp, pm, mp, mm)."""

    outcomes: tuple[tuple[int, int, int, int], tuple[int, int, int, int], tuple[int, int, int, int], tuple[int, int, int, int]]

    def __post_init__(self) -> None:
        for four in self.outcomes:
            _not_negative(outcomes=four)


class SiftedBits(_Data, frozen=True, kw_only=True, tag="sifted-bits"):
    """Key distribution: sifted bits and the errors among them, by basis."""

    sifted_z: int
    errors_z: int
    sifted_x: int
    errors_x: int
    integration_s: float | None = None

    def __post_init__(self) -> None:
        _trials(self.errors_z, self.sifted_z, "errors_z of sifted_z")
        _trials(self.errors_x, self.sifted_x, "errors_x of sifted_x")


class PulseHistograms(_Data, frozen=True, kw_only=True, tag="pulse-histograms"):
    """Photons after each readout pulse of a sequence: ``counts[k][i]`` in time bin i after the pulse at ``delay_s[k]``.

    The raw form of a ``CoherenceDecay``; which bins hold the signal, and which the reference, is the sequence's matter.
    """

    sequence: PulseSequence
    delay_s: tuple[float, ...]
    counts: tuple[tuple[int, ...], ...]
    bin_width_s: float | None = None

    def __post_init__(self) -> None:
        _finite(delay_s=self.delay_s)
        if len(self.counts) != len(self.delay_s):
            raise MeasurementError(f"{len(self.counts)} histograms of {len(self.delay_s)} lengths of the sequence")
        if len({len(row) for row in self.counts}) > 1:
            raise MeasurementError("histograms of different lengths: all pulses are looked at for the same time")
        for row in self.counts:
            _not_negative(counts=row)


class CoherenceDecay(_Data, frozen=True, kw_only=True, tag="coherence-decay"):
    """A population against the length of a sequence: either counted (``successes`` of ``trials``) or a ``signal`` with its error.

    ``sequence``: inversion recovery (T1), Hahn echo (T2), Ramsey (T2*), Rabi drive, a swap between spin and resonator, or the
    ring-down of a resonator's energy.
    """

    sequence: PulseSequence
    delay_s: tuple[float, ...]
    successes: tuple[int, ...] = ()
    trials: tuple[int, ...] = ()
    signal: tuple[float, ...] = ()
    signal_error: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        _finite(delay_s=self.delay_s, signal=self.signal)
        if bool(self.trials) == bool(self.signal):
            raise MeasurementError("a decay holds either successes of trials or a signal, and not both")
        if self.trials:
            _same_length(delay_s=self.delay_s, successes=self.successes, trials=self.trials)
            for good, all_of in zip(self.successes, self.trials, strict=True):
                _trials(good, all_of, "successes of trials")
        else:
            _same_length(delay_s=self.delay_s, signal=self.signal)
        if self.signal_error:
            _same_length(signal=self.signal, signal_error=self.signal_error)


class RandomizedBenchmarking(_Data, frozen=True, kw_only=True, tag="randomized-benchmarking"):
    """Survivals after random Clifford sequences: for each sequence its length, survivals and trials.

    ``dimension`` of the Hilbert space: 2 for one qubit. ``gates_per_clifford`` is what a gate's error is divided by.
    """

    length: tuple[int, ...]
    survivals: tuple[int, ...]
    trials: tuple[int, ...]
    dimension: int = 2
    gates_per_clifford: float = 1.0

    def __post_init__(self) -> None:
        _same_length(length=self.length, survivals=self.survivals, trials=self.trials)
        _not_negative(length=self.length)
        for good, all_of in zip(self.survivals, self.trials, strict=True):
            _trials(good, all_of, "survivals of trials")


class ReadoutShots(_Data, frozen=True, kw_only=True, tag="readout-shots"):
    """Single shots in the IQ plane (any one unit) with the state that was prepared."""

    ground_i: tuple[float, ...]
    ground_q: tuple[float, ...]
    excited_i: tuple[float, ...]
    excited_q: tuple[float, ...]
    integration_s: float | None = None

    def __post_init__(self) -> None:
        _same_length(ground_i=self.ground_i, ground_q=self.ground_q)
        _same_length(excited_i=self.excited_i, excited_q=self.excited_q)
        _finite(ground_i=self.ground_i, ground_q=self.ground_q, excited_i=self.excited_i, excited_q=self.excited_q)


class EmissionSpectrum(_Data, frozen=True, kw_only=True, tag="emission-spectrum"):
    """Counts over optical frequency, ascending, as ``offset_hz`` from ``reference_hz``; ``resolution_hz``: instrument's FWHM."""

    reference_hz: float
    offset_hz: tuple[float, ...]
    counts: tuple[int, ...]
    resolution_hz: float = 0.0

    def __post_init__(self) -> None:
        _same_length(offset_hz=self.offset_hz, counts=self.counts)
        _finite(offset_hz=self.offset_hz)
        _ascending(offset_hz=self.offset_hz)
        _not_negative(counts=self.counts)


class PowerCheck(_Data, frozen=True, kw_only=True, tag="power-check"):
    """Photons against a calibrated reference: what went in and what arrived behind the coupling, in the same time.

    ``dark`` counts of the same time belong to ``detected``; ``efficiency`` of the detector and ``reference_photons`` with their
    standard errors.
    """

    reference_photons: float
    detected: int
    dark: int
    efficiency: float
    efficiency_error: float = 0.0
    reference_error: float = 0.0

    def __post_init__(self) -> None:
        _not_negative(
            reference_photons=(self.reference_photons, self.reference_error),
            detected=(self.detected,),
            dark=(self.dark,),
            efficiency=(self.efficiency, self.efficiency_error),
        )


class RepetitionScan(_Data, frozen=True, kw_only=True, tag="repetition-scan"):
    """Emission at several trigger rates: triggers given, photons detected, and pulsed g² coincidences at each."""

    rate_hz: tuple[float, ...]
    triggers: tuple[int, ...]
    detected: tuple[int, ...]
    central: tuple[int, ...]
    side: tuple[int, ...]
    side_peaks: int

    def __post_init__(self) -> None:
        _same_length(rate_hz=self.rate_hz, triggers=self.triggers, detected=self.detected, central=self.central, side=self.side)
        _ascending(rate_hz=self.rate_hz)
        _not_negative(triggers=self.triggers, detected=self.detected, central=self.central, side=self.side)


class DetectorCounts(_Data, frozen=True, kw_only=True, tag="detector-counts"):
    """Counts of one detector, or of several taken as one: all clicks in ``integration_s`` of live time.

    ``triggers``: excitation pulses in that time, where there were any. ``dark`` clicks in ``dark_s`` with the source off.
    """

    detected: int
    integration_s: float
    triggers: int | None = None
    dark: int = 0
    dark_s: float | None = None

    def __post_init__(self) -> None:
        _not_negative(detected=(self.detected,), triggers=(self.triggers or 0,), dark=(self.dark,))
        _times(integration_s=self.integration_s, dark_s=self.dark_s)
        if self.dark and self.dark_s is None:
            raise MeasurementError(f"{self.dark} dark counts without dark_s, the time in which they came")


class PairCounts(_Data, frozen=True, kw_only=True, tag="pair-counts"):
    """Clicks of a herald's and of a signal's detector, and their coincidences in a full-width window.

    ``dark_heralds`` came in ``dark_s`` with the source off. ``accidentals`` were counted in ``accidental_windows`` windows of the
    same width at delays where no pairs are; without such windows the singles predict them.
    """

    heralds: int
    signals: int
    coincidences: int
    window_ps: float
    integration_s: float
    dark_heralds: int = 0
    dark_s: float | None = None
    accidentals: int = 0
    accidental_windows: int = 0

    def __post_init__(self) -> None:
        _not_negative(
            heralds=(self.heralds,),
            signals=(self.signals,),
            coincidences=(self.coincidences,),
            dark_heralds=(self.dark_heralds,),
            accidentals=(self.accidentals, self.accidental_windows),
        )
        _times(window_ps=self.window_ps, integration_s=self.integration_s, dark_s=self.dark_s)
        if self.dark_heralds and self.dark_s is None:
            raise MeasurementError(f"{self.dark_heralds} dark counts without dark_s, the time in which they came")
        if self.accidentals and not self.accidental_windows:
            raise MeasurementError(f"{self.accidentals} accidentals without accidental_windows, in how many windows they came")


class HeraldedCounts(_Data, frozen=True, kw_only=True, tag="heralded-counts"):
    """Heralds, and how many of them had a click of the first detector, of the second, and of both, in the same window."""

    heralds: int
    first: int
    second: int
    both: int

    def __post_init__(self) -> None:
        for good, what in ((self.first, "first"), (self.second, "second")):
            _trials(good, self.heralds, f"{what} of heralds")
            _trials(self.both, good, f"both of {what}")


class Trials(_Data, frozen=True, kw_only=True, tag="trials"):
    """How often something succeeded."""

    successes: int
    trials: int

    def __post_init__(self) -> None:
        _trials(self.successes, self.trials, "successes of trials")


Data = (
    ResonatorSweep
    | DelayHistogram
    | HomScan
    | PauliCorrelations
    | ProjectionCounts
    | ChshCounts
    | SiftedBits
    | CoherenceDecay
    | PulseHistograms
    | RandomizedBenchmarking
    | ReadoutShots
    | EmissionSpectrum
    | PowerCheck
    | RepetitionScan
    | DetectorCounts
    | PairCounts
    | HeraldedCounts
    | Trials
)


STATE = "state"
"""The condition that says in which state (schemas.events.State) the device was; without it, operational."""


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement: whose, when (UTC), under which conditions, and its data.

    (subject, kind of data, run, end_unix_ns) identifies it. ``conditions`` are what was set, for example ``power_dbm``, and
    ``state``; ``calibration`` names the one that the device stood under.
    """

    subject: SubjectId
    device: DeviceId
    run: RunId
    start_unix_ns: int
    end_unix_ns: int
    data: Data
    firmware: str = ""
    calibration: str = ""
    conditions: dict[str, Parameter] = {}
    version: int = 1

    def __post_init__(self) -> None:
        if self.end_unix_ns < self.start_unix_ns:
            raise MeasurementError(f"measurement of {self.subject} ends at {self.end_unix_ns}, before its start")


def _same_length(**columns: tuple[float, ...]) -> None:
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise MeasurementError(f"columns of different lengths: {', '.join(f'{name} {n}' for name, n in lengths.items())}")


def _finite(**columns: tuple[float, ...]) -> None:
    for name, values in columns.items():
        for index, value in enumerate(values):
            if not isfinite(value):
                raise MeasurementError(f"{name}[{index}] is {value}")


def _not_negative(**columns: tuple[float, ...]) -> None:
    for name, values in columns.items():
        for index, value in enumerate(values):
            if not (value >= 0 and isfinite(value)):
                raise MeasurementError(f"{name}[{index}] is {value}: counts are finite and not below 0")


def _ascending(**columns: tuple[float, ...]) -> None:
    for name, values in columns.items():
        for index, (before, after) in enumerate(pairwise(values)):
            if not after > before:
                raise MeasurementError(f"{name}[{index + 1}] is {after}, not above {before} before it")


def _times(**times: float | None) -> None:
    for name, value in times.items():
        if value is not None and not 0 < value < inf:
            raise MeasurementError(f"{name} is {value}; a time is finite and above 0")


def _trials(good: int, all_of: int, what: str) -> None:
    if not 0 <= good <= all_of:
        raise MeasurementError(f"{what}: {good} of {all_of}")
