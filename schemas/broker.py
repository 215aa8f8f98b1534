"""How the broker is reached that carries everything: address, encryption, credentials."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path

from schemas.errors import BrokerError


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerConnection:
    """``bootstrap`` is ``host:port[,host:port]``; the rest as Kafka's clients name it. The password never shows in a repr."""

    bootstrap: str
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str = "PLAIN"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None

    def ssl_context(self) -> ssl.SSLContext | None:
        """The context for SSL and SASL_SSL, None otherwise.

        Raises:
            BrokerError: a certificate or key cannot be read.
        """
        if not self.security_protocol.endswith("SSL"):
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
            if self.certificate_file is not None:
                context.load_cert_chain(self.certificate_file, self.key_file)
        except (OSError, ssl.SSLError) as error:
            raise BrokerError(f"certificates for {self.bootstrap} cannot be read ({error}); check the files named") from error
        return context
