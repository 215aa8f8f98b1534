"""A fleet of simulated devices as a YAML file says it."""

from importlib import resources
from pathlib import Path

import msgspec
import yaml

from producers.errors import FleetError, SourceError
from producers.sources import CwParameters, CwSource, PulsedParameters, PulsedSource
from schemas.ids import DeviceId


class Site(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where devices stand."""

    id: str
    name: str


class Device(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One simulated device: its id is its coincidence domain, its detectors are channels 0 and 1."""

    id: DeviceId
    kind: str
    site: str
    source: PulsedParameters | CwParameters
    seed: int
    firmware: str = ""

    def build_source(self) -> PulsedSource | CwSource:
        match self.source:
            case PulsedParameters():
                return PulsedSource(self.source, self.seed)
            case CwParameters():
                return CwSource(self.source, self.seed)


class Fleet(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sites and devices. A device that falls behind catches up on at most ``max_lag_s`` and declares the rest lost."""

    sites: tuple[Site, ...]
    devices: tuple[Device, ...]
    block_ms: int = 100
    max_lag_s: float = 60.0


def load_fleet(path: Path) -> Fleet:
    """Read and judge a fleet file.

    Raises:
        FleetError: not readable, not of this shape, or naming what is not there or cannot be.
    """
    try:
        return _fleet(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise FleetError(f"{path}: cannot be read ({error})") from error


def demo_fleet() -> Fleet:
    """The fleet that comes with the package."""
    return _fleet((resources.files("producers") / "demo_fleet.yaml").read_text(encoding="utf-8"), "demo_fleet.yaml")


def _fleet(text: str, where: str) -> Fleet:
    try:
        fleet = msgspec.convert(yaml.safe_load(text), Fleet)
    except (yaml.YAMLError, msgspec.ValidationError, SourceError) as error:
        raise FleetError(f"{where}: {error}") from error
    ids = [device.id for device in fleet.devices]
    sites = {site.id for site in fleet.sites}
    faults = [f"device {name} appears {ids.count(name)} times" for name in sorted(set(ids)) if ids.count(name) > 1]
    faults += [
        f"device {device.id} stands at {device.site}, which is no site" for device in fleet.devices if device.site not in sites
    ]
    if not ids:
        faults.append("no devices")
    if fleet.block_ms < 1 or fleet.max_lag_s * 1000 < fleet.block_ms:
        faults.append(
            f"blocks of {fleet.block_ms} ms and a lag of {fleet.max_lag_s} s: both must be positive, the lag a block or more"
        )
    if faults:
        raise FleetError(f"{where}: {'; '.join(faults)}")
    return fleet
