"""Tells whoever judges that time of a subject is excluded, and of all that depends on it."""

from schemas.exclusion import ExclusionNotice
from schemas.ids import SubjectId
from schemas.topics import INDICATORS
from slo.topology import Topology
from streams.pipeline import Outgoing

EXCLUDING = frozenset({"maintenance", "calibration", "warm-up"})
"""What takes time out of budgets: kinds of annotations, and states that devices say they are in."""


def notices(
    topology: Topology, subject: SubjectId, stretch_ns: tuple[int, int | None], *, kind: str, text: str, who: str
) -> list[Outgoing]:
    """One for the subject, and one for each that depends on it; the stretch's end may not be known yet."""
    found = []
    for concerned in (subject, *topology.downstream(subject)):
        about = f" of {subject}" if concerned != subject else ""
        start_ns, end_ns = stretch_ns
        notice = ExclusionNotice(
            subject=concerned, start_unix_ns=start_ns, end_unix_ns=end_ns, reason=f"{kind}{about}: {text}", who=who
        )
        found.append(Outgoing(INDICATORS, concerned, notice))
    return found
