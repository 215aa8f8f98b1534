from pathlib import Path

import pytest

from schemas.ids import SubjectId
from slo.errors import DefinitionError
from slo.topology import Topology, read_topology

TEXT = """
cryostat-1: {}
source-1: {depends_on: [cryostat-1, laser-1]}
node-a: {depends_on: [source-1]}
link-ab: {path: [node-a, fibre-ab, node-b]}
route-1: {path: [link-ab, link-bc]}
"""


def read(tmp_path: Path, text: str) -> Topology:
    file = tmp_path / "topology.yaml"
    file.write_text(text, "utf-8")
    return read_topology(file)


def test_what_depends_on_what(tmp_path: Path) -> None:
    topology = read(tmp_path, TEXT)
    assert topology.upstream(SubjectId("node-a")) == ("source-1", "cryostat-1", "laser-1")
    assert topology.upstream(SubjectId("link-ab")) == ("node-a", "fibre-ab", "node-b", "source-1", "cryostat-1", "laser-1")
    assert topology.downstream(SubjectId("cryostat-1")) == ("source-1", "node-a", "link-ab", "route-1")
    assert topology.wholes(SubjectId("node-a")) == ("link-ab", "route-1")
    assert topology.members(SubjectId("route-1")) == ("link-ab", "link-bc", "node-a", "fibre-ab", "node-b")
    assert topology.members(SubjectId("node-a")) == ()
    assert topology.paths[SubjectId("route-1")] == ("link-ab", "link-bc")
    assert topology.upstream(SubjectId("nobody")) == topology.downstream(SubjectId("nobody")) == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: {depends_on: [b]}\nb: {depends_on: [a]}\n", r"topology\.yaml:1:4: `a` depends on itself; take one"),
        ("a: {path: [a]}\n", "`a` depends on itself"),
        ("a: {needs: [b]}\n", "did you mean|known here: depends_on, path"),
        ("a: {depends_on: b}\n", "must be a list"),
        ("- a\n", "must be a mapping"),
    ],
)
def test_refusals_name_the_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        read(tmp_path, text)
