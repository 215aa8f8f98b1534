"""Which failure mode explains what moved: a hint at the root cause, and the runbook that goes with it.

Knows the modes' signs only, never what is really wrong. A hint says what it rests on; where two modes explain as much, both are
named.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from slo.symptoms import Movement


@dataclass(frozen=True, slots=True)
class FailureMode:
    """What a failure moves, by series (``slo.symptoms``). ``systems`` have it."""

    id: str
    title: str
    runbook: str
    systems: frozenset[str]
    signs: Mapping[str, Movement]


@dataclass(frozen=True, slots=True)
class Hint:
    """One mode that may be the cause: which of its signs are seen, which should be and are not, what it leaves unexplained.

    ``agreement``: seen / (seen + missing + half of the unexplained).
    """

    mode: FailureMode
    agreement: Fraction
    seen: tuple[str, ...]
    missing: tuple[str, ...]
    unexplained: tuple[str, ...]

    def __str__(self) -> str:
        """In a few words, with what it rests on."""
        signs = [f"{name} {self.mode.signs[name]}" for name in self.seen]
        signs += [f"not {name} {self.mode.signs[name]}" for name in self.missing]
        return f"{self.mode.title} ({self.mode.id}): {', '.join(signs)}"


_UNEXPLAINED = Fraction(1, 2)
"""What a failure moves besides its signs is collateral more often than it is another failure."""
_LIKELY = Fraction(1, 2)


def hints(moved: Mapping[str, Movement], modes: Iterable[FailureMode]) -> tuple[Hint, ...]:
    """The modes that explain some of what moved, the best first; of equals those with more signs seen, then by id.

    Only series that some mode names count, and what nobody measured counts for nobody. That an unnamed series fell silent is no
    sign of its own: whatever stops a device stops many.
    """
    candidates = tuple(modes)
    known = {name for mode in candidates for name in mode.signs}
    found = [hint for mode in candidates if (hint := _hint(moved, mode, known)) is not None]
    return tuple(sorted(found, key=lambda hint: (-hint.agreement, -len(hint.seen), hint.mode.id)))


def likely(found: Sequence[Hint]) -> tuple[Hint, ...]:
    """Of hints, the best first, those that a person should begin with: the best and its equals; none that disagrees with as much
    as it agrees with.
    """
    if not found or found[0].agreement <= _LIKELY:
        return ()
    return tuple(hint for hint in found if hint.agreement == found[0].agreement)


def _hint(moved: Mapping[str, Movement], mode: FailureMode, known: set[str]) -> Hint | None:
    told = {name: moved[name] for name in mode.signs if name in moved}
    seen = tuple(name for name, movement in told.items() if movement is mode.signs[name])
    if not seen:
        return None
    missing = tuple(name for name in told if name not in seen)
    unexplained = tuple(
        name
        for name, movement in sorted(moved.items())
        if name in known - mode.signs.keys() and movement in {Movement.UP, Movement.DOWN}
    )
    agreement = Fraction(len(seen)) / (len(seen) + len(missing) + _UNEXPLAINED * len(unexplained))
    return Hint(mode, agreement, seen, missing, unexplained)
