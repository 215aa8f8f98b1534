"""Fleet files for load tests: as many devices as one likes, of all five kinds, made of the demo fleet's templates."""

from collections.abc import Iterator
from copy import deepcopy
from importlib import resources
from typing import Any

import msgspec
import yaml

from producers.errors import FleetError
from producers.yaml_text import load_yaml

_KINDS = (("source", "sps"), ("dot", "qdp"), ("node", "spi"), ("source", "sps"), ("interconnect", "qic"), ("dot", "qdp"))
"""Templates and prefixes, in turn. Every twentieth device is a coupling, which has no tags."""
_COUPLINGS_EVERY = 20
_SITE_DEVICES = 25
_MANY = 50
"""From so many devices on, blocks are longer: messages a second matter then, not latency."""
_DETECTION = {"efficiency": [0.8, 0.8], "background_hz": [40, 40], "jitter_ps": 40, "dead_time_ps": 30_000}
_PERIODS = {"heartbeat_s", "telemetry_s", "told_s"}


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to make: devices, tags a second of each, and how many times more rarely than in the demo fleet they tell all else."""

    devices: int
    rate_hz: float = 1_000.0
    slower: float = 1.0
    seed: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.devices <= 100_000 or not 0 < self.rate_hz <= 1e7 or self.slower <= 0:
            raise FleetError(
                f"generate: {self.devices} devices of {self.rate_hz:g} tags/s, {self.slower:g} times slower, are no fleet; "
                "give 1 to 100000 devices, a rate up to 1e7, and a factor above 0"
            )


def generated(order: Order) -> str:
    """The text of a fleet file."""
    demo = load_yaml((resources.files("producers") / "demo_fleet.yaml").read_text(encoding="utf-8"))
    sites = -(-order.devices // _SITE_DEVICES)
    document = {
        "sites": [{"id": _site(number), "name": f"Site {number}"} for number in range(sites)],
        "shared": list(_shared(demo["shared"], sites, order.seed)),
        "templates": {name: _slowed(template, order) for name, template in demo["templates"].items()},
        "devices": [_device(number, order) for number in range(order.devices)],
        "links": list(_links(order)),
        "block_ms": 5_000 if order.devices > _MANY else 100,
    }
    text: str = yaml.safe_dump(document, sort_keys=False, width=140, default_flow_style=None)
    return f"# {order.devices} devices of {order.rate_hz:g} tags/s: photonwatch simulate generate\n{text}"


def _site(number: int) -> str:
    return f"site-{number:03}"


def _shared(demo: list[dict[str, Any]], sites: int, seed: int) -> Iterator[dict[str, Any]]:
    """A cryostat for the dots and one for the couplings at every site."""
    for site in range(sites):
        for name in ("cryostat-borealis", "cryostat-helios-dilution"):
            (one,) = (one for one in demo if one["id"] == name)
            what = "dilution" if name.endswith("dilution") else "cryostat"
            yield {**deepcopy(one), "id": f"{what}-{site:03}", "site": _site(site), "seed": seed + 1_000_000 + 2 * site}


def _slowed(template: dict[str, Any], order: Order) -> dict[str, Any]:
    made = deepcopy(template)
    made.pop("depends_on", None)
    duties = made.get("duties", {})
    made["duties"] = {key: value * order.slower if key in _PERIODS else value / order.slower for key, value in duties.items()}
    for measure in made.get("measures", []):
        measure["every_s"] *= max(1.0, order.slower)
    if "source" in made:
        made["source"]["rate_hz"] = order.rate_hz / 0.9
    return made


def _device(number: int, order: Order) -> dict[str, Any]:
    site, seed = number // _SITE_DEVICES, order.seed + number
    if number % _COUPLINGS_EVERY == _COUPLINGS_EVERY - 1:
        device = {"id": f"spc-{number:05}", "template": "coupling", "site": _site(site), "seed": seed}
        return {**device, "depends_on": [f"dilution-{site:03}"]}
    template, prefix = _KINDS[number % len(_KINDS)]
    device = {"id": f"{prefix}-{number:05}", "template": template, "site": _site(site), "seed": seed}
    if template != "interconnect":
        rate_hz = order.rate_hz / 0.8
        period_ps = min(12_500.0, 0.2e12 / rate_hz)
        device["source"] = {
            "model": "pulsed", "rate_hz": rate_hz, "period_ps": period_ps, "g2": 0.01, "lifetime_ps": 500, "detection": _DETECTION
        }  # fmt: skip
    if template == "dot":
        device["depends_on"] = [f"cryostat-{site:03}"]
    return device


def _links(order: Order) -> Iterator[dict[str, Any]]:
    """At every site one, operated by its first interconnect, between the first two nodes after it."""
    for first in range(0, order.devices, _SITE_DEVICES):
        there = [_device(number, order) for number in range(first, min(first + _SITE_DEVICES, order.devices))]
        operators = [one["id"] for one in there if one["template"] == "interconnect"]
        nodes = [one["id"] for one in there if one["template"] == "node"]
        if operators and len(nodes) >= 2:
            number = first // _SITE_DEVICES
            link = {"id": f"link-{number:05}", "template": "fibre", "device": operators[0], "nodes": nodes[:2]}
            yield {**link, "seed": order.seed + 2_000_000 + number}
