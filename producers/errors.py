"""What producers can fail at. Every text says what is wrong, where, and what to do."""


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
