"""Whose tags a processor takes, and how far it has come."""

from typing import Self

import msgspec

from schemas.ids import DeviceId, DomainId, RunId
from streams.errors import SegmentError
from streams.segment import Segment


class Progress(msgspec.Struct, frozen=True):
    """One stream (domain, device, run, origin), taken up to ``reached_ps``."""

    domain: DomainId
    device: DeviceId
    run: RunId
    origin_unix_ns: int
    reached_ps: int

    @classmethod
    def of(cls, segment: Segment) -> Self:
        """After ``segment``."""
        return cls(segment.domain, segment.device, segment.run, segment.origin_unix_ns, segment.reached_ps)

    def continued_by(self, segment: Segment) -> bool:
        """Whether ``segment`` goes on with this stream; False for one of another stream.

        Raises:
            SegmentError: it reaches back before what was taken.
        """
        if (
            segment.run != self.run
            or segment.device != self.device
            or segment.domain != self.domain
            or segment.origin_unix_ns != self.origin_unix_ns
        ):
            return False
        if segment.start_ps < self.reached_ps:
            raise SegmentError(
                f"segment [{segment.start_ps}, {segment.reached_ps}) ps of {segment.domain} (run {segment.run}) begins before "
                f"{self.reached_ps} ps, which was counted already; drop or merge late tags first"
            )
        return True
