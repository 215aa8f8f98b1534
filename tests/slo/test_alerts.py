from fractions import Fraction

from slo.alerts import Standing, above_threshold, alert_id, inhibitor, stand, triggers
from slo.counts import Counts
from slo.tiers import Tier
from tests.slo.samples import objective

PAGE = Tier("fast", "page", 10, 100, Fraction(10))
TICKET = Tier("slow", "ticket", 20, 100, Fraction(2), minimum_events=50)
UNDER = objective((PAGE, TICKET), target=Fraction(99, 100), period_s=100)
READY = triggers(UNDER)


def sums(short: Counts, middle: Counts, long: Counts) -> list[Counts]:
    assert UNDER.windows_s == (10, 20, 100)
    return [short, middle, long]


def test_strictly_above_in_both_windows() -> None:
    fast = READY[0]
    over, even, under = Counts(good=89, bad=11), Counts(good=90, bad=10), Counts(good=91, bad=9)
    assert fast.is_above(sums(over, over, over))
    assert not fast.is_above(sums(even, over, over))
    assert not fast.is_above(sums(over, over, even))
    assert not fast.is_above(sums(under, over, over))


def test_no_events_are_above_nothing() -> None:
    assert not READY[0].is_above(sums(Counts(insufficient=3), Counts(), Counts(good=1, bad=99)))


def test_events_are_asked_of_the_long_window() -> None:
    slow = READY[1]
    assert not slow.is_above(sums(Counts(), Counts(bad=49), Counts(bad=49)))
    assert slow.is_above(sums(Counts(), Counts(bad=1), Counts(bad=50)))


def test_an_alert_turns_when_the_first_of_its_tiers_does() -> None:
    bad, good = [Counts(bad=60)] * 3, [Counts(good=60)] * 3
    standings, turned = stand(above_threshold(READY, good), {}, 5)
    assert (standings, turned) == ({}, ())
    standings, turned = stand(above_threshold(READY, bad), standings, 10)
    assert turned == ("page", "ticket")
    assert standings == {"page": Standing(True, 10, ("fast",)), "ticket": Standing(True, 10, ("slow",))}
    standings, turned = stand(above_threshold(READY, bad), standings, 20)
    assert (standings["page"].since_unix_s, turned) == (10, ())
    mended = sums(Counts(good=5), Counts(bad=10), Counts(good=90, bad=60))
    standings, turned = stand(above_threshold(READY, mended), standings, 30)
    assert turned == ("page",)
    assert standings == {"page": Standing(False, 30, ()), "ticket": Standing(True, 10, ("slow",))}


def test_a_page_silences_the_ticket_of_the_same_objective() -> None:
    both = {"page": Standing(True, 1, ("fast",)), "ticket": Standing(True, 1, ("slow",))}
    assert inhibitor(both, "ticket") == "page"
    assert inhibitor(both, "page") is None
    assert inhibitor({**both, "page": Standing(False, 2, ())}, "ticket") is None
    assert inhibitor({**both, "sev7": Standing(True, 1, ())}, "sev7") == "page"


def test_ids() -> None:
    assert alert_id("purity", "sps-1", "page") == "purity/sps-1/page"
