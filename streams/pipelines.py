"""Makes the pipelines of all topics under one set of definitions and calibrations, from where each is to go on."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType

from schemas.ids import DeviceId, IndicatorId
from schemas.panes import PaneParameters
from schemas.records import AlertState
from schemas.topics import ANNOTATIONS, EVENTS, INDICATORS, MEASUREMENTS, TELEMETRY, TIMETAGS
from slo.alerts import Standings
from slo.catalogue import catalogue
from slo.definitions import Definitions
from slo.evaluation import Evaluator, Key, Remembered, system_by_prefix
from slo.exclusions import Exclusion
from slo.schedule import Schedule
from slo.topology import Topology
from streams.annotation_pipeline import AnnotationPipeline
from streams.budget_sampling import BudgetSampler
from streams.calibrations import Calibrations
from streams.estimators.registry import estimators
from streams.event_pipeline import EventPipeline
from streams.measurement_pipeline import MeasurementPipeline
from streams.metrics import WorkerMetrics
from streams.pipeline import Pipeline
from streams.positions import Positions
from streams.sampling import Sampler
from streams.slo_pipeline import SloPipeline
from streams.tag_pipeline import TagPipeline
from streams.tag_sampling import TagSampler
from streams.tag_stream import Sampling, TagAnalysis
from streams.telemetry_pipeline import TelemetryPipeline
from streams.thresholds import Thresholds

G2_OF_SYSTEM: Mapping[str, IndicatorId] = MappingProxyType({"sps": IndicatorId("sps.M1"), "qdp": IndicatorId("qdp.M2")})
"""The systems whose devices have a g²(0), and the indicator that it is."""
INTEGRATION_S = 10
"""Where no definition says how long to integrate."""
EVENTS_S = 30
"""Length of a window of events."""
TELEMETRY_S = 30
"""Length of a window of readings."""
SERIES_S = 120
"""Length of a window of measurements that are looked at together."""
Resumable = Callable[[str, int, Positions, int], Pipeline]
"""Topic, partition, positions and the offset up to which everything is stored, to the pipeline that goes on there."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What pipelines are told before the first message."""

    definitions: Definitions
    panes: PaneParameters = field(default_factory=PaneParameters)
    schedule: Schedule = field(default_factory=lambda: Schedule(()))
    topology: Topology = field(default_factory=Topology)
    calibrations: Calibrations = field(default_factory=Calibrations)
    keep_raw_tags: bool = True


class Pipelines:
    """One method a topic; ``stored`` and ``positions`` say where it goes on, and where from (streams/positions.py)."""

    def __init__(self, knowledge: Knowledge, metrics: WorkerMetrics) -> None:
        self._knowledge, self._metrics = knowledge, metrics
        self._evaluator = Evaluator(knowledge.definitions, schedule=knowledge.schedule, topology=knowledge.topology)
        self._thresholds = Thresholds(knowledge.definitions)
        self._table = catalogue(), estimators()
        known = *self._table, knowledge.calibrations
        self._sampler = Sampler(*known, self._thresholds)
        self._tag_sampler = TagSampler(*known, frozenset(G2_OF_SYSTEM.values()), self._thresholds)
        self._analysis = TagAnalysis(knowledge.panes, self._sampling)

    def fresh(self, partition: int = 0) -> Mapping[str, Pipeline]:
        """The pipeline of every topic that is read, by the topic's name, each at the beginning of a partition."""
        return {
            TIMETAGS.name: self.tags(TIMETAGS.name, partition, Positions(), 0),
            EVENTS.name: self.events(EVENTS.name, partition, Positions(), 0),
            TELEMETRY.name: self.telemetry(TELEMETRY.name, partition, Positions(), 0),
            MEASUREMENTS.name: self.measurements(MEASUREMENTS.name, partition, Positions(), 0),
            ANNOTATIONS.name: self.annotations(ANNOTATIONS.name, partition, 0),
            INDICATORS.name: self.objectives(INDICATORS.name, partition, Positions()),
        }

    def tags(self, topic: str, partition: int, positions: Positions, stored: int) -> Pipeline:
        return TagPipeline(
            topic,
            partition,
            analysis=self._analysis,
            keep_tags=self._knowledge.keep_raw_tags,
            metrics=self._metrics,
            positions=positions,
            stored=stored,
        )

    def events(self, topic: str, partition: int, positions: Positions, stored: int) -> Pipeline:
        return EventPipeline(
            topic,
            partition,
            sample=self._sampler.events,
            length_s=EVENTS_S,
            metrics=self._metrics,
            positions=positions,
            stored=stored,
            topology=self._knowledge.topology,
        )

    def telemetry(self, topic: str, partition: int, positions: Positions, stored: int) -> Pipeline:
        return TelemetryPipeline(
            topic,
            partition,
            sample=self._sampler.telemetry,
            length_s=TELEMETRY_S,
            metrics=self._metrics,
            positions=positions,
            stored=stored,
        )

    def measurements(self, topic: str, partition: int, positions: Positions, stored: int) -> Pipeline:
        return MeasurementPipeline(
            topic,
            partition,
            sample_one=self._sampler.measurement,
            sample=self._sampler.measurements,
            length_s=SERIES_S,
            metrics=self._metrics,
            positions=positions,
            stored=stored,
        )

    def annotations(self, topic: str, partition: int, stored: int) -> Pipeline:
        return AnnotationPipeline(topic, partition, metrics=self._metrics, resume=stored, topology=self._knowledge.topology)

    def objectives(
        self,
        topic: str,
        partition: int,
        positions: Positions,
        *,
        tracks: Iterable[Remembered] = (),
        exclusions: Iterable[Exclusion] = (),
        composites: Mapping[Key, Standings] = MappingProxyType({}),
        alarms: Iterable[AlertState] = (),
    ) -> Pipeline:
        """What was judged before is told by ``tracks``, ``exclusions``, ``composites`` and ``alarms``."""
        objectives = {each.name: each for each in self._knowledge.definitions.objectives}
        return SloPipeline(
            topic,
            partition,
            evaluator=self._evaluator,
            objectives=objectives,
            metrics=self._metrics,
            positions=positions,
            tracks=tracks,
            exclusions=exclusions,
            composites=composites,
            sampler=BudgetSampler(*self._table, objectives, self._thresholds),
            alarms=alarms,
        )

    def _sampling(self, device: DeviceId) -> Sampling:
        """How a device's tags are sampled."""
        system = system_by_prefix(device)
        indicator = G2_OF_SYSTEM.get(system)
        about = () if indicator is None else self._knowledge.definitions.about(indicator, system)
        asked = {each.criterion.integration_s for each in about if each.criterion}
        integration_s = min((seconds for seconds in asked if seconds), default=INTEGRATION_S)
        if indicator is None:
            return Sampling(None, integration_s, self._tag_sampler)
        lacking = partial(self._thresholds.shortfalls, indicator, system)
        return Sampling(indicator, integration_s, self._tag_sampler, lacking, self._thresholds.interval(indicator, system))
