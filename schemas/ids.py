"""Typed identifiers: a device is not a run, and neither is a string."""

from typing import NewType

DeviceId = NewType("DeviceId", str)
RunId = NewType("RunId", str)
SourceId = NewType("SourceId", str)
"""Whoever numbers blocks: one time-tagger, or one replay of a file."""
DomainId = NewType("DomainId", str)
"""Coincidence domain: tags that may form a coincidence share it, and so share a partition."""
SubjectId = NewType("SubjectId", str)
"""What an objective is about: a device, a link or a hop."""
IndicatorId = NewType("IndicatorId", str)
"""A row of the indicator table, for example ``sps.M1``."""
