"""The failures that can be switched on: what each changes in a device's parts, when, and what should be noticed of it."""

from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType
from typing import Literal

import msgspec
import yaml

from producers.errors import FleetError
from producers.yaml_text import load_yaml
from schemas.ids import IndicatorId


class Change(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One number and what becomes of it: ``plus`` so much, ``times`` so much, or moved ``to`` a value.

    It begins ``after_s`` after the fault and takes ``ramp_s`` (linearly; of a factor, its logarithm). With ``every_s`` it comes
    in bursts of ``lasts_s``.
    """

    path: str
    """Of a number among a device's parts (producers/apparatus.py)."""
    plus: float | None = None
    times: float | None = None
    to: float | None = None
    after_s: float = 0.0
    ramp_s: float = 0.0
    every_s: float | None = None
    lasts_s: float = 0.0

    def __post_init__(self) -> None:
        if sum(amount is not None for amount in (self.plus, self.times, self.to)) != 1:
            raise FleetError(f"the change of {self.path}: give one of plus, times, to")
        if (self.times is not None and self.times <= 0) or min(self.after_s, self.ramp_s, self.lasts_s) < 0:
            raise FleetError(f"the change of {self.path}: a factor above 0, and no negative times")
        if self.every_s is not None and not 0 < self.lasts_s <= self.every_s:
            raise FleetError(f"the change of {self.path}: bursts of {self.lasts_s:g} s every {self.every_s:g} s overlap")

    @property
    def part(self) -> str:
        return self.path.partition(".")[0]

    def level(self, age_s: float) -> float:
        """How far it is there, 0 to 1, so long after the fault began."""
        since_s = age_s - self.after_s
        if since_s < 0 or (self.every_s is not None and since_s % self.every_s >= self.lasts_s):
            return 0.0
        return 1.0 if self.ramp_s == 0 else min(1.0, since_s / self.ramp_s)

    def of(self, value: float, amount: float) -> float:
        """What becomes of a value; ``amount`` = level times size."""
        if self.plus is not None:
            return value + self.plus * amount
        if self.times is not None:
            return value * float(self.times**amount)
        return value + ((self.to or 0.0) - value) * min(1.0, amount)


Sign = Literal["up", "down", "silent"]
"""How a series moves."""


class Notice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the platform should make of a fault."""

    indicators: tuple[IndicatorId, ...]
    severity: str
    runbook: str


class GameDay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long it takes to play a fault: healthy before, and with it, at most."""

    healthy_s: float
    lasts_s: float

    def __post_init__(self) -> None:
        if min(self.healthy_s, self.lasts_s) <= 0:
            raise FleetError(f"{self}: give both some time")


_SYSTEMS = MappingProxyType(
    {
        "spin-photon-interface": "spi",
        "spin-photon-coupling": "spc",
        "single-photon-source": "sps",
        "quantum-interconnect": "qic",
        "quantum-dot-source": "qdp",
    }
)
"""What the ids of devices of a kind begin with."""


class Failure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One failure mode. ``shows``: the gauges that it moves (producers/gauges.py); ``firmware``: what it adds to the version.

    ``signs``: how the platform's own series move, by which it is told from others (slo/symptoms.py).
    """

    id: str
    title: str
    kinds: tuple[str, ...]
    """Of the devices that can have it."""
    physics: str
    changes: tuple[Change, ...]
    shows: tuple[str, ...]
    notice: Notice
    signs: Mapping[str, Sign]
    firmware: str = ""
    game_day: GameDay | None = None
    """Where the usual times are too short."""

    @property
    def systems(self) -> frozenset[str]:
        """The systems whose devices can have it."""
        return frozenset(_SYSTEMS[kind] for kind in self.kinds)

    def __post_init__(self) -> None:
        if unknown := [kind for kind in self.kinds if kind not in _SYSTEMS]:
            raise FleetError(f"{self.id}: no kind of device {', '.join(unknown)}; name some of: {', '.join(_SYSTEMS)}")


def load_failures() -> Mapping[str, Failure]:
    """All of them, by id, in the file's order.

    Raises:
        FleetError: the file contradicts itself.
    """
    text = (resources.files("producers") / "faults.yaml").read_text(encoding="utf-8")
    try:
        found = msgspec.convert(load_yaml(text), dict[str, dict[str, object]])
        return {name: msgspec.convert({**fields, "id": name}, Failure) for name, fields in found.items()}
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise FleetError(f"faults.yaml: {error}") from error
