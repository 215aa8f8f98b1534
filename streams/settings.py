"""What a worker is told; composed by whoever starts it."""

from dataclasses import dataclass, field
from pathlib import Path

from schemas.broker import BrokerConnection
from schemas.panes import PaneParameters
from slo.topology import Topology
from storage.client import StoreAddress


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """One worker process."""

    kafka: BrokerConnection
    store: StoreAddress
    data: Path
    """A directory of its own."""
    definitions: tuple[Path, ...]
    """OpenSLO files and directories."""
    exclusions: tuple[Path, ...] = ()
    """Files of planned exclusions."""
    topology: Topology = field(default_factory=Topology)
    """What depends on what."""
    calibrations: Path | None = None
    """A file of what is known of each device."""
    name: str = "worker"
    instance: str | None = None
    """A name that stays over restarts, and that no other worker has: the group gives it its partitions back at once."""
    group: str = "photonwatch"
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = None
    panes: PaneParameters = field(default_factory=PaneParameters)
    keep_raw_tags: bool = True
    waiting_bytes: int = 64 << 20
    """Messages that may wait in memory, in bytes."""
    compute_threads: int = 2
    insert_tokens: bool = True
    """Off only in the fault test's negative control, which must then find duplicates."""
