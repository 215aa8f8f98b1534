"""Mail and chat by Apprise, against a mail server and a chat server on this machine."""

import email
import email.policy
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from console.notify.receiver import DeliveryError, PersonalReceiver
from slo.suppression import Suppressions, Surroundings
from tests.console.notify.test_message import state

PAGE = state("sps-1", "page", 1_800_000_000, firing=True)
ALONE = Suppressions([PAGE], Surroundings(), 0)


class Mailbox(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as a mail needs."""

    mails: list[bytes]
    refuses: bool

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper().strip()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                mail = b""
                while (line := self.rfile.readline()) != b".\r\n":
                    mail += line
                self.mails.append(mail)
            self.wfile.write(b"550 not now\r\n" if self.refuses and verb == b"RCPT" else b"250 yes\r\n")
            if verb == b"QUIT":
                return


@contextmanager
def serving(server: socketserver.TCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("refuses", [False, True])
def test_a_mail(*, refuses: bool) -> None:
    handler = type("Handler", (Mailbox,), {"mails": [], "refuses": refuses})
    with serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)) as port:
        receiver = PersonalReceiver(
            f"mailto://127.0.0.1:{port}?from=pw@example.org&to=oncall@example.org&format=text", "http://here"
        )
        if refuses:
            with pytest.raises(DeliveryError, match=r"mailto://127\.0\.0\.1#[0-9a-f]{8} did not take “\[page\] sps-1"):
                receiver.tell([PAGE], ALONE)
            return
        assert receiver.tell([PAGE], ALONE) == "[page] sps-1: g2 fires"
    (mail,) = (email.message_from_bytes(each, policy=email.policy.default) for each in handler.mails)  # type: ignore[attr-defined]
    assert mail["Subject"] == "[page] sps-1: g2 fires"
    assert "oncall@example.org" in mail["To"]
    body = mail.get_body(("plain",))
    assert body is not None
    assert "page fires: text 1800000000" in body.get_content()
    assert "page: http://here/devices/sps-1" in body.get_content()


def test_a_chat() -> None:
    said: list[dict[str, str]] = []

    class Mattermost(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Mattermost)) as port:
        PersonalReceiver(f"mmost://127.0.0.1:{port}/3ccdd113474722377935511fc85d3dd4", "").tell([PAGE], ALONE)
    (message,) = said
    assert "[page] sps-1: g2 fires" in message["text"]
    assert "text 1800000000" in message["text"]
