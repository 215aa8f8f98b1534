"""What the page exposes to Prometheus. Labels: devices, objectives, severities and channels; never runs or texts."""

from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from console.web.observatory import Observatory
from console.web.views import State


class FleetCollector(Collector):
    """Reads the fleet when it is scraped; nothing is counted in between."""

    def __init__(self, observatory: Observatory) -> None:
        self._observatory = observatory

    def describe(self) -> Iterator[Metric]:
        """Nothing is promised before the first scrape: registering must not ask the store."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        view = self._observatory.fleet()
        firing = GaugeMetricFamily(
            "photonwatch_alert_firing", "1 while the alert fires", labels=("objective", "subject", "severity")
        )
        for alert in self._observatory.alerts().alerts:
            firing.add_metric((alert.objective, alert.subject, alert.severity), float(alert.firing))
        remaining = GaugeMetricFamily(
            "photonwatch_error_budget_remaining_ratio",
            "Part of the error budget that is left; negative when overspent",
            labels=("objective", "subject"),
        )
        age = GaugeMetricFamily(
            "photonwatch_sample_age_seconds", "Since the end of the latest judged sample", labels=("objective", "subject")
        )
        seen = GaugeMetricFamily("photonwatch_device_last_seen_seconds", "Since the device was last heard", labels=("device",))
        state = GaugeMetricFamily("photonwatch_device_state", "1 for the device's present state", labels=("device", "state"))
        rate = GaugeMetricFamily("photonwatch_singles_rate_hertz", "Tags a second of live time", labels=("device", "channel"))
        for row in view.devices:
            seen.add_metric((row.device,), view.at_unix_s - row.last_seen_unix_s)
            for kind in State:
                state.add_metric((row.device, kind.value), float(row.state is kind))
            for channel, rate_hz in row.rates_hz.items():
                rate.add_metric((row.device, channel), rate_hz)
            for objective in row.objectives:
                labels = (objective.objective, objective.subject)
                if objective.budget_remaining is not None:
                    remaining.add_metric(labels, objective.budget_remaining)
                if objective.end_unix_s is not None:
                    age.add_metric(labels, view.at_unix_s - objective.end_unix_s)
        yield from (firing, remaining, age, seen, state, rate)
