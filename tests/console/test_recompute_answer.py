"""What a recomputation says of samples and their verdicts."""

from dataclasses import replace

import msgspec

from console.recompute_answer import Recomputation
from schemas.records import IndicatorSample, Verdict
from slo.catalogue import catalogue
from slo.objective import EventCounts
from streams.recomputing import Recomputed
from tests.slo.samples import objective, sample

UNDER = objective()
assert UNDER.criterion
OF_EVENTS = replace(UNDER, criterion=replace(UNDER.criterion, events=EventCounts("tries", good="wins")))


def of(wins: int) -> IndicatorSample:
    one = sample(1_790_000_000, Verdict.GOOD)
    return msgspec.structs.replace(one, estimate=msgspec.structs.replace(one.estimate, counts={"tries": 9, "wins": wins}))


def test_verdicts_are_those_of_the_stream_where_events_count() -> None:
    (row, *_) = catalogue().values()
    found = [Recomputed(of(9), of(8)), Recomputed(of(9), of(9))]
    by_events = Recomputation(row, "sps-one", "new.yaml", OF_EVENTS, found).document()
    assert [(one["old"]["verdict"], one["new"]["verdict"]) for one in by_events["samples"]] == [("good", "bad"), ("good", "good")]
    assert (by_events["verdicts_turned"], by_events["objective"]) == (1, OF_EVENTS.name)
    assert Recomputation(row, "sps-one", "new.yaml", UNDER, found).document()["verdicts_turned"] == 0
