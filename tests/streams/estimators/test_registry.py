"""The registry and the table of indicators name the same things."""

import pytest

from slo.catalogue import catalogue
from streams.estimators.estimator import EstimatorError
from streams.estimators.registry import estimators


def test_every_estimator_that_an_indicator_names_exists_and_knows_its_parameters():
    known = estimators()
    for row in catalogue().values():
        assert set(row.estimators) <= set(known), row.id
        for name, text in row.parameters.items():
            takers = [known[each] for each in row.estimators if name in known[each].parameter_names]
            assert takers, f"{row.id}: no estimator has the parameter {name}"
            for taker in takers:
                taker.parameters_of({name: text})


def test_every_estimator_has_its_own_name_and_an_indicator():
    named = {name for row in catalogue().values() for name in row.estimators}
    assert set(estimators()) == named


@pytest.mark.parametrize("estimator", estimators().values(), ids=estimators())
def test_nothing_or_something_else_is_refused_in_words(estimator):
    for data in ([], [object()], [3.0]):
        with pytest.raises(EstimatorError, match=f"{estimator.name} takes "):
            estimator(data)
    with pytest.raises(EstimatorError, match="no parameter “colour”"):
        estimator.parameters_of({"colour": "red"})
    with pytest.raises(EstimatorError, match="confidence"):
        estimator.parameters_of({"confidence": "1.5"})
    with pytest.raises(EstimatorError, match="confidence"):
        estimator.parameters_of({"confidence": "high"})
