"""Events, telemetry and measurements, as they came."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import msgspec

from schemas.events import Event, What
from schemas.ids import DeviceId, RunId, SubjectId
from schemas.measurements import Data, Measurement
from schemas.telemetry import Reading, ReadingState, Telemetry
from storage.reader.question import END_OF_TIME, Questions

_what = msgspec.json.Decoder(What)
_data: msgspec.json.Decoder[Data] = msgspec.json.Decoder(Data)
_BETWEEN = "time >= fromUnixTimestamp({since:UInt32}) AND time < fromUnixTimestamp({until:UInt32})"
_START, _END = "toUnixTimestamp64Nano(time)", "toUnixTimestamp64Nano(until)"


class Report(NamedTuple):
    """The readings of one source at one time: ``values`` of ``metrics``."""

    source: str
    unix_s: float
    metrics: Sequence[str]
    values: Sequence[float]


class RecordQuestions(Questions):
    """Asks for what devices told beside tags. Times are UTC seconds; of more than ``limit`` the latest, the earliest first."""

    def events(
        self, subject: SubjectId, since: int = 0, kind: str = "", limit: int = 10_000, until: int = END_OF_TIME
    ) -> list[Event]:
        """Events of a subject that began in [since, until), of one kind or all."""
        rows = self._client.query(
            f"SELECT *, {_START} AS start_unix_ns, {_END} AS end_unix_ns FROM events WHERE subject = {{subject:String}} "
            f"AND ({{kind:String}} = '' OR kind = {{kind:String}}) AND {_BETWEEN} "
            "ORDER BY time DESC, source DESC, sequence DESC LIMIT 1 BY time, source, sequence LIMIT {limit:UInt32}",
            {"subject": subject, "kind": kind, "since": since, "until": until, "limit": limit},
        )
        return [
            Event(
                subject=SubjectId(row["subject"]),
                device=DeviceId(row["device"]),
                run=RunId(row["run"]),
                source=row["source"],
                sequence=row["sequence"],
                start_unix_ns=row["start_unix_ns"],
                end_unix_ns=row["end_unix_ns"],
                what=_what.decode(row["what"]),
                firmware=row["firmware"],
            )
            for row in reversed(rows.to_pylist())
        ]

    def telemetry(
        self, device: DeviceId, since: int = 0, metric: str = "", limit: int = 10_000, until: int = END_OF_TIME
    ) -> list[Telemetry]:
        """Readings of a device in [since, until), of one metric or all; each as a message of its own."""
        rows = self._client.query(
            f"SELECT *, {_START} AS unix_ns FROM telemetry WHERE device = {{device:String}} "
            f"AND ({{metric:String}} = '' OR metric = {{metric:String}}) AND {_BETWEEN} "
            "ORDER BY time DESC, metric DESC, source DESC LIMIT {limit:UInt32}",
            {"device": device, "metric": metric, "since": since, "until": until, "limit": limit},
        )
        return [
            Telemetry(
                device=DeviceId(row["device"]),
                source=row["source"],
                unix_ns=row["unix_ns"],
                readings=(
                    Reading(
                        metric=row["metric"],
                        unit=row["unit"],
                        value=row["value"],
                        state=ReadingState(row["state"]),
                        detail=row["detail"],
                    ),
                ),
                run=RunId(row["run"]),
                firmware=row["firmware"],
            )
            for row in reversed(rows.to_pylist())
        ]

    def reports(self, device: DeviceId, metrics: Collection[str], since: int, until: int) -> list[Report]:
        """What the sensors of a device and its links read of these metrics in [since, until), by time; some hold none."""
        rows = self._client.query(
            f"SELECT source, min({_START}) / 1e9 AS unix_s, groupArrayIf(metric, is_told) AS metrics, "
            "groupArrayIf(assumeNotNull(value), is_told) AS values FROM "
            "(SELECT *, metric IN {metrics:Array(String)} AND isNotNull(value) AS is_told FROM telemetry "
            f"WHERE device = {{device:String}} AND {_BETWEEN}) GROUP BY source, time ORDER BY unix_s, source",
            {"device": device, "metrics": sorted(metrics), "since": since, "until": until},
        )
        return list(map(Report, *(rows[name].to_pylist() for name in Report._fields)))

    def measurements(
        self, subject: SubjectId, since: int = 0, kind: str = "", limit: int = 1_000, until: int = END_OF_TIME
    ) -> list[Measurement]:
        """Measurements of a subject that ended in [since, until), of one kind or all."""
        rows = self._client.query(
            "SELECT *, toUnixTimestamp64Nano(began) AS start_unix_ns, toUnixTimestamp64Nano(time) AS end_unix_ns "
            "FROM measurements WHERE subject = {subject:String} AND ({kind:String} = '' OR kind = {kind:String}) "
            f"AND {_BETWEEN} ORDER BY time DESC, kind DESC LIMIT {{limit:UInt32}}",
            {"subject": subject, "kind": kind, "since": since, "until": until, "limit": limit},
        )
        return [
            Measurement(
                subject=SubjectId(row["subject"]),
                device=DeviceId(row["device"]),
                run=RunId(row["run"]),
                start_unix_ns=row["start_unix_ns"],
                end_unix_ns=row["end_unix_ns"],
                data=_data.decode(row["data"]),
                firmware=row["firmware"],
                calibration=row["calibration"],
                conditions=msgspec.json.decode(row["conditions"]),
            )
            for row in reversed(rows.to_pylist())
        ]
