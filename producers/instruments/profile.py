"""Instruments as data: what a model answers (profiles that ship), and which instruments stand in a laboratory (a site's file)."""

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Literal, TypeVar

import msgspec
import yaml

from producers.errors import InstrumentError
from producers.instruments.answer import parser
from producers.instruments.query import Query
from schemas.ids import DeviceId

T = TypeVar("T")
SI_UNITS = frozenset({"K", "Hz", "W", "Pa", "V", "A", "m", "s", "dB", "1", "Ω", "1/s", "m/s"})


class Probe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One reading: what is asked, how the answer is read, and what it is called. ``scale`` brings it to the SI unit."""

    metric: str
    query: str
    unit: str
    parser: str = "number"
    scale: float = 1.0
    period_s: float = 5.0


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model of instrument. ``banner``: it greets whoever connects, and that is thrown away. ``termination`` ends both ways."""

    name: str
    transport: Literal["visa", "zmq", "json-stream", "toptica"] = "visa"
    termination: str = "\n"
    banner: bool = False
    timeout_s: float = 2.0
    pause_s: float = 0.05
    """Between two questions: instruments are shared politely."""
    probes: tuple[Probe, ...]


class Instrument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One instrument of a site: whose readings it takes, of which model it is, and where it answers.

    ``resource`` is a VISA resource (``TCPIP::10.0.0.5::7777::SOCKET``) or ``host:port``, as its transport needs. ``metrics``
    renames readings where one model watches several things, ``only`` leaves others out.
    """

    device: DeviceId
    profile: str
    resource: str
    metrics: dict[str, str] = {}
    only: tuple[str, ...] = ()
    period_s: float | None = None


class Site(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of instruments, and profiles of its own beside the shipped ones."""

    instruments: tuple[Instrument, ...]
    profiles: tuple[Profile, ...] = ()


def shipped_profiles() -> Mapping[str, Profile]:
    """The models that come with the package, by name."""
    folder = resources.files("producers.instruments") / "profiles"
    found = [
        _checked(_converted(file.read_text("utf-8"), Profile, file.name), file.name)
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".yaml")
    ]
    return {profile.name: profile for profile in found}


def load_site(path: Path) -> tuple[tuple[Instrument, Profile], ...]:
    """The instruments of a file, each with its model.

    Raises:
        InstrumentError: not readable, not of this shape, an unknown model, or a probe that is none.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InstrumentError(f"{path}: cannot be read ({error}); name a file of instruments") from error
    site = _converted(text, Site, str(path))
    profiles = {**shipped_profiles(), **{profile.name: _checked(profile, str(path)) for profile in site.profiles}}
    found = []
    for instrument in site.instruments:
        profile = profiles.get(instrument.profile)
        if profile is None:
            raise InstrumentError(
                f"{path}: {instrument.device} is a “{instrument.profile}”, which nobody knows; "
                f"known are {', '.join(sorted(profiles))}"
            )
        found.append((instrument, _bent(instrument, profile, path)))
    if not found:
        raise InstrumentError(f"{path}: no instruments; list them under “instruments:”")
    return tuple(found)


def _bent(instrument: Instrument, profile: Profile, path: Path) -> Profile:
    """The profile as this instrument uses it."""
    known = {probe.metric for probe in profile.probes}
    for metric in (*instrument.metrics, *instrument.only):
        if metric not in known:
            raise InstrumentError(f"{path}: a {profile.name} has no {metric}; it has {', '.join(sorted(known))}")
    probes = tuple(
        msgspec.structs.replace(
            probe,
            metric=instrument.metrics.get(probe.metric, probe.metric),
            period_s=instrument.period_s or probe.period_s,
        )
        for probe in profile.probes
        if not instrument.only or probe.metric in instrument.only
    )
    return msgspec.structs.replace(profile, probes=probes)


def _converted(text: str, kind: type[T], where: str) -> T:
    try:
        return msgspec.convert(yaml.safe_load(text), kind)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise InstrumentError(f"{where}: {error}") from error


def _checked(profile: Profile, where: str) -> Profile:
    for probe in profile.probes:
        place = f"{where}: {profile.name}, {probe.metric}"
        if profile.transport in {"visa", "zmq"}:
            try:
                Query(probe.query)
            except InstrumentError as error:
                raise InstrumentError(f"{place}: {error}") from None
        if parser(probe.parser) is None:
            raise InstrumentError(f"{place}: no parser “{probe.parser}”; write number, flag, or field N")
        if probe.unit not in SI_UNITS:
            raise InstrumentError(f"{place}: unit “{probe.unit}” is none of {', '.join(sorted(SI_UNITS))}; use scale to convert")
        if not 0.05 <= probe.period_s <= 86_400:
            raise InstrumentError(f"{place}: a period of {probe.period_s} s; from 0.05 s to a day")
    if len({probe.metric for probe in profile.probes}) < len(profile.probes):
        raise InstrumentError(f"{where}: {profile.name} reads a metric twice; give them different names")
    return profile
