"""Loopback ports that stay: chosen once, remembered in the home, chosen again only when somebody else has taken one."""

import random
import socket
from pathlib import Path

import msgspec

from embedded.errors import PortTakenError

_HOST = "127.0.0.1"
_LOWEST, _BELOW = 20_000, 32_000
"""Below what kernels give to outgoing connections, which would take a remembered port from a stack that is not running."""
_TRIES = 200


class Ports:
    """The ports of one home, by name. Hold the home before you choose, so that its own left parts do not count as others."""

    def __init__(self, home: Path) -> None:
        self._file = home / "ports.json"
        self._dice = random.Random(str(home.resolve()))  # another home begins elsewhere

    def choose(self, name: str, asked: int = 0) -> int:
        """A free port for ``name``: the one ``asked`` for, or else the remembered one, or else a new one.

        Raises PortTakenError where the asked one is taken, or no free one is found.
        """
        if asked:
            if not _free(asked):
                raise PortTakenError(
                    f"port {asked} for {name} is taken",
                    where=f"{_HOST}:{asked}",
                    do="end what listens there, or ask for another port",
                )
            return asked
        chosen = self._remembered()
        if not _free(chosen.get(name, 0)):
            others = {port for other, port in chosen.items() if other != name}
            chosen[name] = self._fresh(name, others)
            self._remember(chosen)
        return chosen[name]

    def _fresh(self, name: str, others: set[int]) -> int:
        for _ in range(_TRIES):
            port = self._dice.randrange(_LOWEST, _BELOW)
            if port not in others and _free(port):
                return port
        raise PortTakenError(
            f"no free port found for {name}",
            where=f"{_HOST}:{_LOWEST}-{_BELOW - 1}",
            do="end what listens there, or ask for a port",
        )

    def _remembered(self) -> dict[str, int]:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=dict[str, int])
        except (FileNotFoundError, msgspec.DecodeError):  # what cannot be read is only chosen again
            return {}

    def _remember(self, chosen: dict[str, int]) -> None:
        fresh = self._file.with_suffix(".fresh")
        fresh.write_bytes(msgspec.json.encode(chosen))
        fresh.replace(self._file)


def _free(port: int) -> bool:
    """Whether a server could listen there now; connections of an earlier one that still fade away do not count."""
    if not port:
        return False
    with socket.socket() as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind((_HOST, port))
            candidate.listen()
        except OSError:
            return False
        return True
