"""What ``photonwatch up`` composes; as a person starts and stops it, it is tests/e2e/test_up.py's."""

import json
import socket
from pathlib import Path

from console.commands.up import Composition
from console.settings import USUAL_PAGE_PORT, LoadedSettings
from embedded.credentials import Credentials
from embedded.ports import Ports
from embedded.stack import StackAddresses


def test_what_up_composes(tmp_path: Path) -> None:
    settings = LoadedSettings.load({"PHOTONWATCH_HOME": str(tmp_path)}, {"page.port": "0"}).tree
    addresses = StackAddresses(tmp_path, "k:1", "s:2", Credentials("u", "p", "r", "q"), Ports(tmp_path))
    flags = {"store.address": "s:2"}
    with_fleet, without = Composition(settings, flags, fleet=True), Composition(settings, flags, fleet=False)
    services = {service.name: service for service in with_fleet(addresses)}
    assert list(services) == ["worker", "page", "fleet"]
    assert services["page"].address == with_fleet.page
    assert services["worker"].env["PHOTONWATCH_STORE_ADDRESS"] == "s:2"
    assert "password" not in json.dumps({name: dict(service.env) for name, service in services.items()}).lower()
    assert [service.name for service in without(addresses)] == ["worker", "page"]


def test_the_usual_port_unless_somebody_has_it(tmp_path: Path) -> None:
    settings = LoadedSettings.load({"PHOTONWATCH_HOME": str(tmp_path)}).tree
    addresses = StackAddresses(tmp_path, "k:1", "s:2", Credentials("u", "p", "r", "q"), Ports(tmp_path))
    with socket.socket() as other:
        try:
            other.bind(("127.0.0.1", USUAL_PAGE_PORT))
            other.listen()
        except OSError:
            pass  # somebody has it already
        composition = Composition(settings, {}, fleet=False)
        composition(addresses)
        assert composition.page not in ("", f"127.0.0.1:{USUAL_PAGE_PORT}")
