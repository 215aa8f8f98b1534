"""Ports stay, unless somebody else has taken one."""

import socket
from pathlib import Path

import pytest

from embedded.errors import PortTakenError
from embedded.ports import Ports


def test_port_is_remembered_and_each_name_has_its_own(tmp_path: Path) -> None:
    first = {name: Ports(tmp_path).choose(name) for name in ("kafka", "controller", "page")}
    assert len(set(first.values())) == 3
    assert {name: Ports(tmp_path).choose(name) for name in first} == first


def test_taken_port_is_chosen_again_and_the_others_stay(tmp_path: Path) -> None:
    taken, kept = Ports(tmp_path).choose("kafka"), Ports(tmp_path).choose("page")
    with socket.create_server(("127.0.0.1", taken)):
        again = Ports(tmp_path).choose("kafka")
    assert again != taken
    assert Ports(tmp_path).choose("kafka") == again
    assert Ports(tmp_path).choose("page") == kept


def test_wildcard_listener_takes_the_port_too(tmp_path: Path) -> None:
    taken = Ports(tmp_path).choose("kafka")
    with socket.create_server(("0.0.0.0", taken)):
        assert Ports(tmp_path).choose("kafka") != taken


def test_port_of_a_server_that_was_killed_amid_its_connections_is_free(tmp_path: Path) -> None:
    port = Ports(tmp_path).choose("kafka")
    with socket.create_server(("127.0.0.1", port)) as server, socket.create_connection(("127.0.0.1", port)) as client:
        server.accept()[0].close()  # the server's end closes first: its side of the connection lingers on the port
        client.recv(1)
    assert Ports(tmp_path).choose("kafka") == port


def test_asked_port_is_given_or_refused_never_changed(tmp_path: Path) -> None:
    free = Ports(tmp_path).choose("other")
    assert Ports(tmp_path).choose("kafka", free) == free
    with socket.create_server(("127.0.0.1", free)), pytest.raises(PortTakenError, match=f"port {free} for kafka is taken"):
        Ports(tmp_path).choose("kafka", free)


def test_torn_memory_is_only_chosen_again(tmp_path: Path) -> None:
    (tmp_path / "ports.json").write_text('{"kafka": 2')
    port = Ports(tmp_path).choose("kafka")
    assert Ports(tmp_path).choose("kafka") == port
