"""SCPI over ZeroMQ against a real socket."""

import threading

import msgspec
import pytest

from producers.errors import InstrumentError, LinkError
from producers.instruments.profile import Instrument, shipped_profiles
from producers.instruments.zmq_link import ZmqLink
from schemas.ids import DeviceId
from schemas.telemetry import ReadingState

zmq = pytest.importorskip("zmq", reason="the extra id900 is not installed")
PROFILE = msgspec.structs.replace(shipped_profiles()["idq-id900"], timeout_s=0.5)


def test_question_answer_silence_and_no_writes() -> None:
    context = zmq.Context()
    server = context.socket(zmq.REP)
    port = server.bind_to_random_port("tcp://127.0.0.1")
    heard: list[str] = []

    def serve() -> None:
        heard.append(server.recv_string())
        server.send_string("12345\n")
        heard.append(server.recv_string())

    thread = threading.Thread(target=serve)
    thread.start()
    instrument = Instrument(device=DeviceId("x"), profile=PROFILE.name, resource=f"127.0.0.1:{port}")
    link = ZmqLink(instrument, PROFILE)
    assert link.ask("INPU1:COUN?") == "12345"
    with pytest.raises(InstrumentError):
        link.ask("INPU1:ENAB ON")
    with pytest.raises(LinkError) as silent:
        link.ask("INPU2:COUN?")
    assert silent.value.state is ReadingState.TIMEOUT
    link.close()
    thread.join()
    server.close(0)
    context.term()
    assert heard == ["INPU1:COUN?", "INPU2:COUN?"]
