"""Instruments over real sockets: readings come, and one that hangs, lies or vanishes delays nobody else and is seen."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from console.commands.probe import connects
from producers.instruments.demo_server import DemoInstrument, DemoLaboratory, Manner, demo_instruments
from producers.instruments.poller import STATE_METRIC, Poller
from producers.instruments.profile import Instrument, Profile, load_site, shipped_profiles
from producers.instruments.visa import VisaLinks
from schemas.ids import DeviceId
from schemas.telemetry import ReadingState, Telemetry


def site_of(laboratory: DemoLaboratory, *, timeout_s: float = 0.6, period_s: float = 0.2) -> list[tuple[Instrument, Profile]]:
    profiles = shipped_profiles()
    made = []
    for instrument in laboratory.site:
        profile = profiles[instrument.profile]
        probes = tuple(msgspec.structs.replace(probe, period_s=period_s) for probe in profile.probes)
        made.append((instrument, msgspec.structs.replace(profile, timeout_s=timeout_s, probes=probes)))
    return made


async def gathered(poller: Poller, seconds: float) -> list[Telemetry]:
    found = []
    readings = poller.run()
    try:
        async with asyncio.timeout(seconds):
            async for telemetry in readings:
                found.append(telemetry)  # noqa: PERF401  what came before the time-out counts
    except TimeoutError:
        return found
    finally:
        await readings.aclose()
    return found


async def test_every_instrument_of_the_demo_laboratory_answers() -> None:
    async with DemoLaboratory(demo_instruments()) as laboratory:
        poller = Poller(site_of(laboratory, timeout_s=3.0), connects())
        found = [telemetry async for telemetry in poller.run(once=True)]
    values = {(one.device, reading.metric): reading for one in found for reading in one.readings}
    assert all(reading.state is ReadingState.OK for reading in values.values()), values
    assert values[DeviceId("sps-helios-01"), "cryostat.temperature"].value == pytest.approx(4.21, abs=0.05)
    assert values[DeviceId("sps-helios-01"), "laser.frequency"].value == pytest.approx(334.8724e12, rel=1e-6)
    assert values[DeviceId("sps-helios-01"), "cryostat.heater_power"].value == pytest.approx(0.124, abs=0.02)
    assert {standing.state for standing in poller.standings} == {ReadingState.OK}
    assert all("?" in question for question in laboratory.asked)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("manner", "state"),
    [
        (Manner.HANG, ReadingState.TIMEOUT),
        (Manner.GARBAGE, ReadingState.GARBAGE),
        (Manner.SLOW, ReadingState.TIMEOUT),
        (Manner.DISCONNECT, ReadingState.TIMEOUT),  # to pyvisa-py a socket that was closed is one that says nothing
    ],
)
async def test_one_that_misbehaves_delays_nobody(manner: Manner, state: ReadingState) -> None:
    ill = "sps-helios-02/lakeshore-336"
    async with DemoLaboratory(demo_instruments(), manners={ill: manner}) as laboratory:
        poller = Poller(site_of(laboratory), connects())
        found = await gathered(poller, 4.0)
    by_source: dict[tuple[str, str], list[Telemetry]] = {}
    for one in found:
        by_source.setdefault((one.device, one.source), []).append(one)
    standing = next(one for one in poller.standings if f"{one.device}/{one.profile}" == ill)
    assert standing.state is state, standing
    assert standing.detail
    sick = next(messages for (device, source), messages in by_source.items() if source == f"probe/{standing.resource}")
    assert all(reading.value is None for one in sick for reading in one.readings if reading.metric != STATE_METRIC)
    healthy = [len(messages) for (_, source), messages in by_source.items() if source != f"probe/{standing.resource}"]
    assert len(healthy) == len(laboratory.site) - 1
    assert min(healthy) >= 6, healthy  # 4 s of questions every 0.2 s, with room for slow machines


async def test_one_that_comes_back_is_read_again() -> None:
    ill = "sps-helios-01/lakeshore-336"
    async with DemoLaboratory(demo_instruments()[:1], manners={ill: Manner.DISCONNECT}) as laboratory:
        poller = Poller(site_of(laboratory), connects())
        readings = poller.run()
        states = []
        async with asyncio.timeout(20):
            async for telemetry in readings:
                states.append(telemetry.readings[0].state)
                if len(states) == 1:
                    laboratory.manners.clear()
                if states[-1] is ReadingState.OK:
                    break
        await readings.aclose()
    assert states[0] is ReadingState.TIMEOUT
    assert len(states) == 2


async def test_nobody_there() -> None:
    instrument = Instrument(device=DeviceId("x"), profile="lakeshore-336", resource="TCPIP::127.0.0.1::9::SOCKET")
    poller = Poller([(instrument, shipped_profiles()["lakeshore-336"])], connects())
    (telemetry,) = [one async for one in poller.run(once=True)]
    assert {reading.state for reading in telemetry.readings[:-1]} == {ReadingState.DISCONNECTED}
    assert telemetry.readings[-1] == msgspec.structs.replace(telemetry.readings[-1], metric=STATE_METRIC, value=0.0)


def test_protocol_by_simulated_visa(tmp_path: Path) -> None:
    """The same profile against another implementation of the protocol: pyvisa-sim."""
    description = tmp_path / "lakeshore.yaml"
    description.write_text(
        'spec: "1.1"\n'
        "devices:\n"
        "  controller:\n"
        "    eom:\n"
        '      TCPIP SOCKET: {q: "\\n", r: "\\n"}\n'
        "    error: ERROR\n"
        "    dialogues:\n"
        '      - {q: "KRDG? A", r: "+4.2110E+0"}\n'
        '      - {q: "SRDG? A", r: "+1.4327E+3"}\n'
        '      - {q: "HTR? 1", r: "+12.4"}\n'
        '      - {q: "KRDG? B", r: "junk"}\n'
        "resources:\n"
        "  TCPIP0::localhost::7777::SOCKET: {device: controller}\n"
    )
    links = VisaLinks(f"{description}@sim")
    instrument = Instrument(device=DeviceId("x"), profile="lakeshore-336", resource="TCPIP0::localhost::7777::SOCKET")
    poller = Poller([(instrument, shipped_profiles()["lakeshore-336"])], {"visa": links})

    async def read() -> Telemetry:
        (telemetry,) = [one async for one in poller.run(once=True)]
        return telemetry

    readings = {reading.metric: reading for reading in asyncio.run(read()).readings}
    links.close()
    assert readings["cryostat.temperature"].value == 4.211
    assert readings["cryostat.heater_power"].value == pytest.approx(0.124)
    assert readings["cryostat.temperature_b"].state is ReadingState.GARBAGE
    assert "junk" in readings["cryostat.temperature_b"].detail


def test_a_site_file(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(
        "instruments:\n"
        "  - {device: sps-1, profile: lakeshore-336, resource: 'TCPIP::10.0.0.5::7777::SOCKET', only: [cryostat.temperature],"
        " metrics: {cryostat.temperature: cryostat.stage_temperature}, period_s: 1}\n"
    )
    ((instrument, profile),) = load_site(file)
    assert instrument.device == "sps-1"
    assert [(probe.metric, probe.period_s) for probe in profile.probes] == [("cryostat.stage_temperature", 1.0)]


def test_what_the_server_does_not_know_is_garbage_not_a_value() -> None:
    odd = DemoInstrument(device=DeviceId("x"), profile="thorlabs-pm100d", answers={})

    async def read() -> Telemetry:
        async with DemoLaboratory([odd]) as laboratory:
            (telemetry,) = [one async for one in Poller(site_of(laboratory), connects()).run(once=True)]
            return telemetry

    assert {reading.state for reading in asyncio.run(read()).readings[:-1]} == {ReadingState.GARBAGE}
