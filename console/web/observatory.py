"""Looks at the fleet through the store, and makes of what it sees the views that the pages show."""

import time
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Final

import numpy as np

from console.histogram import Histogram
from console.notify.outlook import StoredOutlook
from console.stored import stored_sum
from console.web.hearing import Hearing
from console.web.views import (
    NO_RATES,
    TAGS_AWAY_AFTER_S,
    AlarmView,
    AlertsView,
    DeviceRow,
    DeviceView,
    ExclusionView,
    FleetView,
    ObjectiveView,
    RateStrip,
    State,
    leading,
)
from schemas.ids import DeviceId, IndicatorId, RunId, SubjectId
from schemas.panes import PaneParameters
from schemas.records import AlertState, IndicatorSample, Verdict
from slo.alerts import rank
from slo.definitions import Definitions
from slo.errors import SampleError
from slo.evaluation import system_by_prefix
from slo.exact import number_text
from slo.instant import NS
from slo.shortfall import shortfall
from slo.suppression import Suppressions, Surroundings
from slo.watch import Watch
from storage.reader import DeviceOverview, Level, Reader, Run
from storage.tables import StoredBudget
from streams.channel_pair import choose_pair
from streams.errors import AnalysisError
from streams.estimators.g2 import G2Parameters, estimate_g2
from streams.pane_sum import PaneSum
from streams.remembering import FOREVER_NS

RECENT_S: Final = 60
RATES_S: Final = 300
SILENT_AFTER_S: Final = 180
"""Heartbeats, readings and measurements come every few seconds to every other minute."""
FRESH_S: Final = 0.5
HINTS_WITHIN_S: Final = 0.5
"""So long a page waits for what alerts look like; what is not found out by then shows the next time."""
_EXCLUSIONS_SHOWN: Final = 20
MEMORY_S: Final = 7 * 86_400
"""Devices that were not heard for so long are no longer shown."""


class UnknownDeviceError(LookupError):
    """No device of that name was ever heard."""


class Observatory:
    """Answers what pages ask. Every answer blocks on the store; threads may share one observatory.

    Raises, from every method, StoreError where the store is away or refuses.
    """

    def __init__(
        self,
        reader: Reader,
        definitions: Definitions,
        panes: PaneParameters,
        outlook: StoredOutlook,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``panes``: the analysis parameters of the histograms that are shown. ``outlook``: of the same store. ``clock``: UTC
        seconds.
        """
        self._reader = reader
        self._watches: dict[IndicatorId, list[Watch]] = {}
        for each in definitions.objectives:
            if each.criterion:
                self._watches.setdefault(each.criterion.indicator, []).append(Watch.of(each, each.criterion))
        self._panes = panes
        self._outlook = outlook
        self._hearing = Hearing(reader.heard, clock)
        self._clock = clock
        self._asking = Lock()
        self._fleet: FleetView | None = None

    def ping(self) -> None:
        """Return if the store answers."""
        self._reader.stored_tags(DeviceId(""), RunId(""))

    def fleet(self) -> FleetView:
        """Everybody who asks within ``FRESH_S`` gets the same answer."""
        with self._asking:
            if self._fleet is None or not 0 <= self._clock() - self._fleet.at_unix_s < FRESH_S:
                self._fleet = self._look()
            return self._fleet

    def _look(self) -> FleetView:
        now_s = self._clock()
        since = int(now_s) - MEMORY_S
        budgets = _by_subject(self._reader.budgets(since))
        overviews = self._reader.fleet(since=since, heard=self._hearing.since(since))
        alarms = self._alarms(self._outlook.firing())
        surroundings = self._outlook.surroundings()
        rows = tuple(
            self._row(overview, self._objectives(overview.samples, budgets, surroundings), alarms, now_s)
            for overview in overviews
        )
        return FleetView(at_unix_s=now_s, devices=rows)

    def alerts(self) -> AlertsView:
        return AlertsView(at_unix_s=self._clock(), alerts=self._alarms(self._reader.alerts()))

    def _alarms(self, alerts: Sequence[AlertState]) -> tuple[AlarmView, ...]:
        hints = self._outlook.hints(alerts, HINTS_WITHIN_S)
        context = Suppressions(alerts, self._outlook.surroundings(), self._outlook.now_ns(), hints)
        alarms = [_alarm(each, context) for each in alerts]
        return tuple(
            sorted(alarms, key=lambda each: (not each.firing, each.suppressed != "", rank(each.severity) if each.firing else ()))
        )

    def device(self, device: DeviceId) -> DeviceView:
        """
        Raises:
            UnknownDeviceError: it was never heard.
        """
        row = next((row for row in self.fleet().devices if row.device == device), None)
        if row is None:
            raise UnknownDeviceError(f"No device “{device}” was heard")
        run = None if row.tags_seen_unix_s is None else self._reader.latest_run(device)
        if run is None:
            return self._view(row)
        began_s, reached_s = run.began_unix_ns // 10**9, run.reached_unix_ns // 10**9
        recent_s = max(reached_s - RECENT_S, began_s)
        whole = stored_sum(self._reader, device, run.run, self._panes, level=Level.HOUR, with_coincidences=False)
        recent = stored_sum(self._reader, device, run.run, self._panes, since=recent_s, with_coincidences=False)
        period_ps = _known_period(row)
        return self._view(
            row,
            run_since_unix_s=began_s,
            recent=_histogram(recent, run, period_ps, (recent_s, reached_s)),
            whole=_histogram(whole, run, period_ps, (began_s, reached_s)),
            rates=self._rates(run, reached_s),
        )

    def _view(
        self,
        row: DeviceRow,
        *,
        run_since_unix_s: int | None = None,
        recent: Histogram | None = None,
        whole: Histogram | None = None,
        rates: RateStrip = NO_RATES,
    ) -> DeviceView:
        return DeviceView(
            at_unix_s=self._clock(),
            row=row,
            run_since_unix_s=run_since_unix_s,
            recent=recent,
            whole=whole,
            rates=rates,
            exclusions=self._exclusions(SubjectId(row.device)),
        )

    def _exclusions(self, subject: SubjectId) -> tuple[ExclusionView, ...]:
        now_ns = self._outlook.now_ns()
        known = (each for each in self._outlook.surroundings().about(subject) if each.start_ns <= now_ns)
        return tuple(
            ExclusionView(
                subject=each.subject,
                start_unix_s=each.start_ns // NS,
                end_unix_s=each.end_ns // NS if each.end_ns < FOREVER_NS else None,
                reason=each.reason,
                who=each.who,
            )
            for each in sorted(known, reverse=True)[:_EXCLUSIONS_SHOWN]
        )

    def _objectives(
        self,
        samples: Sequence[IndicatorSample],
        budgets: Mapping[tuple[str, str], StoredBudget],
        surroundings: Surroundings,
    ) -> tuple[ObjectiveView, ...]:
        """Those that judge these samples."""
        return tuple(
            _objective_view(watch, sample, budgets.get((sample.subject, watch.objective.name)), surroundings)
            for sample in samples
            for watch in self._watches.get(sample.indicator, ())
            if watch.criterion.concerns(system_by_prefix(sample.device)) and watch.objective.is_about(sample.subject)
        )

    def _row(
        self, overview: DeviceOverview, objectives: tuple[ObjectiveView, ...], alarms: Sequence[AlarmView], now_s: float
    ) -> DeviceRow:
        seen_s, tags_ms = overview.seen_unix_ms / 1000, overview.tags_seen_unix_ms
        mute = tags_ms is not None and now_s - tags_ms / 1000 > TAGS_AWAY_AFTER_S
        return DeviceRow(
            device=overview.device,
            speaker=overview.speaker,
            run=overview.run,
            state=State.SILENT if mute or now_s - seen_s > SILENT_AFTER_S else _state(objectives),
            last_seen_unix_s=int(seen_s),
            tags_seen_unix_s=None if tags_ms is None else tags_ms // 1000,
            rates_hz={str(channel): rate_hz for channel, rate_hz in overview.rates_hz.items()},
            objectives=objectives,
            alerts=tuple(alarm for alarm in alarms if alarm.subject == SubjectId(overview.device)),
        )

    def _rates(self, run: Run, reached_s: int) -> RateStrip:
        singles = self._reader.singles(run.device, run.run, since=reached_s - RATES_S)
        if singles.start_unix_s.size == 0:
            return NO_RATES
        first, last = int(singles.start_unix_s[0]), int(singles.start_unix_s[-1])
        channels: dict[str, list[float | None]] = {}
        for channel in np.unique(singles.channel):
            rate_hz = np.full(last - first + 1, np.nan)
            chosen = singles.channel == channel
            rate_hz[singles.start_unix_s[chosen] - first] = singles.rate_hz[chosen]
            channels[str(channel)] = [None if np.isnan(rate) else float(rate) for rate in rate_hz]
        return RateStrip(unix_s=list(range(first, last + 1)), channels=channels)


def _histogram(total: PaneSum, run: Run, period_ps: float | None, span: tuple[int, int]) -> Histogram | None:
    """The g² of the detectors that the stream's own samples are of; None while fewer than two of them counted anything."""
    try:
        pair = choose_pair((channel.number for channel in run.channels if channel.role == "detector"), total.tags).channels
    except AnalysisError:
        return None
    histogram = total.histogram(pair)
    return Histogram(
        start_channel=pair[0],
        stop_channel=pair[1],
        first_edge_ps=int(histogram.first_edge_ps),
        bin_width_ps=int(histogram.bin_width_ps),
        from_unix_s=span[0],
        to_unix_s=span[1],
        counts=histogram.counts.tolist(),
        estimate=estimate_g2(histogram, total.accidentals_per_ps(pair), G2Parameters(period_ps=period_ps)).near,
    )


def _objective_view(
    watch: Watch, sample: IndicatorSample, budget: StoredBudget | None, surroundings: Surroundings
) -> ObjectiveView:
    objective, criterion = watch.objective, watch.criterion
    windows = {window.window_s: window for window in budget.windows} if budget else {}
    period = windows.get(objective.period_s)
    burning = windows.get(min((tier.long_s for tier in objective.tiers), default=objective.period_s))
    events = {
        "good": period.good if period else 0,
        "bad": period.bad if period else 0,
        "insufficient": period.insufficient if period else 0,
        "excluded": period.excluded if period else 0,
    }
    return ObjectiveView(
        objective=objective.name,
        subject=sample.subject,
        title=objective.display_name,
        criterion=str(criterion),
        comparison=criterion.operator.sign,
        threshold=float(criterion.threshold),
        target=number_text(objective.target),
        window_s=objective.period_s,
        estimate=sample.estimate,
        verdict=_verdict(watch, sample, surroundings),
        lacks=shortfall(sample, objective),
        end_unix_s=sample.end_unix_s,
        integration_s=sample.integration_s,
        budget_remaining=None if budget is None or budget.remaining is None else float(budget.remaining),
        burn_rate=None if burning is None or burning.burn_rate is None else float(burning.burn_rate),
        events=events,
        excluded_ratio=events["excluded"] / sum(events.values()) if any(events.values()) else 0.0,
    )


def _verdict(watch: Watch, sample: IndicatorSample, surroundings: Surroundings) -> Verdict | None:
    """As the stream has it; None of a sample that the definitions in force refuse."""
    if surroundings.exclusion(watch.objective.name, sample.subject, sample.end_unix_s * NS):
        return Verdict.EXCLUDED
    try:
        return watch.judge(sample).verdict
    except SampleError:
        return None


def _alarm(state: AlertState, context: Suppressions) -> AlarmView:
    said = {name: getattr(state, name) for name in state.__struct_fields__}
    if not state.firing:
        return AlarmView(**said)
    return AlarmView(
        **said,
        suppressed=str(context.of(state) or ""),
        cause=str(context.cause(state) or ""),
        looks_like=tuple(map(str, context.looks_like(state))),
        begin_with=context.runbook(state),
    )


def _state(objectives: Sequence[ObjectiveView]) -> State:
    """The worst verdict that is not open."""
    worst = leading(objectives)
    return State(worst.verdict.value) if worst and worst.verdict else State.UNJUDGED


def _by_subject(budgets: Sequence[StoredBudget]) -> dict[tuple[str, str], StoredBudget]:
    return {(budget.subject, budget.objective): budget for budget in budgets}


def _known_period(row: DeviceRow) -> float | None:
    """The excitation period that the stream's own samples were taken with: it comes from the source or from more data."""
    for objective in row.objectives:
        period_ps = objective.estimate.parameters.get("period_ps") if objective.estimate else None
        if isinstance(period_ps, int | float) and not isinstance(period_ps, bool):
            return float(period_ps)
    return None
