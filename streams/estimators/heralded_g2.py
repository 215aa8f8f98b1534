"""g² of heralded light: N_h N_h12 / (N_h1 N_h2) (P. Grangier, G. Roger, A. Aspect, Europhys. Lett. 1, 173, 1986)."""

from schemas.records import Estimate
from streams.estimators.intervals import garwood

METHOD = "heralded g2, N_h N_h12 / (N_h1 N_h2), interval by Garwood on N_h12, v1"


def estimate_heralded_g2(heralds: int, first: int, second: int, both: int, confidence: float = 0.95) -> Estimate:
    """g² of gates in which the first, the second, or both detectors clicked.

    The interval takes ``both`` to be by far the smallest number. No gate with both: an upper limit. Detectors' dead time does not
    bias it as long as a detector's clicks are in different gates.
    """
    factor = heralds / (first * second) if first and second else None
    lower, upper = garwood(both, confidence)
    return Estimate(
        value=None if factor is None else both * factor,
        lower=None if factor is None else lower * factor,
        upper=None if factor is None else upper * factor,
        confidence=confidence,
        counts={"heralds": heralds, "first": first, "second": second, "both": both},
        unit="1",
        method=METHOD,
        warnings=() if factor is not None else ("a detector never clicked in a gate",),
    )
