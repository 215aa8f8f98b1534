"""Verdicts read back for a restart: all that count, in the order in which they were made."""

import pytest

from schemas.records import Verdict
from storage import tables
from storage.client import Client
from storage.tables import JudgedSample
from storage.verdicts import verdicts_before
from storage.writer import Writer
from tests.storage.tables.test_judgements import sample, stored

pytestmark = pytest.mark.stack


def test_they_come_in_the_order_in_which_they_were_made(writer: Writer, client: Client, device: str) -> None:
    made = [
        JudgedSample(sample(device, 1_790_000_000 + end), objective, verdict)
        for end, objective, verdict in (
            (30, "b", Verdict.GOOD),
            (10, "a", Verdict.BAD),
            (20, "b", Verdict.INSUFFICIENT),
            (15, "a", Verdict.EXCLUDED),
        )
    ]
    for place, lo in enumerate((0, 8)):
        rows = tables.verdict_rows(made[2 * place : 2 * place + 2])
        writer.write(stored(device, lo, **{tables.VERDICTS: rows}))

    def found(offset: int, span_s: int) -> list[tuple[int, str, Verdict]]:
        rows = verdicts_before(client, pipeline="slo-1", topic=device, partition=0, offset=offset, span_s=span_s)
        return [(one.end_unix_s - 1_790_000_000, one.objective, one.verdict) for one in rows]

    assert found(16, 3_600) == [
        (30, "b", Verdict.GOOD),
        (10, "a", Verdict.BAD),
        (20, "b", Verdict.INSUFFICIENT),
        (15, "a", Verdict.EXCLUDED),
    ]
    assert found(8, 3_600) == [(30, "b", Verdict.GOOD), (10, "a", Verdict.BAD)]
    assert found(16, 10) == [(30, "b", Verdict.GOOD), (10, "a", Verdict.BAD), (15, "a", Verdict.EXCLUDED)]
