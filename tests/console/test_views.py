"""Which objective a line of the fleet page shows."""

import pytest

from console.web.views import ObjectiveView, leading
from schemas.ids import SubjectId
from schemas.records import Verdict


def view(name: str, verdict: Verdict | None) -> ObjectiveView:
    return ObjectiveView(
        objective=name,
        subject=SubjectId("qdp-1"),
        title=name,
        criterion="",
        comparison="<",
        threshold=1.0,
        target="0.99",
        window_s=60,
        estimate=None,
        verdict=verdict,
        lacks=None,
        end_unix_s=None,
        integration_s=None,
        budget_remaining=None,
        burn_rate=None,
        events={},
        excluded_ratio=0.0,
    )


@pytest.mark.parametrize(
    ("verdicts", "shown"),
    [
        ((Verdict.GOOD, Verdict.BAD, Verdict.BAD), "1"),
        ((None, Verdict.EXCLUDED, Verdict.GOOD), "1"),
        ((Verdict.INSUFFICIENT, Verdict.GOOD, Verdict.EXCLUDED), "2"),
        ((None, Verdict.INSUFFICIENT, Verdict.GOOD), "2"),
        ((None, Verdict.INSUFFICIENT), "1"),
        ((Verdict.GOOD, Verdict.GOOD), "0"),
        ((None,), "0"),
    ],
)
def test_the_worst_leads_and_of_equals_the_first(verdicts: tuple[Verdict | None, ...], shown: str) -> None:
    found = leading([view(str(place), verdict) for place, verdict in enumerate(verdicts)])
    assert found is not None
    assert found.objective == shown


def test_nothing_leads_where_there_is_nothing() -> None:
    assert leading([]) is None
