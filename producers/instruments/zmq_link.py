"""SCPI over ZeroMQ, as the ID900 speaks it. Needs the extra ``id900`` (pyzmq)."""

from typing import Any

from producers.errors import InstrumentError, LinkError
from producers.instruments.profile import Instrument, Profile
from producers.instruments.query import Query
from schemas.telemetry import ReadingState


class ZmqLink:
    """A request socket, made anew after every failure: one that missed an answer can ask no more."""

    def __init__(self, instrument: Instrument, profile: Profile) -> None:
        """
        Raises:
            InstrumentError: pyzmq is not installed.
        """
        try:
            import zmq  # noqa: PLC0415  an extra
        except ImportError:
            raise InstrumentError(
                f"{instrument.device}: {profile.name} speaks ZeroMQ; install photonwatch with its extra: photonwatch[id900]"
            ) from None
        self._zmq: Any = zmq
        self._name = instrument.resource
        self._timeout_ms = round(profile.timeout_s * 1000)
        self._context: Any = zmq.Context()
        self._socket: Any = self._context.socket(zmq.REQ)
        self._socket.linger = 0
        self._socket.connect(f"tcp://{instrument.resource}")

    def ask(self, query: str) -> str:
        self._socket.send_string(Query(query))
        if not self._socket.poll(self._timeout_ms):
            raise LinkError(ReadingState.TIMEOUT, f"{self._name} did not answer {query} within {self._timeout_ms} ms")
        try:
            return str(self._socket.recv_string()).strip()
        except UnicodeDecodeError as error:
            raise LinkError(ReadingState.GARBAGE, f"{self._name} answered {query} with bytes that are no text") from error

    def close(self) -> None:
        self._socket.close()
        self._context.term()
