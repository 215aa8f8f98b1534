"""docker-compose.yml speaks of commands, settings and files that exist. (Its own linter needs a container engine.)"""

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import yaml

from console.cli import build
from console.settings import unknown_variables

ROOT = Path(__file__).parents[2]


@pytest.fixture
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def test_every_setting_is_one_of_ours(compose: dict[str, Any]) -> None:
    ours = [service for service in compose["services"].values() if service["image"].startswith("photonwatch:")]
    assert len(ours) == 3
    for service in ours:
        assert unknown_variables({name: str(value) for name, value in service["environment"].items()}) == []


def test_every_command_is_one_of_ours(compose: dict[str, Any]) -> None:
    names = {command.name for command in build().registered_commands} | {group.name for group in build().registered_groups}
    commands = {service["command"][0] for service in compose["services"].values() if "command" in service}
    assert commands <= names


def test_every_mounted_file_stands_here(compose: dict[str, Any]) -> None:
    mounted = [volume.split(":")[0] for service in compose["services"].values() for volume in service.get("volumes", [])]
    files = [ROOT / source for source in mounted if source.startswith("./")]
    assert files
    assert all(file.is_file() for file in files)


def test_only_loopback_is_published(compose: dict[str, Any]) -> None:
    published = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_the_users_of_the_store_are_those_that_the_services_name(compose: dict[str, Any]) -> None:
    users = {user.tag for user in ET.parse(ROOT / "deploy/clickhouse/users.d/photonwatch.xml").getroot().find("users") or []}
    environment = compose["services"]["worker"]["environment"]
    assert {environment["PHOTONWATCH_STORE_USER"], environment["PHOTONWATCH_STORE_READONLY_USER"]} <= users
