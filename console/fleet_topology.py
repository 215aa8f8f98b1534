"""What depends on what in a simulated fleet, as its file has it."""

from producers.fleet_file import Fleet
from schemas.ids import SubjectId
from slo.topology import Topology


def topology_of(fleet: Fleet) -> Topology:
    """Devices and links need what they share; a link needs the device that operates it, its nodes and its hops.

    A link's path is its hops, or its nodes where it has none.
    """
    needs: dict[SubjectId, tuple[SubjectId, ...]] = {
        SubjectId(device.id): tuple(map(SubjectId, device.depends_on)) for device in fleet.devices
    }
    paths: dict[SubjectId, tuple[SubjectId, ...]] = {}
    for link in fleet.links:
        parts = tuple(map(SubjectId, link.hops or link.nodes))
        paths[link.id] = parts
        needed = (*link.depends_on, link.device, *link.nodes, *link.hops)
        needs[link.id] = tuple(dict.fromkeys(map(SubjectId, needed)))
    return Topology(needs, paths)
