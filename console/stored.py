"""Panes of the store, added up: what an offline analysis computes from a file, computed from what was streamed."""

from schemas.ids import DeviceId, DomainId, RunId
from schemas.panes import PANE_PS, CoincidencePane, CorrelationPane, PaneKey, PaneParameters, PaneResults, SinglesPane
from storage.client import Client
from storage.reader import Level, Reader
from streams.pane_sum import PaneSum

_END_OF_TIME = (1 << 32) - 1


def stored_sum(
    reader: Reader,
    device: DeviceId,
    run: RunId,
    parameters: PaneParameters,
    *,
    since: int = 0,
    until: int = _END_OF_TIME,
    level: Level = Level.SECOND,
    with_coincidences: bool = True,
) -> PaneSum:
    """Sum of the run's panes that start in [since, until), UTC seconds. Panes of other analysis parameters are left out.

    All levels hold the same counts; a coarser one is quicker to read, and follows changing rates less closely.

    Raises:
        StoreError: the store is away, or refuses.
    """
    total = PaneSum(parameters)
    singles = reader.singles(device, run, since, until, level)
    for row in range(singles.tags.size):
        key = PaneKey(DomainId(device), device, run, int(singles.start_unix_s[row]))
        live_ps, lost_ps = (round(float(seconds[row]) * PANE_PS) for seconds in (singles.live_s, singles.lost_s))
        total.add(PaneResults((SinglesPane(key, int(singles.channel[row]), int(singles.tags[row]), live_ps, lost_ps),)))
    key = PaneKey(DomainId(device), device, run, since)
    for one in reader.correlations(device, run, since, until, level):
        if (one.first_edge_ps, one.bin_width_ps, one.counts.size) == (
            -parameters.half_range_ps,
            parameters.bin_width_ps,
            parameters.bins,
        ):
            pane = CorrelationPane(key, one.start_channel, one.stop_channel, one.first_edge_ps, one.bin_width_ps, one.counts)
            total.add(PaneResults(correlations=(pane,)))
    for counted in reader.coincidences(device, run, since, until, level) if with_coincidences else ():
        if counted.window_ps == parameters.coincidence_window_ps:
            coincidence = CoincidencePane(key, counted.channels, counted.window_ps, counted.coincidences)
            total.add(PaneResults(coincidences=(coincidence,)))
    return total


def known_period_ps(client: Client, device: DeviceId, run: RunId) -> float | None:
    """The excitation period as the run's source said it; None where it said none.

    Raises:
        StoreError: the store is away, or refuses.
    """
    rows = client.query(
        "SELECT max(period_ps) AS period_ps FROM blocks WHERE device = {device:String} AND run = {run:String}",
        {"device": device, "run": run},
    )
    period_ps: float | None = rows["period_ps"][0].as_py()
    return period_ps
