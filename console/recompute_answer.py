"""Samples of the past, as they were and as they would be under other constants: for scripts and for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from console.invocation import Invocation
from console.web.rendering import clock
from schemas.records import IndicatorSample, Verdict
from slo.catalogue import Indicator
from slo.judge import Limit
from slo.objective import Criterion, Objective
from slo.watch import judgement
from streams.recomputing import Recomputed

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Recomputation:
    """All samples of one indicator of one subject; ``objective`` is what they are held against, else the indicator's target."""

    indicator: Indicator
    subject: str
    calibration: str
    objective: Objective | None
    found: Sequence[Recomputed]

    @property
    def criterion(self) -> Criterion | None:
        return self.objective.criterion if self.objective else self.indicator.target

    @property
    def told(self) -> list[tuple[IndicatorSample, IndicatorSample]]:
        """Old and new, of those that could be told."""
        return [(one.old, one.new) for one in self.found if one.new is not None]

    @property
    def untold(self) -> dict[str, int]:
        """How many could not be told, by why."""
        reasons = [one.why for one in self.found if one.new is None]
        return {why: reasons.count(why) for why in dict.fromkeys(reasons)}

    @property
    def turned(self) -> int:
        """How many have another verdict."""
        return sum(self._verdict(old) is not self._verdict(new) for old, new in self.told)

    def document(self) -> dict[str, Any]:
        """The JSON object."""
        return {
            "indicator": self.indicator.id,
            "name": self.indicator.name,
            "unit": self.indicator.unit,
            "subject": self.subject,
            "calibration": self.calibration,
            "objective": self.objective.name if self.objective else None,
            "criterion": None if self.criterion is None else str(self.criterion),
            "recomputed": len(self.told),
            "verdicts_turned": self.turned,
            "not_recomputed": self.untold,
            "samples": [
                {
                    "end_unix_s": old.end_unix_s,
                    "integration_s": old.integration_s,
                    "run": old.run,
                    "old": self._one(old),
                    "new": self._one(new),
                }
                for old, new in self.told
            ],
        }

    def _one(self, sample: IndicatorSample) -> dict[str, Any]:
        estimate = sample.estimate
        return {
            "value": estimate.value,
            "lower": estimate.lower,
            "upper": estimate.upper,
            "verdict": self._verdict(sample),
            "calibration": estimate.parameters.get("calibration") or None,
            "warnings": list(estimate.warnings),
        }

    def _verdict(self, sample: IndicatorSample) -> Verdict | None:
        held = self.criterion
        return None if held is None else judgement(sample, held, Limit(held.operator, held.threshold)).verdict

    def show(self, invocation: Invocation) -> None:
        """The latest samples, old and new, and how many verdicts turned."""
        from rich.markup import escape
        from rich.table import Table

        say, told = invocation.terminal.print, self.told
        held = "" if self.criterion is None else f"   [dim]({escape(str(self.criterion))})[/]"
        say(f"[bold]{escape(self.indicator.name)}[/] of {escape(self.subject)} under {escape(self.calibration)}{held}")
        table = Table(box=None, pad_edge=False, header_style="dim")
        for heading in ("until", "old", "", "new", ""):
            table.add_column(heading)
        for old, new in told[-_SHOWN:]:
            table.add_row(clock(old.end_unix_s), *self._cells(old), *self._cells(new))
        say(table)
        if len(told) > _SHOWN:
            say(f"[dim]the latest {_SHOWN} of {len(told)}; all of them with --json or --out[/]")
        say(f"  {len(told)} samples recomputed, {self.turned} with another verdict")
        for why, number in self.untold.items():
            say(f"  [yellow]◆[/] {number} not: each {escape(why)}")

    def _cells(self, sample: IndicatorSample) -> tuple[str, str]:
        estimate = sample.estimate
        value, lower, upper = (
            "–" if each is None else f"{each:.5g}" for each in (estimate.value, estimate.lower, estimate.upper)
        )
        return f"{value} [dim]{lower} … {upper}[/]", self._verdict(sample) or ""
