"""Events, telemetry and measurements while the worker is killed again and again: each row once, each window sampled once."""

import asyncio
import threading
import time

import pytest

from producers.publisher import Publisher
from schemas.broker import BrokerConnection
from schemas.events import Event, Heartbeat, State, Swaps
from schemas.ids import DeviceId, RunId, SubjectId
from schemas.measurements import HomScan, Measurement
from schemas.telemetry import Reading, Telemetry
from schemas.topics import EVENTS, MEASUREMENTS, TELEMETRY
from storage.client import connect
from tests.live import LivePlatform, until

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(400)]
SUBJECTS = tuple(SubjectId(f"qic-hop-{index}") for index in range(8))
ROUNDS = 120
SPAN_NS = 2 * 10**9


async def tell(bootstrap: str, start_ns: int) -> None:
    """Each round every subject tells of swaps, a heartbeat, a temperature and an interference; rounds are 2 s of event time."""
    async with Publisher(BrokerConnection(bootstrap=bootstrap)) as publisher:
        for turn in range(ROUNDS):
            begun_ns = start_ns + turn * SPAN_NS
            for subject in SUBJECTS:
                about = {"subject": subject, "device": DeviceId(subject), "run": RunId("r")}
                times = {"start_unix_ns": begun_ns, "end_unix_ns": begun_ns + SPAN_NS}
                for number, what in enumerate((Swaps(attempts=20, acknowledged=turn % 21), Heartbeat(state=State.OPERATIONAL))):
                    event = Event(**about, **times, source=subject, sequence=2 * turn + number, what=what)
                    await publisher.send_record(EVENTS, subject, event)
                reading = Reading(metric="cryostat.temperature", unit="K", value=4.0 + turn / 1000)
                telemetry = Telemetry(
                    device=DeviceId(subject), source="sensor", unix_ns=begun_ns, readings=(reading,), run=RunId("r")
                )
                await publisher.send_record(TELEMETRY, subject, telemetry)
                measurement = Measurement(**about, **times, data=HomScan(parallel=10 + turn, perpendicular=400))
                await publisher.send_record(MEASUREMENTS, subject, measurement)
            await asyncio.sleep(0.15)


def test_every_record_once_and_every_window_once(platform: LivePlatform) -> None:
    start_ns = (time.time_ns() // 10**9 - ROUNDS * 2 - 120) // 60 * 60 * 10**9
    worker = platform.worker()
    teller = threading.Thread(target=lambda: asyncio.run(tell(platform.broker.address, start_ns)))
    teller.start()
    for _ in range(4):
        time.sleep(5)
        worker.kill()
        worker = platform.worker()
    teller.join(120)
    with connect(platform.store) as store:

        def stored(table: str) -> int:
            return int(store.query(f"SELECT count() AS n FROM {table}")["n"][0].as_py())

        wanted = {
            "events": 2 * ROUNDS * len(SUBJECTS),
            "telemetry": ROUNDS * len(SUBJECTS),
            "measurements": ROUNDS * len(SUBJECTS),
        }
        until(lambda: all(stored(table) >= count for table, count in wanted.items()), 90, "every record")
        swaps = (
            "SELECT sum(counts['trials']) AS trials, count() AS n, uniqExact(subject, time) AS windows "
            "FROM (SELECT * FROM indicator_samples WHERE indicator = 'qic.M9' LIMIT 1 BY subject, time)"
        )
        trials = 20 * ROUNDS * len(SUBJECTS)
        until(lambda: store.query(swaps)["trials"][0].as_py() == trials, 90, f"{trials} swaps in closed windows")
        assert {table: stored(table) for table in wanted} == wanted
        twice = store.query(
            "SELECT subject, time FROM indicator_samples WHERE indicator = 'qic.M9' GROUP BY 1, 2 HAVING count() > 1"
        )
        assert twice.num_rows == 0
    assert worker.alive
