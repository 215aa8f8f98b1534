"""Error per gate: simulated decays seen to their end and not, sequences alike and not."""

import numpy as np
import pytest

from schemas.measurements import RandomizedBenchmarking
from streams.estimators.estimator import EstimatorError
from streams.estimators.randomized_benchmarking import ESTIMATOR

LENGTHS = (1, 5, 10, 20, 40, 80, 160, 320)
CASES = [
    {},
    {"spread": 0.3},
    {"sequences": 1},
    {"error": 1e-2},
    {"error": 2e-4},
    {"error": 5e-2, "shots": 500},
    {"sequences": 30, "spread": 0.5},
]


def measured(generator, *, error=1e-3, lengths=LENGTHS, sequences=10, shots=200, spread=0.0, size=0.45):
    """``spread``: how much the errors of single sequences differ, relative."""
    length = np.repeat(lengths, sequences)
    p = 1 - 2 * error
    survival = 0.5 + size * p**length * (1 + spread * generator.normal(size=length.size) * length * error)
    return RandomizedBenchmarking(
        length=tuple(length.tolist()),
        survivals=tuple(generator.binomial(shots, np.clip(survival, 0, 1)).tolist()),
        trials=(shots,) * length.size,
    )


def test_coverage():
    held = trials = 0
    for case in CASES:
        for seed in range(40):
            estimate = ESTIMATOR([measured(np.random.default_rng(seed), **case)]).estimate
            held += estimate.lower <= case.get("error", 1e-3) <= (estimate.upper or np.inf)
            trials += 1
    assert 0.90 <= held / trials <= 0.99


def test_a_known_asymptote_tells_more():
    data = [measured(np.random.default_rng(1), error=5e-4)]
    free, known = ESTIMATOR(data).estimate, ESTIMATOR(data, {"asymptote": 0.5}).estimate
    assert known.lower < 5e-4 < known.upper
    assert known.upper - known.lower < (free.upper - free.lower) / 3
    assert known.parameters["asymptote"] == 0.5


def test_error_is_that_of_a_gate_in_its_space():
    data = measured(np.random.default_rng(1), error=1e-2)
    one = ESTIMATOR([data])
    p = one.estimate.parameters["p"]
    assert one.estimate.value == pytest.approx((1 - p) / 2)
    import msgspec

    two = msgspec.structs.replace(data, dimension=4, gates_per_clifford=1.5)
    assert ESTIMATOR([two]).estimate.value == pytest.approx((1 - p) * 3 / 4 / 1.5)
    assert one.model.parameters["p"].value == p
    (curve,) = one.model.curves
    assert curve.data == pytest.approx(curve.model, abs=0.03)
    with pytest.raises(EstimatorError, match="several dimensions"):
        ESTIMATOR([data, two])


def test_scatter_between_sequences_widens_the_interval():
    alike, unlike = (ESTIMATOR([measured(np.random.default_rng(2), error=5e-3, spread=spread)]).estimate for spread in (0.0, 0.5))
    assert unlike.upper - unlike.lower > 1.2 * (alike.upper - alike.lower)


def test_what_does_not_fall_is_no_error_rate():
    for seed in range(20):
        flat = ESTIMATOR([measured(np.random.default_rng(seed), size=0.0)]).estimate
        assert (flat.value, flat.lower, flat.upper) == (None, None, None)
    assert "does not fall" in flat.warnings[0]
    rising = measured(np.random.default_rng(1), size=-0.3)
    assert ESTIMATOR([rising]).estimate.value is None
    perfect = RandomizedBenchmarking(length=LENGTHS, survivals=(200,) * 8, trials=(200,) * 8)
    assert ESTIMATOR([perfect]).estimate.value is None


def test_too_few_lengths_and_none_at_all():
    for length, trials in (((1, 10, 100), (50, 50, 50)), ((), ()), ((1, 5, 10, 20), (0, 0, 0, 0))):
        data = RandomizedBenchmarking(length=length, survivals=(0,) * len(length), trials=trials)
        assert "different lengths" in ESTIMATOR([data]).estimate.warnings[0]


@pytest.mark.parametrize(("change", "why"), [({"dimension": 1}, "a qubit has 2"), ({"gates_per_clifford": 0.0}, "above 0")])
def test_spaces_that_cannot_be_are_refused(change, why):
    import msgspec

    with pytest.raises(EstimatorError, match=why):
        ESTIMATOR([msgspec.structs.replace(measured(np.random.default_rng(1)), **change)])
    with pytest.raises(EstimatorError, match="between 0 and 1"):
        ESTIMATOR([measured(np.random.default_rng(1))], {"asymptote": 1.5})
