"""Exclusions as they were told, as evaluators have them."""

from collections.abc import Iterable

from slo.exclusions import Exclusion
from storage.past_verdicts import PastExclusion
from streams.remembering import exclusion_of


def raised(told: Iterable[PastExclusion]) -> list[Exclusion]:
    """Of those with the same subject, reason and start, the one that was told last."""
    return list({(each.subject, each.reason, each.start_unix_ns): exclusion_of(each) for each in told}.values())
