"""Samples of the store are those of a file, and both are judged alike."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from console.backtesting import Side, trials
from console.past_samples import FileSamples, StoredSamples
from schemas.ids import IndicatorId, SubjectId
from schemas.records import Verdict
from slo.instant import NS
from storage import tables
from storage.client import StoreAddress
from storage.reader import Reader
from storage.writer import Writer
from tests.fixtures_engine import EmbeddedEngine
from tests.migrated import migrated
from tests.slo.samples import INDICATOR, estimate, objective, sample
from tests.storage.tables.test_judgements import stored

pytestmark = pytest.mark.stack
T = 1_790_000_000
VERDICTS = (Verdict.GOOD, Verdict.GOOD, Verdict.BAD, Verdict.INSUFFICIENT)


@pytest.fixture
def reader(engine: EmbeddedEngine) -> Reader:
    address = migrated(engine, "past_samples")
    return Reader(address)


def test_store_and_file_say_the_same(reader: Reader, engine: EmbeddedEngine, tmp_path: Path) -> None:
    samples = [
        sample(T + 10 * index, VERDICTS[index % 4], subject=subject, run=f"run-{index // 50}")
        for index in range(200)
        for subject in ("sps-one", "sps-two")
    ]
    samples.append(msgspec.structs.replace(samples[0], estimate=estimate(None, 0.2, counts={"wins": 3, "tries": 4})))
    file = tmp_path / "samples.jsonl"
    file.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in samples))
    address = StoreAddress(engine.host, engine.port, engine.user, engine.password, "past_samples")
    writer = Writer(address, "a-worker")
    writer.write(stored("past", 0, **{tables.SAMPLES: tables.sample_rows(samples[:300])}))
    writer.write(stored("past", 8, **{tables.SAMPLES: tables.sample_rows(samples[300:])}))
    writer.close()
    with reader:
        of_store, of_file = StoredSamples(reader), FileSamples(file)
        asked, span = (INDICATOR,), (T - 1, T + 1_980)
        assert of_store.span(asked) == of_file.span(asked) == (T, T + 1_990)
        assert of_store.span((IndicatorId("sps.M2"),)) is of_file.span((IndicatorId("sps.M2"),)) is None
        assert of_store.subjects(asked, span) == of_file.subjects(asked, span) == ["sps-one", "sps-two"]
        for subject in (SubjectId("sps-one"), SubjectId("sps-two")):
            (one,), (other,) = (each.of(subject, asked, span, ("tries", "wins")) for each in (of_store, of_file))
            order = np.argsort(other.ends_unix_s)
            assert (one.subject, one.device, one.unit) == (other.subject, other.device, other.unit)
            for name in ("ends_unix_s", "lower", "upper", "counted"):
                assert np.array_equal(getattr(one, name), getattr(other, name)[order])
            for name in ("tries", "wins"):
                assert np.array_equal(one.counts[name], other.counts[name][order])
        under = objective()
        sides = [Side((under,), each, {}) for each in (of_store, of_file)]
        stretch = sides[0].span()
        assert stretch == sides[1].span() == ((T - 1) * NS, (T + 1_990) * NS)
        of_side = [list(trials(side, stretch, (), ("*-two",))) for side in sides]
        assert of_side[0] == of_side[1]
        (trial,) = of_side[0]
        assert trial.tally == (100, 50, 50, 0)
