"""Evidence of the store: what it holds of devices since some time."""

from collections.abc import Sequence

from console.evidence import Evidence
from console.gameday.modes import failure_modes
from producers.fault_catalogue import load_failures
from schemas.ids import DeviceId
from storage.reader import Reader
from storage.reader.question import END_OF_TIME

_MOST_READINGS = 1_000_000


def stored_evidence(reader: Reader, devices: Sequence[DeviceId], since_unix_s: int, until_unix_s: int = END_OF_TIME) -> Evidence:
    """Samples and telemetry of these devices in [since, until), and of the links that they speak for.

    Raises:
        StoreError: the store is away, or refuses.
    """
    evidence = Evidence(failure_modes(load_failures().values()))
    for device in devices:
        for record in reader.telemetry(device, since_unix_s, limit=_MOST_READINGS, until=until_unix_s):
            evidence.telemetry(record)
    for sample in reader.samples_of(devices, since_unix_s, until_unix_s):
        evidence.sample(sample)
    return evidence
