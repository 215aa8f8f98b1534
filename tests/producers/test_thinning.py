"""A repeated message passes once an interval and says how often it came."""

import logging

from producers.thinning import ThinOut


def test_repetitions_are_held_and_counted() -> None:
    now = 0.0
    thin = ThinOut(10.0, lambda: now)
    texts = []
    for step in range(31):
        now = step * 1.0
        record = logging.LogRecord("aiokafka", logging.ERROR, "f", 1, "Unable to reach %s at 100%%", (f"node {step}",), None)
        other = logging.LogRecord("aiokafka", logging.ERROR, "f", 1, "other", (), None)
        if thin.filter(record):
            texts.append(record.getMessage())
        assert thin.filter(other) == (step % 10 == 0)
    assert texts == [
        "Unable to reach node 0 at 100%",
        *(f"Unable to reach node {n} at 100% (9 times more since)" for n in (10, 20, 30)),
    ]
