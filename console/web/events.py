"""Server-sent events: the messages that keep each page live, and the endpoints that send them."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing

import msgspec
from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from jinja2 import Environment

from console.histogram import Histogram, Windows
from console.web.feed import Feed
from console.web.observatory import Observatory
from console.web.rendering import bounds, clock, estimate, render
from console.web.views import DeviceView
from schemas.ids import DeviceId

_FLEET_PERIOD_S = 0.5
_DEVICE_PERIOD_S = 0.5
_ALERTS_PERIOD_S = 2.0
_RETRY_MS = 1_500
_TABLE_SECONDS = 60
_STRETCHES = 40


class _HistogramChart(msgspec.Struct):
    histogram: Histogram
    windows: Windows | None


def build_router(observatory: Observatory, templates: Environment) -> APIRouter:
    """Endpoints under /live; feeds come into being with their first viewer and end with their last."""
    router = APIRouter(prefix="/live", include_in_schema=False)
    feeds: dict[str, Feed] = {}

    def stream(name: str, look: Callable[[], bytes], period_s: float) -> StreamingResponse:
        async def messages() -> AsyncIterator[bytes]:
            yield f"retry: {_RETRY_MS}\n\n".encode()
            feed = feeds.setdefault(name, Feed(look, _trouble, period_s))
            try:
                async with aclosing(feed.follow()) as followed:
                    async for message in followed:
                        yield message
            finally:
                if not feed.followers:
                    feeds.pop(name, None)

        return StreamingResponse(messages(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    @router.get("/fleet")
    async def fleet() -> StreamingResponse:
        return stream(
            "fleet",
            lambda: _message({"fleet": render(templates, "_fleet.html", fleet=observatory.fleet())}),
            _FLEET_PERIOD_S,
        )

    @router.get("/alerts")
    async def alerts() -> StreamingResponse:
        return stream(
            "alerts",
            lambda: _message({"alerts": render(templates, "_alerts.html", view=observatory.alerts())}),
            _ALERTS_PERIOD_S,
        )

    @router.get("/devices/{device:path}")
    async def device(device: DeviceId) -> StreamingResponse:
        return stream(f"device {device}", lambda: device_message(observatory.device(device), templates), _DEVICE_PERIOD_S)

    return router


def device_message(view: DeviceView, templates: Environment) -> bytes:
    """One device's update: the head, notes and tables as HTML, the charts as numbers."""
    fragments = {"head": render(templates, "_device_head.html", view=view)}
    charts: dict[str, object] = {"rates": view.rates}
    for name, histogram in (("recent", view.recent), ("whole", view.whole)):
        if histogram is not None:
            fragments[f"{name}-note"] = render(templates, "_histogram_note.html", note=histogram_note(histogram))
            windows = histogram.windows()
            fragments[f"{name}-legend"] = render(templates, "_histogram_legend.html", windows=windows)
            fragments[f"{name}-table"] = render(
                templates, "_histogram_table.html", peaks=histogram.peaks(), stretches=histogram.stretches(_STRETCHES)
            )
            charts[name] = _HistogramChart(histogram, windows)
    fragments["rates-legend"] = render(templates, "_rates_legend.html", rates=view.rates)
    fragments["rates-table"] = render(templates, "_rates.html", rates=view.rates, seconds=_TABLE_SECONDS)
    return _message(fragments, charts)


def histogram_note(histogram: Histogram) -> str:
    """Channels, time, and the value that these counts give."""
    since, until = (clock(unix_s)[11:] for unix_s in (histogram.from_unix_s, histogram.to_unix_s))
    span = f"channels {histogram.start_channel} and {histogram.stop_channel}, {since} to {until}"
    if histogram.estimate is None:
        return span
    return f"g²(0) = {estimate(histogram.estimate.value)}, {bounds(histogram.estimate)} · {span}"


def _message(fragments: Mapping[str, str], charts: Mapping[str, object] | None = None) -> bytes:
    return b"data: " + msgspec.json.encode({"fragments": fragments, "charts": charts}) + b"\n\n"


def _trouble(error: Exception) -> bytes:
    return f"event: trouble\ndata: {json.dumps(f'no news from the store: {error}'[:300])}\n\n".encode()
