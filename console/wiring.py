"""From settings to the other rooms: who is reached where, and as whom. The only place that knows embedded from existing."""

import os
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from console.refusal import ExitCode, Refusal
from console.settings import Settings

if TYPE_CHECKING:
    from console.notify.outlook import StoredOutlook
    from console.web.observatory import Observatory
    from embedded.stack import StackSettings
    from schemas.broker import BrokerConnection
    from schemas.panes import PaneParameters
    from slo.topology import Topology
    from storage.client import StoreAddress
    from storage.reader import Reader
    from streams.pipelines import Knowledge
    from streams.settings import WorkerSettings


def stack_settings(settings: Settings) -> "StackSettings":
    """What ``up`` runs, and what it only talks to."""
    from embedded.credentials import Credentials
    from embedded.stack import ExternalStore, StackSettings

    store = None
    if settings.store.address:
        credentials = Credentials(
            settings.store.user,
            settings.store.password.reveal,
            settings.store.readonly_user or settings.store.user,
            settings.store.readonly_password.reveal if settings.store.readonly_user else settings.store.password.reveal,
        )
        store = ExternalStore(settings.store.address, credentials)
    return StackSettings(
        home=settings.home,
        kafka_address=settings.kafka.address,
        kafka_port=settings.kafka.port,
        store=store,
        store_port=settings.store.port,
    )


def broker_connection(settings: Settings) -> "BrokerConnection":
    """The broker: the address that is set, else the embedded one that runs over this home.

    Raises:
        Refusal: neither.
    """
    from schemas.broker import BrokerConnection

    kafka = settings.kafka
    return BrokerConnection(
        bootstrap=kafka.address or _embedded_address(settings, "kafka", "kafka.address"),
        security_protocol=kafka.security_protocol,
        sasl_mechanism=kafka.sasl_mechanism,
        username=kafka.username or None,
        password=kafka.password.reveal or None,
        ca_file=_path(kafka.ca_file),
        certificate_file=_path(kafka.certificate_file),
        key_file=_path(kafka.key_file),
    )


def store_address(settings: Settings, *, readonly: bool) -> "StoreAddress":
    """The store, as the platform's user or as the read-only one.

    Raises:
        Refusal: no address is set and no embedded engine runs; or there is no read-only user.
    """
    from embedded.credentials import known_credentials
    from storage.client import StoreAddress

    store = settings.store
    if not store.address:
        address = _embedded_address(settings, "clickhouse", "store.address")
        known = known_credentials(settings.home)
        if known is None:
            raise Refusal(
                ExitCode.UNAVAILABLE,
                "the engine runs, but its passwords are gone",
                where=str(settings.home),
                do="stop the platform and start it again with “photonwatch up”: it makes new ones",
            )
        user, password = (known.readonly_user, known.readonly_password) if readonly else (known.user, known.password)
    elif readonly and not store.readonly_user:
        raise Refusal(
            ExitCode.SETTINGS,
            "the store has no read-only user",
            where="store.readonly_user",
            do="make one in ClickHouse (GRANT SELECT, readonly = 2) and set store.readonly_user and its password",
        )
    else:
        user, secret = (store.readonly_user, store.readonly_password) if readonly else (store.user, store.password)
        password, address = secret.reveal, store.address
    host, _, port = address.rpartition(":")
    return StoreAddress(host.strip("[]"), int(port), user, password, store.database, secure=store.secure)


def worker_settings(settings: Settings) -> "WorkerSettings":
    """One worker process of this machine."""
    from streams.settings import WorkerSettings

    worker = settings.worker
    return WorkerSettings(
        kafka=broker_connection(settings),
        store=store_address(settings, readonly=False),
        data=settings.home / "worker",
        definitions=definition_paths(settings, None),
        exclusions=(Path(settings.objectives.exclusions).expanduser(),) if settings.objectives.exclusions else (),
        topology=topology(settings),
        calibrations=_path(settings.objectives.calibrations),
        name=worker.name or f"{socket.gethostname()}-{os.getpid()}",
        instance=worker.name or None,
        group=worker.group,
        metrics_port=worker.metrics_port or None,
        panes=pane_parameters(settings),
        keep_raw_tags=worker.raw_tags,
        waiting_bytes=worker.waiting_megabytes << 20,
        compute_threads=worker.compute_threads,
        insert_tokens=worker.insert_tokens,
    )


def topology(settings: Settings) -> "Topology":
    """What depends on what: the file that is set, else what the simulated fleet's file says.

    Raises:
        DefinitionError, FleetError: the file is none of its kind.
    """
    from slo.topology import Topology, read_topology

    if settings.objectives.topology:
        return read_topology(Path(settings.objectives.topology).expanduser())
    if not settings.fleet.simulate:
        return Topology()
    from console.fleet_topology import topology_of
    from producers.fleet_file import demo_fleet, load_fleet

    return topology_of(load_fleet(Path(settings.fleet.file).expanduser()) if settings.fleet.file else demo_fleet())


def outlook(settings: Settings, reader: "Reader") -> "StoredOutlook":
    """What fires in the store that ``reader`` asks, and what it stands in.

    Raises:
        DefinitionError, SeriesError, FleetError: a file of the site is none of its kind.
    """
    from console.notify.outlook import StoredOutlook
    from slo.definitions import load
    from slo.exclusion_file import read_plan
    from slo.schedule import Schedule

    plan = read_plan(Path(settings.objectives.exclusions).expanduser()) if settings.objectives.exclusions else []
    return StoredOutlook(reader, load(definition_paths(settings, None)), topology(settings), Schedule(plan))


def observatory(settings: Settings, reader: "Reader", clock: Callable[[], float] = time.time) -> "Observatory":
    """The fleet in the store that ``reader`` asks, as the page shows it. ``clock``: UTC seconds.

    Raises:
        DefinitionError, SeriesError, FleetError: a file of the site is none of its kind.
    """
    from console.web.observatory import Observatory
    from slo.definitions import load

    definitions, panes = load(definition_paths(settings, None)), pane_parameters(settings)
    return Observatory(reader, definitions, panes, outlook(settings, reader), clock)


def knowledge(settings: Settings) -> "Knowledge":
    """What a worker of these settings judges by.

    Raises:
        DefinitionError, SeriesError, FleetError: a file of the site is none of its kind.
    """
    from slo.definitions import load
    from slo.exclusion_file import read_plan
    from slo.schedule import Schedule
    from streams.calibrations import Calibrations
    from streams.pipelines import Knowledge

    objectives = settings.objectives
    calibrations = _path(objectives.calibrations)
    return Knowledge(
        definitions=load(definition_paths(settings, None)),
        panes=pane_parameters(settings),
        schedule=Schedule(read_plan(Path(objectives.exclusions).expanduser()) if objectives.exclusions else []),
        topology=topology(settings),
        calibrations=Calibrations() if calibrations is None else Calibrations.load(calibrations),
    )


def pane_parameters(settings: Settings) -> "PaneParameters":
    from schemas.panes import PaneParameters

    analysis = settings.analysis
    return PaneParameters(analysis.bin_width, analysis.half_range, analysis.coincidence_window)


def definition_paths(settings: Settings, files: Sequence[Path] | None) -> tuple[Path, ...]:
    """The files that were named, else the configured directory, else none: the shipped definitions stand beside them."""
    if files:
        return tuple(files)
    return (Path(settings.objectives.definitions).expanduser(),) if settings.objectives.definitions else ()


def _embedded_address(settings: Settings, part: str, key: str) -> str:
    from embedded.state import read_state

    state = read_state(settings.home)
    if state is not None and state.supervisor.process() is not None:
        for known in state.parts:
            if known.name == part and known.address:
                return known.address
    raise Refusal(
        ExitCode.UNAVAILABLE,
        f"no {part} runs in {settings.home}",
        where=str(settings.home),
        do=f"start the platform with “photonwatch up”, or name an existing one with {key}",
    )


def _path(text: str) -> Path | None:
    return Path(text).expanduser() if text else None
