"""The pages in a real browser: they come alive, stay alive, and complain of nothing."""

from pathlib import Path

import pytest

from console.web.app import build_app
from storage.client import StoreAddress
from storage.reader import Reader
from tests.console import seeded
from tests.console.browser import chromium, tab
from tests.console.conftest import observatory, served

pytestmark = [
    pytest.mark.stack,
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="needs Chromium (Debian: apt-get install chromium)"),
]
_LIVE = "Number(document.body.dataset.updates) >= 2"
_TOTAL = "Number(document.getElementById('whole-chart').dataset.total)"


async def test_the_fleet_page_lives(site: str, tmp_path: Path) -> None:
    async with tab(tmp_path / "profile") as page:
        await page.open(f"{site}/")
        await page.until(_LIVE)
        assert await page.ask("document.getElementById('link-state').textContent") == "live"
        devices = await page.ask("[...document.querySelectorAll('tr[data-device]')].map((row) => row.dataset.device)")
        assert {seeded.GOOD, seeded.BAD, seeded.QUIET, seeded.COUPLING, seeded.LINK} < set(devices)
        assert "2 alerts firing" in await page.ask("document.querySelector('.lead').textContent")
        assert page.complaints == []
        await page.open(f"{site}/", width=390)
        await page.until(_LIVE)
        assert await page.ask("document.documentElement.scrollWidth") == 390
        states = (
            "[...document.querySelectorAll('.fleet td:nth-child(2) .state')].map((state) => state.getBoundingClientRect().right)"
        )
        assert all(right < 390 for right in (await page.ask(states)))
        picture = tmp_path / "fleet.png"
        await page.picture(picture)
        assert picture.stat().st_size > 10_000


async def test_a_device_page_shows_new_photons_by_itself(
    site: str, fleet_store: StoreAddress, now_s: int, tmp_path: Path
) -> None:
    async with tab(tmp_path / "profile") as page:
        await page.open(f"{site}/devices/{seeded.GOOD}", dark=True)
        await page.until(_LIVE)
        before = await page.ask(_TOTAL)
        fresh = seeded.Second(seeded.GOOD, now_s, 0.02)
        seeded.store(fleet_store, [fresh], 10_000)
        await page.until(f"{_TOTAL} === {before + int(seeded.counts_of(fresh).sum())}")
        assert await page.ask("document.querySelectorAll('#whole-chart canvas').length") == 1
        assert await page.ask("document.querySelectorAll('#rates-chart canvas').length") == 1
        peaks = await page.ask("document.querySelectorAll('[data-fragment=whole-table] tr').length")
        assert peaks > 20
        assert page.complaints == []


async def test_a_page_says_when_the_connection_is_lost(fleet_store: StoreAddress, now_s: int, tmp_path: Path) -> None:
    async with tab(tmp_path / "profile") as page:
        with Reader(fleet_store) as reader, served(build_app(observatory(reader, now_s), version="0")) as address:
            await page.open(f"{address}/")
            await page.until(_LIVE)
        await page.until("document.getElementById('link-state').dataset.kind === 'waiting'")
        assert "sps-good" in await page.ask("document.querySelector('.fleet').textContent")
