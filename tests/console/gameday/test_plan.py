"""Plans: what is asked for, else what a failure takes, else the usual."""

from console.gameday.plan import Plan, plan_for
from producers.fault_catalogue import load_failures

FAILURES = load_failures()


def test_the_usual_times_unless_the_failure_takes_longer_or_somebody_says_so() -> None:
    assert plan_for(FAILURES["sps.F1"]) == Plan()
    longer = plan_for(FAILURES["qdp.F7"], neighbours=2)
    assert longer.healthy_s > Plan().healthy_s
    assert longer.neighbours == 2
    assert plan_for(FAILURES["qdp.F7"], healthy_s=60.0, lasts_s=30.0, size=2.0) == Plan(60.0, 30.0, 1, 2.0)
