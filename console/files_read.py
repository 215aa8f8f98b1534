"""What was read to answer: one file of tags or several, whose tags and durations add up."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from console.quantities import hertz_text, seconds_text

if TYPE_CHECKING:
    from producers.recording import Recording

_MANY = 3


@dataclass(frozen=True, slots=True)
class FilesRead:
    """``tags`` are those of every channel, by number; ``detectors`` the channels that are no clock in some file, ascending."""

    paths: tuple[Path, ...]
    tags: dict[int, int]
    detectors: tuple[int, ...]
    duration_ps: int
    reordered: int
    overflows: int
    lost_ps: int
    warnings: tuple[str, ...]

    @classmethod
    def of(cls, recordings: "Sequence[Recording]") -> Self:
        tags: dict[int, int] = {}
        for recording in recordings:
            for channel, count in recording.tags.items():
                tags[channel] = tags.get(channel, 0) + count
        return cls(
            paths=tuple(recording.path for recording in recordings),
            tags=dict(sorted(tags.items())),
            detectors=tuple(sorted({one.number for each in recordings for one in each.channels if one.role == "detector"})),
            duration_ps=sum(recording.duration_ps for recording in recordings),
            reordered=sum(recording.reordered for recording in recordings),
            overflows=sum(recording.overflows for recording in recordings),
            lost_ps=sum(recording.lost_ps for recording in recordings),
            warnings=tuple(dict.fromkeys(note for recording in recordings for note in recording.notes)),
        )

    @property
    def name(self) -> str:
        return ", ".join(path.name for path in self.paths) if len(self.paths) <= _MANY else f"{len(self.paths)} files"

    @property
    def held(self) -> str:
        """``0 (159 tags), 1 (2 tags)``."""
        return ", ".join(f"{channel} ({count} tags)" for channel, count in self.tags.items())

    def document(self) -> dict[str, Any]:
        """Its part of the JSON object."""
        return {
            "files": [str(path) for path in self.paths],
            "tags": sum(self.tags.values()),
            "singles": {str(channel): tags for channel, tags in self.tags.items()},
            "duration_s": self.duration_ps / 1e12,
            "reordered": self.reordered,
            "overflows": self.overflows,
            "lost_s": self.lost_ps / 1e12,
            "warnings": self.warnings,
        }

    def lines(self) -> list[str]:
        """The same for people."""
        duration_s = self.duration_ps / 1e12
        lost = f", {seconds_text(self.lost_ps / 1e12)} lost" if self.lost_ps else ""
        lines = [f"  {seconds_text(duration_s)}, {self.reordered} reordered, {self.overflows} overflows{lost}"]
        for channel, tags in self.tags.items():
            lines.append(f"  channel {channel:<3} {tags:>13,} tags  {hertz_text(tags / duration_s) if duration_s else '–'}")
        return lines
