from schemas.ids import SubjectId
from slo.silence import Heard, Silence, Silences

A, B = Heard("up", SubjectId("a")), Heard("up", SubjectId("b"))
RULES = {"up": (("page", 900), ("ticket", 60)), "other": ()}


def test_silence_begins_after_its_time_and_ends_with_the_next_word() -> None:
    silences = Silences(RULES)
    assert silences.hear(A, 1_000) == []
    assert silences.hear(Heard("other", SubjectId("a")), 1_000) == []
    assert silences.pass_to(60_999) == []
    assert silences.pass_to(61_000) == [Silence(A, "ticket", 60, 1_000, silent=True)]
    assert silences.pass_to(800_000) == []
    assert silences.pass_to(901_000) == [Silence(A, "page", 900, 1_000, silent=True)]
    assert not silences.waiting
    assert silences.hear(A, 950_000) == [
        Silence(A, "page", 900, 950_000, silent=False),
        Silence(A, "ticket", 60, 950_000, silent=False),
    ]
    assert silences.waiting


def test_who_speaks_keeps_nobody_else_awake() -> None:
    silences = Silences({"up": (("ticket", 60),)})
    silences.hear(A, 0)
    silences.hear(B, 0)
    silences.hear(A, 50_000)
    assert [one.heard for one in silences.pass_to(70_000)] == [B]


def test_restored_as_it_was() -> None:
    silences = Silences(RULES)
    silences.hear(B, 500)
    silences.hear(A, 1_000)
    silences.pass_to(61_000)
    again = Silences(RULES)
    again.restore(silences.heard, 61_000)
    assert again.heard == silences.heard == [("b", "up", 500), ("a", "up", 1_000)]
    assert again.pass_to(61_000) == []
    assert again.pass_to(902_000) == silences.pass_to(902_000)
    assert again.hear(A, 903_000) == silences.hear(A, 903_000)


def test_nobody_who_was_never_heard_is_missed() -> None:
    assert not Silences(RULES).waiting
