"""What stands behind the address may be no Alertmanager; what an Alertmanager makes of it is tests/conformance's affair."""

from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import urllib3

from console.notify.alertmanager import AlertmanagerReceiver
from console.notify.receiver import DeliveryError
from slo.suppression import Suppressions, Surroundings
from tests.console.notify.test_receiver import serving


@pytest.mark.parametrize("answer", [b"<html>log in</html>", b'{"a": 1}', b"\xff"])
def test_an_answer_that_is_none_is_tried_again_and_ends_nobody(answer: bytes) -> None:
    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Proxy)) as port, urllib3.PoolManager() as pool:
        receiver = AlertmanagerReceiver(f"http://127.0.0.1:{port}", "", lambda: datetime.now(UTC), pool)
        with pytest.raises(DeliveryError, match="answers as no Alertmanager does"):
            receiver.refresh(Suppressions([], Surroundings(), 0), hears=True)
