"""The JSON API (/api/v1), the metrics that Prometheus scrapes, and the health check."""

import msgspec
from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from console.web.metrics import FleetCollector
from console.web.observatory import Observatory
from schemas.ids import DeviceId


def build_router(observatory: Observatory, collector: FleetCollector) -> APIRouter:
    router = APIRouter()
    registry = CollectorRegistry()
    registry.register(collector)

    @router.get("/api/v1/fleet")
    def fleet() -> Response:
        """Every device: state, rates, objectives with estimate and budget, firing alerts."""
        return _json(observatory.fleet())

    @router.get("/api/v1/devices/{device:path}/g2")
    def g2(device: DeviceId) -> Response:
        """One device's histograms: the last 60 s, and since the start of its run."""
        view = observatory.device(device)
        return _json({"device": device, "run": view.row.run, "recent": view.recent, "whole": view.whole})

    @router.get("/api/v1/devices/{device:path}")
    def device(device: DeviceId) -> Response:
        """One device: its row, rates, and both histograms."""
        return _json(observatory.device(device))

    @router.get("/api/v1/alerts")
    def alerts() -> Response:
        """Every alert's latest state, the firing ones first."""
        return _json(observatory.alerts())

    @router.get("/metrics", include_in_schema=False)
    def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    @router.get("/healthz")
    def healthz() -> Response:
        """200 while the store answers."""
        observatory.ping()
        return Response("ok\n", media_type="text/plain")

    return router


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json", headers={"Cache-Control": "no-store"})
