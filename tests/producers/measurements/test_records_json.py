"""Records as they flow, from files: one, an array, one a line; whole measurements or their data alone."""

from pathlib import Path

import msgspec
import pytest

from producers.errors import MeasurementFileError
from producers.measurements.registry import choose, read
from schemas.events import Event, Swaps
from schemas.ids import DeviceId, RunId, SubjectId
from schemas.measurements import HomScan, Measurement, Trials

_HOM = HomScan(parallel=3, perpendicular=9)
_WHOLE = Measurement(subject=SubjectId("s"), device=DeviceId("s"), run=RunId("r"), start_unix_ns=0, end_unix_ns=5, data=_HOM)
_EVENT = Event(
    subject=SubjectId("s"),
    device=DeviceId("s"),
    run=RunId("r"),
    source="c",
    sequence=1,
    start_unix_ns=0,
    end_unix_ns=0,
    what=Swaps(attempts=3, acknowledged=2),
)


def _read(path: Path, content: bytes, kind: type) -> tuple[object, ...]:
    path.write_bytes(content)
    return read(choose(path, [kind]), path, {}).data


def test_one_several_and_one_a_line(tmp_path: Path) -> None:
    one = msgspec.json.encode(_HOM)
    whole = msgspec.json.encode(_WHOLE)
    assert _read(tmp_path / "a.json", one, HomScan) == (_HOM,)
    assert _read(tmp_path / "a.json", whole, HomScan) == (_HOM,)
    assert _read(tmp_path / "a.json", b"\xef\xbb\xbf[" + one + b"," + whole + b"]", HomScan) == (_HOM, _HOM)
    assert _read(tmp_path / "a.jsonl", one + b"\n\n" + one + b"\n", HomScan) == (_HOM, _HOM)
    event = msgspec.json.encode(_EVENT)
    assert _read(tmp_path / "a.json", event, Event) == (_EVENT,)
    mixed = _read(tmp_path / "a.jsonl", event + b"\n" + msgspec.json.encode(Trials(successes=1, trials=2)), Event)
    assert mixed == (_EVENT, Trials(successes=1, trials=2))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"{", "not JSON"),
        (b'{"kind":"hom-scan"}\n{"kind":', "not JSON"),
        (b"[1]", "record 0 is none"),
        (b'{"colour":"red"}', "record 0 is none"),
        (b'{"kind":"hom-scan","parallel":1}', "perpendicular"),
        (b'{"kind":"hom-scan","parallel":-1,"perpendicular":2}', "not below 0"),
        (b'{"kind":"hom-scan","parallel":1.5,"perpendicular":2}', "parallel"),
        (b'{"kind":"dream"}', "dream"),
        (b"[" * 100_000, "JSON"),
    ],
)
def test_what_is_no_record_is_named(tmp_path: Path, content: bytes, what: str) -> None:
    with pytest.raises(MeasurementFileError, match=what):
        _read(tmp_path / "a.json", content, HomScan)
