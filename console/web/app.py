"""The web application: pages, their live feeds, the JSON API, metrics and health, put together once."""

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from pathlib import Path

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from console.web import api, events, pages
from console.web.metrics import FleetCollector
from console.web.observatory import Observatory, UnknownDeviceError
from console.web.rendering import build_environment, render
from storage.errors import StoreError

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def build_app(observatory: Observatory, *, version: str, hosts: Sequence[str] = LOOPBACK) -> FastAPI:
    """The application over one observatory.

    Args:
        observatory: answers every question about the fleet; its calls block, so they run in threads.
        version: shown in the footer.
        hosts: names under which the page may be addressed; any other Host header is refused, which keeps other
            sites' scripts from reaching a page on loopback through a name of theirs.
    """
    app = FastAPI(title="photonwatch", version=version, docs_url=None, redoc_url=None, openapi_url="/api/v1/openapi.json")
    templates = build_environment(version)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False)

    @app.middleware("http")
    async def harden(request: Request, proceed: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await proceed(request)
        response.headers.update(_HEADERS)
        return response

    app.include_router(pages.build_router(observatory, templates))
    app.include_router(events.build_router(observatory, templates))
    app.include_router(api.build_router(observatory, FleetCollector(observatory)))
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    _answer_errors(app, templates)
    return app


def _answer_errors(app: FastAPI, templates: Environment) -> None:
    def answer(request: Request, status: int, what: str, do: str) -> Response:
        if request.url.path.startswith(("/api/", "/live/")):
            body = msgspec.json.encode({"error": {"what": what, "where": request.url.path, "do": do}})
            return Response(body, status, media_type="application/json")
        return HTMLResponse(render(templates, "error.html", what=what, do=do), status)

    @app.exception_handler(UnknownDeviceError)
    async def unknown(request: Request, error: UnknownDeviceError) -> Response:
        return answer(request, HTTPStatus.NOT_FOUND, str(error), "The fleet page lists every device that was heard.")

    @app.exception_handler(StoreError)
    async def unreachable(request: Request, error: StoreError) -> Response:
        do = f"{error} “photonwatch status” tells which part is down. This page answers again by itself."
        return answer(request, HTTPStatus.SERVICE_UNAVAILABLE, "The store does not answer", do)

    @app.exception_handler(HTTPException)
    async def other(request: Request, error: HTTPException) -> Response:
        return answer(request, error.status_code, HTTPStatus(error.status_code).phrase, "Go back to the fleet page.")
