"""Opens a partition's pipeline with the state that the store holds for it."""

import time
from collections.abc import Mapping
from types import MappingProxyType

import structlog

from schemas.ids import DeviceId, IndicatorId
from schemas.topics import ANNOTATIONS, EVENTS, INDICATORS, MEASUREMENTS, TELEMETRY, TIMETAGS
from slo.catalogue import catalogue
from slo.definitions import Definitions
from slo.evaluation import Evaluator, system_by_prefix
from slo.exclusion_file import read_plan
from slo.schedule import Schedule
from slo.topology import Topology, read_topology
from storage.client import Client
from storage.errors import Unavailable
from storage.ledger import Ledger
from storage.past_verdicts import PastVerdicts
from streams import annotation_pipeline, event_pipeline, measurement_pipeline, slo_pipeline, tag_pipeline, telemetry_pipeline
from streams import positions as positions_codec
from streams.annotation_pipeline import AnnotationPipeline
from streams.calibrations import Calibrations
from streams.estimators.registry import estimators
from streams.event_pipeline import EventPipeline
from streams.measurement_pipeline import MeasurementPipeline
from streams.metrics import WorkerMetrics
from streams.pipeline import Pipeline
from streams.positions import Positions
from streams.remembering import composite_standings, exclusion_of, remembered
from streams.sampling import Sampler
from streams.settings import WorkerSettings
from streams.slo_pipeline import SloPipeline
from streams.tag_pipeline import TagPipeline
from streams.tag_sampling import TagSampler
from streams.tag_stream import Sampling, TagAnalysis
from streams.telemetry_pipeline import TelemetryPipeline

G2_OF_SYSTEM: Mapping[str, IndicatorId] = MappingProxyType({"sps": IndicatorId("sps.M1"), "qdp": IndicatorId("qdp.M2")})
"""The systems whose devices have a g²(0), and the indicator that it is."""
_RETRY_S = 1.0
_log = structlog.get_logger(__name__)
INTEGRATION_S = 10
"""Where no definition says how long to integrate."""
EVENTS_S = 30
"""Length of a window of events."""
TELEMETRY_S = 30
"""Length of a window of readings."""
SERIES_S = 120
"""Length of a window of measurements that are looked at together."""


class Opener:
    """Makes pipelines; blocks while it reads the store."""

    def __init__(self, settings: WorkerSettings, definitions: Definitions, client: Client, metrics: WorkerMetrics) -> None:
        self._settings = settings
        self._definitions = definitions
        self._client, self._ledger = client, Ledger(client)
        self._metrics = metrics
        plan = [planned for file in settings.exclusions for planned in read_plan(file)]
        self._topology = read_topology(settings.topology) if settings.topology else Topology()
        self._evaluator = Evaluator(definitions, schedule=Schedule(plan), topology=self._topology)
        calibrations = Calibrations() if settings.calibrations is None else Calibrations.load(settings.calibrations)
        self._sampler = Sampler(catalogue(), estimators(), calibrations)
        self._tag_sampler = TagSampler(catalogue(), estimators(), calibrations, frozenset(G2_OF_SYSTEM.values()))
        self._analysis = TagAnalysis(settings.panes, self._sampling)
        self._openers = {
            TIMETAGS.name: self._tags,
            EVENTS.name: self._events,
            TELEMETRY.name: self._telemetry,
            MEASUREMENTS.name: self._measurements,
            INDICATORS.name: self._objectives,
            ANNOTATIONS.name: self._annotations,
        }

    def __call__(self, topic: str, partition: int) -> tuple[Pipeline, int]:
        """The partition's pipeline, and the offset that it wants first.

        Raises:
            StoreError: the store is away, or refuses.
        """
        return self._openers[topic](topic, partition)

    def _tags(self, topic: str, partition: int) -> tuple[Pipeline, int]:
        stored, positions = self._resumed(tag_pipeline.NAME, topic, partition)
        pipeline = TagPipeline(
            topic,
            partition,
            analysis=self._analysis,
            keep_tags=self._settings.keep_raw_tags,
            metrics=self._metrics,
            positions=positions,
            stored=stored,
        )
        return pipeline, positions.resume

    def _events(self, topic: str, partition: int) -> tuple[Pipeline, int]:
        stored, positions = self._resumed(event_pipeline.NAME, topic, partition)
        pipeline = EventPipeline(
            topic,
            partition,
            sample=self._sampler.events,
            length_s=EVENTS_S,
            metrics=self._metrics,
            positions=positions,
            stored=stored,
        )
        return pipeline, positions.resume

    def _telemetry(self, topic: str, partition: int) -> tuple[Pipeline, int]:
        stored, positions = self._resumed(telemetry_pipeline.NAME, topic, partition)
        pipeline = TelemetryPipeline(
            topic,
            partition,
            sample=self._sampler.telemetry,
            length_s=TELEMETRY_S,
            metrics=self._metrics,
            positions=positions,
            stored=stored,
        )
        return pipeline, positions.resume

    def _measurements(self, topic: str, partition: int) -> tuple[Pipeline, int]:
        stored, positions = self._resumed(measurement_pipeline.NAME, topic, partition)
        pipeline = MeasurementPipeline(
            topic,
            partition,
            sample_one=self._sampler.measurement,
            sample=self._sampler.measurements,
            length_s=SERIES_S,
            metrics=self._metrics,
            positions=positions,
            stored=stored,
        )
        return pipeline, positions.resume

    def _objectives(self, topic: str, partition: int) -> tuple[Pipeline, int]:
        stored, positions = self._stored(slo_pipeline.NAME, topic, partition)
        past = PastVerdicts(self._client, slo_pipeline.NAME, topic, partition, stored)
        pipeline = SloPipeline(
            topic,
            partition,
            evaluator=self._evaluator,
            objectives={each.name: each for each in self._definitions.objectives},
            metrics=self._metrics,
            positions=positions,
            tracks=remembered(past, self._definitions.objectives, self._wait),
            exclusions=[exclusion_of(told) for told in past.exclusions()],
            composites=composite_standings(past, self._definitions.objectives),
        )
        return pipeline, stored

    def _wait(self, error: Unavailable) -> None:
        """The store is away while a budget needs its past: nothing can be judged until it is back."""
        self._metrics.store_unavailable()
        _log.warning("store-unavailable", retry_in_s=_RETRY_S, error=str(error))
        time.sleep(_RETRY_S)

    def _annotations(self, topic: str, partition: int) -> tuple[Pipeline, int]:
        stored, _ = self._stored(annotation_pipeline.NAME, topic, partition)
        return AnnotationPipeline(topic, partition, metrics=self._metrics, resume=stored, topology=self._topology), stored

    def _resumed(self, pipeline: str, topic: str, partition: int) -> tuple[int, Positions]:
        """Where the last stored batch ends, and the positions as of the boundary from which its log is needed again."""
        stored, positions = self._stored(pipeline, topic, partition)
        if positions.resume < stored:
            start = self._ledger.at(pipeline, topic, partition, positions.resume)
            begun = Positions() if start is None else positions_codec.decode(start.positions)
            positions = positions_codec.resumed(begun, positions)
        return stored, positions

    def _stored(self, pipeline: str, topic: str, partition: int) -> tuple[int, Positions]:
        """Where the last stored batch ends, and its positions."""
        latest = self._ledger.latest(pipeline, topic, partition)
        return (0, Positions()) if latest is None else (latest.hi, positions_codec.decode(latest.positions))

    def _sampling(self, device: DeviceId) -> Sampling:
        """How a device's tags are sampled."""
        system = system_by_prefix(device)
        indicator = G2_OF_SYSTEM.get(system)
        about = () if indicator is None else self._definitions.about(indicator, system)
        asked = {each.criterion.integration_s for each in about if each.criterion}
        return Sampling(indicator, min((seconds for seconds in asked if seconds), default=INTEGRATION_S), self._tag_sampler)
