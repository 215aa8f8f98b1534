"""How to reach a Kafka: address, encryption, credentials."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from producers.errors import PublishError

_PREFIX = "PHOTONWATCH_KAFKA_"


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

    @classmethod
    def from_environment(cls, bootstrap: str, environment: Mapping[str, str]) -> "BrokerConnection":
        """Read PHOTONWATCH_KAFKA_SECURITY_PROTOCOL, _SASL_MECHANISM, _USERNAME, _PASSWORD or _PASSWORD_FILE, _CA_FILE,
        _CERTIFICATE_FILE and _KEY_FILE.

        Raises:
            PublishError: the password's file cannot be read.
        """

        def path(name: str) -> Path | None:
            value = environment.get(_PREFIX + name)
            return Path(value) if value else None

        password = environment.get(_PREFIX + "PASSWORD")
        if (secret := path("PASSWORD_FILE")) is not None:
            try:
                password = secret.read_text(encoding="utf-8").strip()
            except OSError as error:
                raise PublishError(f"{_PREFIX}PASSWORD_FILE names {secret}, which cannot be read ({error.strerror})") from error
        return cls(
            bootstrap=bootstrap,
            security_protocol=environment.get(_PREFIX + "SECURITY_PROTOCOL", "PLAINTEXT"),
            sasl_mechanism=environment.get(_PREFIX + "SASL_MECHANISM", "PLAIN"),
            username=environment.get(_PREFIX + "USERNAME"),
            password=password,
            ca_file=path("CA_FILE"),
            certificate_file=path("CERTIFICATE_FILE"),
            key_file=path("KEY_FILE"),
        )

    def ssl_context(self) -> ssl.SSLContext | None:
        """The context for SSL and SASL_SSL, None otherwise.

        Raises:
            PublishError: a certificate or key cannot be read.
        """
        if not self.security_protocol.endswith("SSL"):
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
            if self.certificate_file is not None:
                context.load_cert_chain(self.certificate_file, self.key_file)
        except (OSError, ssl.SSLError) as error:
            raise PublishError(f"certificates for {self.bootstrap} cannot be read ({error}); check the files named") from error
        return context
