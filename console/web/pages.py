"""The pages as they are first sent; the feeds keep them live from there."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from jinja2 import Environment

from console.web.observatory import Observatory
from console.web.rendering import render
from schemas.ids import DeviceId


def build_router(observatory: Observatory, templates: Environment) -> APIRouter:
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/")
    def fleet() -> str:
        return render(templates, "fleet.html", fleet=observatory.fleet())

    @router.get("/devices/{device:path}")
    def device(device: DeviceId) -> str:
        return render(templates, "device.html", view=observatory.device(device))

    @router.get("/alerts")
    def alerts() -> str:
        return render(templates, "alerts.html", view=observatory.alerts())

    return router
