"""Whom a failure reaches: the device it is of, the links that this one operates, and all who share what it changes."""

from producers.fault_catalogue import Failure
from producers.fleet_file import Device, Fleet, Link


def reached(fleet: Fleet, target: str, failure: Failure) -> frozenset[str]:
    """Subjects that may show a failure of ``target``; everybody else in the fleet is a healthy neighbour.

    ``target`` is a device, a link, or something shared, as in ``Simulation.begin``.
    """
    parts = {change.part for change in failure.changes}
    owners: list[Device | Link] = [*fleet.devices, *fleet.links]
    needed = {target, *(name for one in owners if one.id == target for name in one.depends_on)}
    shared = {one.id for one in fleet.shared if one.id in needed and one.part in parts}
    devices = {one.id for one in fleet.devices if one.id == target or shared.intersection(one.depends_on)}
    links = {one.id for one in fleet.links if one.id == target or one.device in devices or shared.intersection(one.depends_on)}
    return frozenset(str(name) for name in (*devices, *links))
