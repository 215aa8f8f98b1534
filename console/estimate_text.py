"""An estimate in words."""

from schemas.records import Estimate


def estimate_text(name: str, estimate: Estimate) -> str:
    """``g²(0) = 0.358, 95 % interval 0.33 … 0.39``; a limit says that it is one."""
    level, unit = f"{estimate.confidence * 100:g} %", "" if estimate.unit == "1" else f" {estimate.unit}"
    lower, upper = (None if bound is None else f"{bound:.6g}" for bound in (estimate.lower, estimate.upper))
    if estimate.value is not None:
        return f"{name} = {estimate.value:.6g}{unit}, {level} interval {lower or '–∞'} … {upper or '∞'}"
    if upper is not None:
        return f"{name} < {upper}{unit} ({level} upper limit)"
    if lower is not None:
        return f"{name} > {lower}{unit} ({level} lower limit)"
    return f"{name}: no value"
