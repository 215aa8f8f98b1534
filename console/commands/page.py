"""``photonwatch page``: the web page and its JSON API."""

import ipaddress
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from console import logs
from console.commands.version import package_version
from console.invocation import of
from console.refusal import ExitCode, Refusal
from console.settings import USUAL_PAGE_PORT, Settings, hosts_of
from console.wiring import observatory, store_address

if TYPE_CHECKING:
    from fastapi import FastAPI

_SHUTDOWN_S = 1
"""Live streams never end by themselves; whoever still listens is cut off after this."""


def page(
    context: typer.Context,
    allow_remote: Annotated[
        bool, typer.Option("--allow-remote", help="Let a page that has no login listen beyond this machine.")
    ] = False,
) -> None:
    """Serve the page. “photonwatch up” does it by itself."""
    settings = of(context).settings
    logs.configure(settings.log.level, sys.stderr)
    host = settings.page.host
    if not (allow_remote or settings.page.allow_remote or is_loopback(host)):
        raise Refusal(
            ExitCode.SETTINGS,
            f"the page has no login and would listen on {host}",
            where="page.host",
            do="use 127.0.0.1 (and a tunnel or a proxy with a login), or say --allow-remote",
        )
    import structlog
    import uvicorn

    if not (is_loopback(host) or settings.page.hosts):
        structlog.get_logger(__name__).warning(
            "other machines are answered only if they address the page by its IP address as set; name it in page.hosts", host=host
        )
    uvicorn.run(
        application(settings),
        host=host,
        port=settings.page.port or USUAL_PAGE_PORT,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_SHUTDOWN_S,
    )


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def application(settings: Settings) -> "FastAPI":
    """The page over the store of these settings, as the read-only user.

    Raises:
        DefinitionError: the objectives cannot be read.
        StoreError: the store cannot be reached.
    """
    from console.web.app import LOOPBACK, build_app
    from storage.reader import Reader

    looked_at = observatory(settings, Reader(store_address(settings, readonly=True)))
    host = settings.page.host
    own = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return build_app(looked_at, version=package_version(), hosts=(*LOOPBACK, own, *hosts_of(settings.page.hosts)))
