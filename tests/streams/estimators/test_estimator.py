import pytest

from schemas.measurements import HomScan, SiftedBits, Trials
from streams.estimators.estimator import Estimator, EstimatorError, EstimatorParameters, kind_name, not_estimated
from streams.estimators.outcome import Outcome


class Told(EstimatorParameters, frozen=True, kw_only=True):
    window_ps: int
    share: float = 0.5
    name: str | None = None


def answer(data, parameters):
    return not_estimated(parameters, f"{len(data)} of them", unit="1", method="none, v1")


ESTIMATOR = Estimator("trial", "nothing", (HomScan, Trials), Told, answer)
DATA = Trials(successes=1, trials=2)


def test_parameters_come_as_texts_or_values():
    found = ESTIMATOR.parameters_of({"window_ps": "20", "share": "0.25", "confidence": 0.9})
    assert found == Told(window_ps=20, share=0.25, confidence=0.9)
    assert ESTIMATOR.defaults == {"confidence": 0.95, "share": 0.5, "name": None}
    assert ESTIMATOR.parameter_names == ("confidence", "window_ps", "share", "name")


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({}, "window_ps"),
        ({"window_ps": "a"}, "window_ps"),
        ({"window_ps": 1.5}, "window_ps"),
        ({"window_ps": 1, "y": 2}, "no parameter “y”"),
        ({"window_ps": 1, "confidence": 1}, "confidence is 1"),
    ],
)
def test_wrong_parameters_are_named(given, what):
    with pytest.raises(EstimatorError, match=what):
        ESTIMATOR([DATA], given)


def test_kinds_are_checked_before_anything():
    with pytest.raises(EstimatorError, match="takes hom-scan or trials, not sifted-bits"):
        ESTIMATOR([SiftedBits(sifted_z=1, errors_z=0, sifted_x=1, errors_x=0)], {"window_ps": 1})
    with pytest.raises(EstimatorError, match="not hom-scan and trials"):
        ESTIMATOR([DATA, HomScan(parallel=1, perpendicular=2)], {"window_ps": 1})
    with pytest.raises(EstimatorError, match="not nothing"):
        ESTIMATOR([], {"window_ps": 1})
    assert isinstance(ESTIMATOR([DATA, DATA], {"window_ps": 1}), Outcome)
    mixed = Estimator("mixed", "nothing", (HomScan, Trials), Told, answer, mixed=True)
    assert isinstance(mixed([DATA, HomScan(parallel=1, perpendicular=2)], {"window_ps": 1}), Outcome)


def test_what_is_not_estimated_says_why_and_with_which_parameters():
    estimate = ESTIMATOR([DATA], {"window_ps": 7}).estimate
    assert (estimate.value, estimate.lower, estimate.upper) == (None, None, None)
    assert estimate.warnings == ("1 of them",)
    assert estimate.parameters["window_ps"] == 7


def test_kinds_are_named_as_in_their_messages():
    assert kind_name(HomScan) == "hom-scan"
    assert kind_name(int) == "int"
