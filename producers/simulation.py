"""A whole fleet, simulated: who shares what, what is broken, and what comes out as time passes. Pure; time and runs are given."""

from collections.abc import Callable, Iterator, Mapping

from msgspec.structs import replace

from producers.apparatus import has, parts_of
from producers.condition import Condition
from producers.device_feed import DeviceFeed, Tagged
from producers.errors import FleetError
from producers.fault_catalogue import Failure
from producers.fleet_file import Device, Fleet, Link
from producers.past import GOES_ON_NS, LastEvent, Past
from producers.record_feed import Outgoing, RecordFeed, Teller
from schemas import topics
from schemas.block import TagBlock
from schemas.ids import DeviceId, DomainId, RunId, SubjectId
from schemas.records import Annotation

_PS_A_S = 1e12
_OF_OPERATOR = ("control", "clock", "tagger", "cryostat")
"""Parts of a link that are those of the device that operates it."""


class SimulatedDevice:
    """One device with the links that it operates: blocks and records in the order of their time, per feed."""

    def __init__(
        self,
        device: Device,
        condition: Condition,
        links: Mapping[SubjectId, tuple[Link, Condition]],
        fleet: Fleet,
        *,
        new_run: Callable[[], RunId],
        origin_unix_ns: int,
        with_tags: bool = True,
        past: Past | None = None,
    ) -> None:
        self.device = device
        self._condition = condition
        self._origin_unix_ns = origin_unix_ns
        self._new_run = new_run
        self._run_s = fleet.run_s
        self._firmware = device.firmware
        self.tags: DeviceFeed | None = None
        if device.source is not None and with_tags:
            block_ps = fleet.block_ms * 10**9
            self.tags = DeviceFeed(
                Tagged(device=device.id, firmware=device.firmware, labels=_labels(device)),
                condition,
                device.seed,
                new_run,
                origin_unix_ns,
                block_ps=block_ps,
                max_lag_ps=round(fleet.max_lag_s * _PS_A_S),
                run_ps=max(1, round(fleet.run_s * _PS_A_S) // block_ps) * block_ps,
                last=None if past is None else past.last_of(DomainId(device.id)),
            )
        last = {name: past.last_event_of(name) if past else None for name in (SubjectId(device.id), *links)}
        self._own_run = RunId("") if self.tags else self._cut_off(last[SubjectId(device.id)]) or new_run()
        self._own_run_ends_s = fleet.run_s
        told: dict[SubjectId, tuple[Device | Link, Condition]] = {SubjectId(device.id): (device, condition), **links}
        self._records = [
            RecordFeed(
                _teller(name, device.id, owner),
                its,
                origin_unix_ns,
                sequence=before.sequence + 1 if (before := last[name]) and before.run == self.run else 0,
            )
            for name, (owner, its) in told.items()
        ]

    @property
    def run(self) -> RunId:
        return self._own_run if self.tags is None else self.tags.run

    @property
    def next_due_s(self) -> float:
        """Elapsed time at which there is something to send."""
        record_s = min(feed.next_due_s for feed in self._records)
        return record_s if self.tags is None else min(record_s, self.tags.next_due_ps / _PS_A_S)

    def advance(self, elapsed_ps: int) -> Iterator[TagBlock | Outgoing]:
        """What is complete once so much has passed since the fleet began."""
        elapsed_s = elapsed_ps / _PS_A_S
        firmware = self.device.firmware + self._condition.firmware
        if firmware != self._firmware:
            self._firmware = firmware
            self._own_run = self._own_run and self._new_run()
            yield self._deployed(elapsed_s)
        if self.tags is not None:
            yield from self.tags.blocks(elapsed_ps)
        elif elapsed_s >= self._own_run_ends_s:
            self._own_run, self._own_run_ends_s = self._new_run(), elapsed_s + self._run_s
        for feed in self._records:
            yield from feed.records(elapsed_s, self.run, self._firmware)

    def close(self) -> Iterator[TagBlock]:
        """The final block, of a device that sends tags."""
        return iter(()) if self.tags is None else self.tags.close()

    def _cut_off(self, last: LastEvent | None) -> RunId | None:
        """The run that a device without tags goes on with."""
        lately = last is not None and abs(self._origin_unix_ns - last.end_unix_ns) <= GOES_ON_NS
        return last.run if last is not None and lately and last.firmware == self.device.firmware else None

    def _deployed(self, elapsed_s: float) -> Outgoing:
        note = Annotation(
            kind="deploy",
            subject=SubjectId(self.device.id),
            start_unix_s=self._origin_unix_ns / 1e9 + elapsed_s,
            text=f"firmware {self._firmware or 'without a version'}",
            author=self.device.id,
            attributes={"firmware": self._firmware},
        )
        return Outgoing(topics.ANNOTATIONS, self.device.id, note)


class Simulation:
    """Every device of a fleet, and the faults that act on them."""

    def __init__(
        self,
        fleet: Fleet,
        new_run: Callable[[], RunId],
        origin_unix_ns: int,
        *,
        with_tags: bool = True,
        past: Past | None = None,
    ) -> None:
        """``with_tags``: tags take nearly all the time; without them, records stay what they are. ``past``: runs that the process
        before this one was cut off in go on.

        Raises:
            FleetError: parts that do not go together.
        """
        self._shared = {one.id: Condition(parts_of(one), one.seed, one.drifts) for one in fleet.shared}
        part_of = {one.id: str(one.part) for one in fleet.shared}

        def sharing(depends_on: tuple[str, ...]) -> dict[str, Condition]:
            return {part_of[name]: self._shared[name] for name in depends_on}

        self._devices = {device.id: device for device in fleet.devices}
        self._links = {link.id: link for link in fleet.links}
        self._conditions: dict[str, Condition] = {
            device.id: Condition(parts_of(device), device.seed, device.drifts, sharing(device.depends_on))
            for device in fleet.devices
        }
        for link in fleet.links:
            condition = self._conditions[link.device]
            borrowed = [part for part in _OF_OPERATOR if getattr(condition.nominal, part) is not None]
            operator = dict.fromkeys(borrowed, condition)
            shared = {**operator, **sharing(link.depends_on)}
            self._conditions[link.id] = Condition(parts_of(link), link.seed, link.drifts, shared)
        self.devices = [
            SimulatedDevice(
                device,
                self._conditions[device.id],
                {link.id: (link, self._conditions[link.id]) for link in fleet.links if link.device == device.id},
                fleet,
                new_run=new_run,
                origin_unix_ns=origin_unix_ns,
                with_tags=with_tags,
                past=past,
            )
            for device in fleet.devices
        ]

    def refusal(self, target: str, failure: Failure) -> str | None:
        """Why a device, link or shared thing cannot have this failure, in words; None where it can."""
        if target not in self._conditions and target not in self._shared:
            return f"no {target} in this fleet"
        device = self._devices.get(DeviceId(target))
        if device is not None and device.kind not in failure.kinds:
            return f"{target} is a {device.kind}, and {failure.id} ({failure.title}) is a failure of: {', '.join(failure.kinds)}"
        lacking = {change.path for change in failure.changes}
        for _, within in self._split(target, failure):
            lacking -= {change.path for change in within.changes}
        if device is None and len(lacking) < len(failure.changes):
            return None
        return f"{target} has no {', '.join(sorted(lacking))}, which {failure.id} changes" if lacking else None

    def begin(self, target: str, failure: Failure, size: float, at_s: float) -> None:
        """Let a failure act on a device (and the links that it operates), a link, or something shared.

        Raises:
            FleetError: there is no such target, or nothing of it that the failure could change.
            SourceError: at full strength it would make something that cannot be.
        """
        if (why := self.refusal(target, failure)) is not None:
            raise FleetError(why)
        for condition, within in self._split(target, failure):
            condition.begin(within, size, at_s)

    def end(self, target: str, failure_id: str) -> None:
        """Let it act no more; one that does not act is no error."""
        for condition in self._acted_on(target):
            condition.end(failure_id)

    def _split(self, target: str, failure: Failure) -> list[tuple[Condition, Failure]]:
        """What of a failure acts where: on the target itself, else on the links that it operates."""
        found: list[tuple[Condition, Failure]] = []
        left = failure.changes
        for condition in self._acted_on(target):
            here = tuple(change for change in left if has(condition.nominal, change.path))
            if here or (failure.firmware and not found):
                found.append((condition, replace(failure, changes=here)))
            if condition is self._conditions.get(target):
                left = tuple(change for change in left if change not in here)
        return found

    def _acted_on(self, target: str) -> list[Condition]:
        if target in self._shared:
            return [self._shared[target]]
        operated = [self._conditions[link.id] for link in self._links.values() if link.device == target]
        return [self._conditions[target], *operated] if target in self._conditions else []


def _labels(device: Device) -> dict[str, str]:
    return {"kind": device.kind, "site": device.site, **({"run": "critical"} if device.critical else {})}


def _teller(subject: SubjectId, device: DeviceId, owner: Device | Link) -> Teller:
    return Teller(
        subject=subject,
        device=device,
        seed=owner.seed,
        duties=owner.duties,
        calibration=owner.calibration,
        measures=owner.measures,
    )
