"""The demo fleet's dependencies."""

from console.fleet_topology import topology_of
from producers.fleet_file import demo_fleet
from schemas.ids import SubjectId


def test_who_hangs_on_a_shared_cryostat_and_on_a_node() -> None:
    fleet = demo_fleet()
    topology = topology_of(fleet)
    cryostat = SubjectId("cryostat-borealis")
    dots = {device.id for device in fleet.devices if cryostat in device.depends_on}
    assert dots
    assert set(topology.downstream(cryostat)) == dots
    for link in fleet.links:
        assert {*link.nodes, link.device, *link.hops} <= set(topology.upstream(link.id))
        assert topology.paths[link.id] == (link.hops or link.nodes)
