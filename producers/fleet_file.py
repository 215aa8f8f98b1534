"""A fleet of simulated devices as a YAML file says it: sites, devices, links between them, and what they have in common."""

from collections.abc import Iterator, Mapping
from functools import partial
from importlib import resources
from operator import add
from pathlib import Path
from typing import Any

import msgspec
import yaml
from msgspec.structs import replace

from producers.apparatus import Apparatus, changed, has, parts_of
from producers.couplings import coupled
from producers.drift import Drift
from producers.errors import FleetError, SourceError
from producers.measuring import Measure, lacks
from producers.record_feed import CalibrationPlan, Duties
from producers.yaml_text import load_yaml
from schemas.ids import DeviceId, SubjectId

SHARED = ("cryostat", "laser")
"""Parts that devices may have in common."""
_FAR_DRIFT = 5
"""Sigma that a drift must be able to go without coming to what cannot be."""


class Site(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where devices stand."""

    id: str
    name: str


class Shared(Apparatus, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A cryostat or a laser that several devices depend on: what happens to it happens to all of them."""

    id: str
    site: str
    seed: int
    drifts: dict[str, Drift] = msgspec.field(default_factory=dict)

    @property
    def part(self) -> str | None:
        """The one part that it is."""
        parts = [part for part in SHARED if getattr(self, part) is not None]
        return parts[0] if len(parts) == 1 else None


class Simulated(Apparatus, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What devices and links have in common: parts, drifts, and what they tell how often.

    ``depends_on`` names what is shared; its parts take the place of the own ones.
    """

    seed: int
    depends_on: tuple[str, ...] = ()
    drifts: dict[str, Drift] = msgspec.field(default_factory=dict)
    duties: Duties = Duties()
    calibration: CalibrationPlan = CalibrationPlan()
    measures: tuple[Measure, ...] = ()


class Device(Simulated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One simulated device: its id is its coincidence domain, and the detectors of its source are channels 0 and up.

    A ``critical`` one serves a run that nobody wants to lose.
    """

    id: DeviceId
    kind: str
    site: str
    firmware: str = ""
    critical: bool = False


class Link(Simulated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A way from node to node. ``device`` operates it and tells of it; ``hops`` are the links that a repeater joins to it.

    Its control and clock are those of the device.
    """

    id: SubjectId
    device: DeviceId
    nodes: tuple[DeviceId, DeviceId]
    hops: tuple[SubjectId, ...] = ()


class Fleet(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A device that falls behind catches up on at most ``max_lag_s`` and declares the rest lost. A run lasts ``run_s``."""

    sites: tuple[Site, ...]
    devices: tuple[Device, ...]
    links: tuple[Link, ...] = ()
    shared: tuple[Shared, ...] = ()
    block_ms: int = 100
    max_lag_s: float = 60.0
    run_s: float = 7 * 86_400.0


def load_fleet(path: Path) -> Fleet:
    """Read and judge a fleet file.

    Raises:
        FleetError: not readable, not of this shape, or naming what is not there or cannot be.
    """
    try:
        return parse_fleet(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise FleetError(f"{path}: cannot be read ({error})") from error


def demo_fleet() -> Fleet:
    """The fleet that comes with the package."""
    return parse_fleet((resources.files("producers") / "demo_fleet.yaml").read_text(encoding="utf-8"), "demo_fleet.yaml")


def scaled(fleet: Fleet, factor: float) -> Fleet:
    """With every source so many times as bright.

    Raises:
        FleetError: a source cannot be that bright.
    """
    try:
        return replace(fleet, devices=tuple(_brighter(device, factor) for device in fleet.devices))
    except SourceError as error:
        raise FleetError(f"{factor:g} times the rates: {error}") from error


def parse_fleet(text: str, where: str) -> Fleet:
    """
    Raises:
        FleetError: as ``load_fleet``.
    """
    try:
        fleet = msgspec.convert(_expanded(load_yaml(text)), Fleet)
    except (yaml.YAMLError, msgspec.ValidationError, SourceError) as error:
        raise FleetError(f"{where}: {error}") from error
    except FleetError as error:
        raise FleetError(f"{where}: {error}") from error
    if faults := list(_faults(fleet)):
        raise FleetError(f"{where}: {'; '.join(faults)}")
    return fleet


def _brighter(device: Device, factor: float) -> Device:
    source = device.source
    return device if source is None else replace(device, source=replace(source, rate_hz=source.rate_hz * factor))


def _expanded(raw: Any) -> Any:
    """The file with its templates in place: what a device or link says itself comes before what its template says."""
    if not isinstance(raw, dict):
        return raw
    raw = dict(raw)
    templates = raw.pop("templates", None) or {}
    for kind in ("devices", "links"):
        if isinstance(raw.get(kind), list):
            raw[kind] = [_filled(one, templates) for one in raw[kind]]
    return raw


def _filled(one: Any, templates: Mapping[str, Any]) -> Any:
    if not isinstance(one, dict) or "template" not in one:
        return one
    name = one["template"]
    if name not in templates:
        raise FleetError(f"{one.get('id')} is of the template {name}, which is not among: {', '.join(templates) or 'none'}")
    return _merged(templates[name], {key: value for key, value in one.items() if key != "template"})


def _merged(below: Any, above: Any) -> Any:
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    both = {key: _merged(below[key], above[key]) for key in below.keys() & above.keys()}
    return {**below, **above, **both}


def _faults(fleet: Fleet) -> Iterator[str]:
    """What a reader of the file would complain of."""
    ids: list[str] = [
        *(device.id for device in fleet.devices), *(link.id for link in fleet.links), *(one.id for one in fleet.shared)
    ]  # fmt: skip
    for name in sorted({name for name in ids if ids.count(name) > 1} if len(set(ids)) < len(ids) else ()):
        what = "device" if any(device.id == name for device in fleet.devices) else "id"
        yield f"{what} {name} appears {ids.count(name)} times"
    sites = {site.id for site in fleet.sites}
    yield from (f"device {one.id} stands at {one.site}, which is no site" for one in fleet.devices if one.site not in sites)
    yield from (f"{one.id} stands at {one.site}, which is no site" for one in fleet.shared if one.site not in sites)
    yield from (f"{one.id} is to be one of {', '.join(SHARED)}" for one in fleet.shared if one.part is None)
    if not fleet.devices:
        yield "no devices"
    if fleet.block_ms < 1 or fleet.max_lag_s * 1000 < fleet.block_ms or fleet.run_s * 1000 < fleet.block_ms:
        yield (
            f"blocks of {fleet.block_ms} ms, a lag of {fleet.max_lag_s} s and runs of {fleet.run_s} s: "
            "all must be positive, lag and run a block or more"
        )
    shared = {one.id: one for one in fleet.shared if one.part is not None}
    owners: list[Device | Link] = [*fleet.devices, *fleet.links]
    for owner in owners:
        yield from _unfit(owner, shared)
    yield from _loose_ends(fleet)


def _unfit(owner: Device | Link, shared: Mapping[str, Shared]) -> Iterator[str]:
    unknown = [name for name in owner.depends_on if name not in shared]
    yield from (f"{owner.id} depends on {name}, which is not shared" for name in unknown)
    if unknown:
        return
    parts = [shared[name].part for name in owner.depends_on]
    yield from (f"{owner.id} depends on {parts.count(part)} of {part}" for part in SHARED if parts.count(part) > 1)
    taken: dict[str, Any] = {
        str(part): getattr(shared[name], str(part)) for name, part in zip(owner.depends_on, parts, strict=True)
    }
    apparatus = replace(parts_of(owner), **taken)
    yield from (f"{owner.id} drifts in {path}, which it has not" for path in owner.drifts if not has(apparatus, path))
    for measure in owner.measures:
        if (missing := lacks(measure, apparatus)) is not None:
            yield f"{owner.id} is to measure a {type(measure).__struct_config__.tag} but has no {missing}"
    try:
        coupled(apparatus, apparatus)
        for path, drift in owner.drifts.items():
            for far in (-_FAR_DRIFT * drift.sigma, _FAR_DRIFT * drift.sigma):
                changed(apparatus, {path: partial(add, far)})
    except SourceError as error:
        yield f"{owner.id}: {error}"
    except FleetError:
        return  # a drift of what is not there: said above


def _loose_ends(fleet: Fleet) -> Iterator[str]:
    devices, links = {device.id for device in fleet.devices}, {link.id for link in fleet.links}
    for link in fleet.links:
        if link.link is None and link.repeater is None:
            yield f"link {link.id} is neither a link nor a repeater's: give it one of the parts"
        yield from (
            f"link {link.id} names {name}, which is no device" for name in (link.device, *link.nodes) if name not in devices
        )
        yield from (
            f"link {link.id} hops over {hop}, which is no other link" for hop in link.hops if hop not in links - {link.id}
        )
        if any(link.id in other.hops for other in fleet.links if other.id in link.hops):
            yield f"link {link.id} hops over itself"
