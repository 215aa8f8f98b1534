"""Through the real store: whenever a worker is replaced, the next one goes on with the very same batches."""

import pytest
from prometheus_client import CollectorRegistry

from slo.catalogue import catalogue
from slo.definitions import load
from slo.evaluation import Evaluator
from storage.client import Client, StoreAddress
from storage.past_verdicts import PastVerdicts
from storage.writer import Writer
from streams import positions as positions_codec
from streams.budget_sampling import ALARM, ALARMS_S, BudgetSampler
from streams.estimators.registry import estimators
from streams.metrics import WorkerMetrics
from streams.pipeline import Finished
from streams.remembering import composite_standings, exclusion_of, recent_alarms, remembered
from streams.slo_pipeline import NAME, SloPipeline
from tests.fixtures_engine import EmbeddedEngine
from tests.migrated import migrated
from tests.storage.conftest import client, writer  # noqa: F401
from tests.streams.test_slo_pipeline import history, run

pytestmark = pytest.mark.stack
DEFINITIONS = load()


@pytest.fixture(scope="session")
def address(engine: EmbeddedEngine) -> StoreAddress:
    return migrated(engine, "remembering")


def opened(client: Client, finished: Finished | None) -> SloPipeline:  # noqa: F811
    resume = 0 if finished is None else finished.batch.hi
    past = PastVerdicts(client, NAME, "remembered", 1, resume)
    positions = positions_codec.decode(b"{}" if finished is None else finished.batch.positions)
    objectives = {each.name: each for each in DEFINITIONS.objectives}
    return SloPipeline(
        "remembered",
        1,
        evaluator=Evaluator(DEFINITIONS),
        objectives=objectives,
        metrics=WorkerMetrics(CollectorRegistry()),
        positions=positions,
        tracks=remembered(past, DEFINITIONS.objectives, lambda error: pytest.fail(str(error))),
        exclusions=[exclusion_of(told) for told in past.exclusions()],
        composites=composite_standings(past, DEFINITIONS.objectives),
        sampler=BudgetSampler(catalogue(), estimators(), objectives),
        alarms=recent_alarms(past, ALARM, ALARMS_S),
    )


@pytest.mark.slow
def test_twenty_restarts_lose_nothing(writer: Writer, client: Client) -> None:  # noqa: F811
    messages = history(240)
    whole = run(opened(client, None), messages)
    assert len(whole) > 20
    last = None
    for index, expected in enumerate(whole[:-1]):
        worker = opened(client, last)
        made = run(worker, [message for message in messages if message.offset >= expected.batch.lo])[0]
        assert made.batch.tables == expected.batch.tables, index
        assert made.batch.positions == expected.batch.positions
        writer.write(made.batch)
        last = made
