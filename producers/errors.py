"""What producers can fail at. Every text says what is wrong, where, and what to do."""

from schemas.telemetry import ReadingState


class ProducerError(Exception):
    """Anything that keeps tags from being produced or sent."""


class RecordingError(ProducerError):
    """A file of tags that cannot be read, or contradicts itself."""


class MeasurementFileError(ProducerError):
    """A file of measurements, events or telemetry that cannot be read, or contradicts itself."""


class PublishError(ProducerError):
    """The broker cannot be reached, refuses, or did not take a message in time."""


class SourceError(ProducerError):
    """Parameters that no photon source can have."""


class FleetError(ProducerError):
    """A fleet file that cannot be read, or a fault asked of a device that is not there."""


class SpoolError(ProducerError):
    """The queue on disk cannot be used."""


class InstrumentError(ProducerError):
    """An instrument is described in a way that cannot be probed."""


class LinkError(ProducerError):
    """An instrument did not answer as it should; ``state`` says in which way, the text says it to people."""

    def __init__(self, state: ReadingState, message: str) -> None:
        super().__init__(message)
        self.state = state
