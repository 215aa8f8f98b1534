"""Run ids: readable, sortable, unique."""

import re

from producers.run_ids import new_run, source_of
from schemas.ids import DeviceId, RunId


def test_a_run_says_when_and_never_comes_twice() -> None:
    assert new_run(lambda: 1_772_893_435 * 10**9, lambda size: "ab" * size) == "20260307T142355Z-ababab"
    runs = {new_run() for _ in range(200)}
    assert len(runs) == 200
    assert all(re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{6}", run) for run in runs)


def test_a_source_is_a_device_in_a_run() -> None:
    assert source_of(DeviceId("sps-a"), RunId("r")) == "sps-a/r"
