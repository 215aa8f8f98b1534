"""A part of the stack, as the supervisor runs it."""

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from embedded.probes import Probe, Running


@dataclass(frozen=True, slots=True)
class Restart:
    """How a part that dies is started again: after a pause that doubles with each death, up to a bound, with jitter.

    A part that stayed ready for ``stable_after_s`` starts again without a history. ``loop_after`` deaths without that are a crash
    loop: the part is started on, at the longest pause, and its state says so.
    """

    first_pause_s: float = 0.5
    longest_pause_s: float = 30.0
    jitter_ratio: float = 0.2
    stable_after_s: float = 60.0
    loop_after: int = 5

    def pause_s(self, deaths: int, dice: float) -> float:
        """The pause after the ``deaths``-th death in a row (from 1); ``dice`` is uniform in [0, 1)."""
        pause_s = self.longest_pause_s if deaths >= self.loop_after else self.first_pause_s * 2.0 ** min(deaths - 1, 64)
        return min(pause_s, self.longest_pause_s) * (1 + self.jitter_ratio * (2 * dice - 1))


@dataclass(frozen=True, slots=True)
class Service:
    """One child process: what runs, when it is ready, how it stops, and what must be ready before it starts.

    ``env`` is added to the supervisor's own environment. ``address`` is what clients are told. ``after`` are names of services.
    A part that was ready and then does not answer for ``silent_for_s`` is taken for dead.
    """

    name: str
    argv: tuple[str, ...]
    address: str | None = None
    ready: Probe = field(default_factory=Running)
    after: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    start_timeout_s: float = 60.0
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout_s: float = 10.0
    silent_for_s: float = 60.0
    restart: Restart = field(default_factory=Restart)
