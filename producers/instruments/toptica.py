"""Toptica laser controllers by the vendor's own package (extra ``toptica``). Parameters are read, never set."""

from typing import Any

from producers.errors import InstrumentError, LinkError
from producers.instruments.profile import Instrument, Profile
from schemas.telemetry import ReadingState


class TopticaLink:
    """One connection of the vendor's client."""

    def __init__(self, instrument: Instrument, profile: Profile) -> None:
        """
        Raises:
            InstrumentError: the vendor's package is not installed.
            LinkError: nobody answers.
        """
        try:
            from toptica.lasersdk.client import Client, NetworkConnection  # noqa: PLC0415  an extra
        except ImportError:
            raise InstrumentError(
                f"{instrument.device}: {profile.name} needs the vendor's package; install photonwatch[toptica]"
            ) from None
        self._name = instrument.resource
        host = instrument.resource.partition(":")[0]
        self._client: Any = Client(NetworkConnection(host, timeout=round(profile.timeout_s)))
        try:
            self._client.open()
        except Exception as error:
            raise LinkError(ReadingState.DISCONNECTED, f"{self._name} cannot be reached: {error}") from error

    def ask(self, query: str) -> str:
        try:
            return str(self._client.get(query))
        except Exception as error:
            raise LinkError(ReadingState.DISCONNECTED, f"{self._name} does not tell {query}: {error}") from error

    def close(self) -> None:
        self._client.close()
