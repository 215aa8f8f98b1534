"""Instruments by VISA: sockets, GPIB, USB, serial; by pyvisa and its pure Python backend. The only file that knows pyvisa."""

from contextlib import suppress
from threading import Lock
from typing import Any

import pyvisa
from pyvisa.constants import StatusCode
from pyvisa.errors import VisaIOError

from producers.errors import LinkError
from producers.instruments.profile import Instrument, Profile
from producers.instruments.query import Query
from schemas.telemetry import ReadingState

_GREETED_S = 0.3
"""Silence after which a greeting is over."""
_MS = 1000


class VisaLinks:
    """Makes links over one VISA library; ``library`` is ``@py`` or a description for ``@sim``."""

    def __init__(self, library: str = "@py") -> None:
        self._manager: Any = pyvisa.ResourceManager(library)
        self._opening = Lock()

    def __call__(self, instrument: Instrument, profile: Profile) -> "VisaLink":
        try:
            with self._opening:  # the library's list of sessions is not made for several threads
                resource = self._manager.open_resource(instrument.resource, open_timeout=round(profile.timeout_s * _MS))
        except (VisaIOError, OSError, ValueError) as error:
            raise LinkError(ReadingState.DISCONNECTED, f"{instrument.resource} cannot be reached: {error}") from error
        resource.timeout = round(profile.timeout_s * _MS)
        resource.read_termination = resource.write_termination = profile.termination
        link = VisaLink(instrument.resource, resource)
        if profile.banner:
            link.flush()
        return link

    def close(self) -> None:
        self._manager.close()


class VisaLink:
    """One open resource."""

    def __init__(self, name: str, resource: Any) -> None:
        self._name, self._resource = name, resource

    def ask(self, query: str) -> str:
        question = Query(query)
        try:
            return str(self._resource.query(question))
        except VisaIOError as error:
            late = error.error_code == StatusCode.error_timeout
            state = ReadingState.TIMEOUT if late else ReadingState.DISCONNECTED
            raise LinkError(state, f"{self._name} did not answer {query}: {error.description}") from error
        except UnicodeDecodeError as error:
            raise LinkError(ReadingState.GARBAGE, f"{self._name} answered {query} with bytes that are no text") from error
        except (OSError, ValueError, pyvisa.errors.InvalidSession) as error:
            raise LinkError(ReadingState.DISCONNECTED, f"{self._name} went away: {error}") from error

    def flush(self) -> None:
        """Throw away what the instrument says of itself: its first line may take as long as any answer."""
        usual = self._resource.timeout
        try:
            while True:
                self._resource.read()
                self._resource.timeout = round(_GREETED_S * _MS)
        except (VisaIOError, UnicodeDecodeError):
            self._resource.timeout = usual

    def close(self) -> None:
        with suppress(Exception):  # it may be gone already, and there is nothing left to lose
            self._resource.close()
