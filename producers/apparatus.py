"""What a device consists of: its parts, each with its present numbers, and how one number is told by its path."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from producers.clock import Clock
from producers.entanglement.link import Link
from producers.entanglement.repeater import Repeater
from producers.entanglement.state import Noise, check_bell_state
from producers.errors import FleetError, SourceError
from producers.matter.line import Line
from producers.matter.readout import Readout
from producers.matter.resonator import Resonator
from producers.matter.spin import Spin
from producers.optics.coupling import Optics
from producers.optics.interferometer import Interferometer
from producers.sources.build import SourceParameters
from producers.tagger import Tagger


class Cryostat(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At ``set_point_k``, and as quiet as ``quiet_m`` (RMS), its devices are what the fleet file says."""

    temperature_k: float = 4.0
    set_point_k: float = 4.0
    vibration_m: float = 2e-9
    quiet_m: float = 2e-9
    pressure_pa: float = 1e-4

    def __post_init__(self) -> None:
        if min(self.temperature_k, self.set_point_k) <= 0 or min(self.vibration_m, self.quiet_m, self.pressure_pa) < 0:
            raise SourceError(f"{self}: temperatures lie above 0 K, vibration and pressure not below 0")


class Laser(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``frequency_offset_hz`` from its lock point, against an absorption ``width_hz`` (FWHM); ``jitter_ps`` of its pulses."""

    frequency_offset_hz: float = 0.0
    width_hz: float = 2e9
    power_w: float = 1e-6
    jitter_ps: float = 2.0
    locked: float = 1.0

    def __post_init__(self) -> None:
        if self.width_hz <= 0 or min(self.power_w, self.jitter_ps) < 0:
            raise SourceError(f"{self}: an absorption of some width, no negative power or jitter")


class Entangler(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pairs in Φ⁺ with ``fidelity``, of which memory loss makes less while they wait ``wait_s``."""

    fidelity: float = 0.9
    noise: Noise = "white"
    wait_s: float = 0.0

    def __post_init__(self) -> None:
        check_bell_state(self.fidelity, self.noise)


class Control(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The control software. A command's try fails with ``failure``, and is repeated up to ``tries`` times.

    With ``mismatch`` a command is not understood, however often it is tried. ``running`` 0: the software crashed, and the device
    is silent. ``reporting``: part of the telemetry that gets through. Pulses are late or early by ``pulse_jitter_s`` (RMS). A
    calibration passes with ``calibration_pass``, and takes ``calibration_slowness`` times its time.
    """

    running: float = 1.0
    reporting: float = 1.0
    failure: float = 2e-4
    tries: int = 3
    mismatch: float = 0.0
    pulse_jitter_s: float = 0.0
    calibration_pass: float = 0.99
    calibration_slowness: float = 1.0

    def __post_init__(self) -> None:
        if not all(0 <= part <= 1 for part in (self.failure, self.mismatch, self.calibration_pass)) or self.tries < 1:
            raise SourceError(f"{self}: probabilities must lie in [0, 1], and a command is tried at least once")


class Apparatus(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parts of a device, a link, or something that several devices share; None: it has no such part."""

    source: SourceParameters | None = None
    cryostat: Cryostat | None = None
    laser: Laser | None = None
    line: Line | None = None
    optics: Optics | None = None
    interferometer: Interferometer | None = None
    entangler: Entangler | None = None
    spin: Spin | None = None
    resonator: Resonator | None = None
    readout: Readout | None = None
    link: Link | None = None
    repeater: Repeater | None = None
    clock: Clock = Clock()
    tagger: Tagger = Tagger()
    control: Control = Control()


def parts_of(owner: Apparatus) -> Apparatus:
    """The parts alone, of a device or link that is more than them."""
    return Apparatus(**{name: getattr(owner, name) for name in Apparatus.__struct_fields__})


def has(apparatus: msgspec.Struct, path: str) -> bool:
    """Whether it has the number that a path such as ``source.detection.jitter_ps`` names, one that can be set."""
    at: Any = apparatus
    for name in path.split("."):
        if not isinstance(at, msgspec.Struct) or name not in at.__struct_fields__:
            return False
        at = getattr(at, name)
    return _numbers(at) is not None


def value_at(apparatus: Apparatus, path: str) -> float | None:
    """The number there, set or worked out; of several (one for each detector) their mean. None where it has no such part."""
    at: Any = apparatus
    for name in path.split("."):
        at = getattr(at, name, None)
    numbers = _numbers(at)
    return None if numbers is None else sum(numbers) / len(numbers)


def changed(apparatus: Apparatus, changes: Mapping[str, Callable[[float], float]]) -> Apparatus:
    """With each number that a path names given to its function.

    Raises:
        FleetError: it has no such number.
        SourceError: the result is impossible.
    """
    tree: dict[str, Any] = {}
    for path, change in changes.items():
        *parents, leaf = path.split(".")
        at = tree
        for name in parents:
            at = at.setdefault(name, {})
        at[leaf] = change
    made: Apparatus = _rebuilt(apparatus, tree, "")
    return made


def _rebuilt(struct: Any, tree: Mapping[str, Any], where: str) -> Any:
    fresh = {}
    for name, change in tree.items():
        old = getattr(struct, name, None)
        if isinstance(change, Mapping):
            if not isinstance(old, msgspec.Struct):
                raise FleetError(f"no part {where}{name}")
            fresh[name] = _rebuilt(old, change, f"{where}{name}.")
            continue
        numbers = _numbers(old)
        if numbers is None:
            raise FleetError(f"no number {where}{name}")
        made = tuple(change(number) for number in numbers)
        if isinstance(old, int):
            made = tuple(round(number) for number in made)
        fresh[name] = made if isinstance(old, tuple) else made[0]
    return msgspec.structs.replace(struct, **fresh)


def _numbers(at: Any) -> tuple[float, ...] | None:
    if isinstance(at, int | float) and not isinstance(at, bool):
        return (at,)
    if isinstance(at, tuple) and at and all(isinstance(one, int | float) for one in at):
        return at
    return None
