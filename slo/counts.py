"""What a budget counts: good and bad events, and beside them those that neither burn nor repair it."""

from fractions import Fraction
from typing import NamedTuple

from schemas.records import Verdict

Amount = int | Fraction
"""Events, or parts of them where time slices are averaged."""


class Counts(NamedTuple):
    """Events by verdict. Only good and bad ones enter ratios."""

    good: Amount = 0
    bad: Amount = 0
    insufficient: Amount = 0
    excluded: Amount = 0

    @property
    def events(self) -> Amount:
        return self.good + self.bad


class Bucket(NamedTuple):
    """Counts that belong to the windows by ``end_unix_s``."""

    end_unix_s: int
    counts: Counts


ONE_OF = {
    Verdict.GOOD: Counts(good=1),
    Verdict.BAD: Counts(bad=1),
    Verdict.INSUFFICIENT: Counts(insufficient=1),
    Verdict.EXCLUDED: Counts(excluded=1),
}
"""The counts of one sample."""
