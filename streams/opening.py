"""Opens a partition's pipeline with the state that the store holds for it."""

import time
from collections.abc import Callable
from functools import partial

import structlog

from schemas.topics import ANNOTATIONS, EVENTS, INDICATORS, MEASUREMENTS, TELEMETRY, TIMETAGS
from slo.definitions import Definitions
from slo.exclusion_file import read_plan
from slo.schedule import Schedule
from storage.client import Client
from storage.errors import Unavailable
from storage.ledger import Ledger
from storage.past_verdicts import PastVerdicts
from streams import annotation_pipeline, event_pipeline, measurement_pipeline, slo_pipeline, tag_pipeline, telemetry_pipeline
from streams import positions as positions_codec
from streams.budget_sampling import ALARM, ALARMS_S
from streams.calibrations import Calibrations
from streams.metrics import WorkerMetrics
from streams.pipeline import Pipeline
from streams.pipelines import Knowledge, Pipelines, Resumable
from streams.positions import Positions
from streams.remembering import composite_standings, exclusion_of, recent_alarms, remembered
from streams.settings import WorkerSettings

_RETRY_S = 1.0
_log = structlog.get_logger(__name__)


class Opener:
    """Makes pipelines; blocks while it reads the store."""

    def __init__(self, settings: WorkerSettings, definitions: Definitions, client: Client, metrics: WorkerMetrics) -> None:
        self._definitions = definitions
        self._client, self._ledger = client, Ledger(client)
        self._metrics = metrics
        knowledge = Knowledge(
            definitions=definitions,
            panes=settings.panes,
            schedule=Schedule([planned for file in settings.exclusions for planned in read_plan(file)]),
            topology=settings.topology,
            calibrations=Calibrations() if settings.calibrations is None else Calibrations.load(settings.calibrations),
            keep_raw_tags=settings.keep_raw_tags,
        )
        self._pipelines = make = Pipelines(knowledge, metrics)
        self._openers: dict[str, Callable[[str, int], tuple[Pipeline, int]]] = {
            TIMETAGS.name: partial(self._resumed, tag_pipeline.NAME, make.tags),
            EVENTS.name: partial(self._resumed, event_pipeline.NAME, make.events),
            TELEMETRY.name: partial(self._resumed, telemetry_pipeline.NAME, make.telemetry),
            MEASUREMENTS.name: partial(self._resumed, measurement_pipeline.NAME, make.measurements),
            INDICATORS.name: self._objectives,
            ANNOTATIONS.name: self._annotations,
        }

    def __call__(self, topic: str, partition: int) -> tuple[Pipeline, int]:
        """The partition's pipeline, and the offset that it wants first.

        Raises:
            StoreError: the store is away, or refuses.
        """
        return self._openers[topic](topic, partition)

    def _resumed(self, name: str, make: Resumable, topic: str, partition: int) -> tuple[Pipeline, int]:
        """With what was open as of the boundary from which its log is needed again."""
        stored, positions = self._stored(name, topic, partition)
        if positions.resume < stored:
            start = self._ledger.at(name, topic, partition, positions.resume)
            begun = Positions() if start is None else positions_codec.decode(start.positions)
            positions = positions_codec.resumed(begun, positions)
        return make(topic, partition, positions, stored), positions.resume

    def _objectives(self, topic: str, partition: int) -> tuple[Pipeline, int]:
        stored, positions = self._stored(slo_pipeline.NAME, topic, partition)
        past = PastVerdicts(self._client, slo_pipeline.NAME, topic, partition, stored)
        pipeline = self._pipelines.objectives(
            topic,
            partition,
            positions,
            tracks=remembered(past, self._definitions.objectives, self._wait),
            exclusions=[exclusion_of(told) for told in past.exclusions()],
            composites=composite_standings(past, self._definitions.objectives),
            alarms=recent_alarms(past, ALARM, ALARMS_S),
        )
        return pipeline, stored

    def _wait(self, error: Unavailable) -> None:
        """The store is away while a budget needs its past: nothing can be judged until it is back."""
        self._metrics.store_unavailable()
        _log.warning("store-unavailable", retry_in_s=_RETRY_S, error=str(error))
        time.sleep(_RETRY_S)

    def _annotations(self, topic: str, partition: int) -> tuple[Pipeline, int]:
        stored, _ = self._stored(annotation_pipeline.NAME, topic, partition)
        return self._pipelines.annotations(topic, partition, stored), stored

    def _stored(self, pipeline: str, topic: str, partition: int) -> tuple[int, Positions]:
        """Where the last stored batch ends, and its positions."""
        latest = self._ledger.latest(pipeline, topic, partition)
        return (0, Positions()) if latest is None else (latest.hi, positions_codec.decode(latest.positions))
