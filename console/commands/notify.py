"""``photonwatch notify``: tells receivers of alerts, and an Alertmanager, each transition once."""

import asyncio
import signal
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from console import logs
from console.invocation import of
from console.refusal import ExitCode, Refusal
from console.settings import USUAL_PAGE_PORT, Settings
from console.wiring import outlook as outlook_of
from console.wiring import store_address

if TYPE_CHECKING:
    from console.notify.receiver import Receiver


def notify(context: typer.Context) -> None:
    """Tell the configured receivers of alerts. “photonwatch up” does it by itself where some are configured."""
    settings = of(context).settings
    logs.configure(settings.log.level, sys.stderr)
    receivers = receivers_of(settings)
    if not is_configured(settings):
        raise Refusal(
            ExitCode.SETTINGS,
            "nobody to tell",
            where="notify.receivers, notify.alertmanager, notify.dead_man",
            do="name receivers in a file and that in notify.receivers_file, or an Alertmanager in notify.alertmanager",
        )
    asyncio.run(_run(settings, receivers))


def is_configured(settings: Settings) -> bool:
    notify = settings.notify
    return bool(notify.receivers.reveal.split() or notify.alertmanager or notify.dead_man.reveal)


def receivers_of(settings: Settings) -> list["Receiver"]:
    """
    Raises:
        Refusal: an address that is none.
    """
    import urllib3

    from console.notify.alertmanager import AlertmanagerReceiver
    from console.notify.receiver import PersonalReceiver

    page = f"http://{settings.page.host}:{settings.page.port or USUAL_PAGE_PORT}"
    receivers: list[Receiver] = []
    for number, url in enumerate(settings.notify.receivers.reveal.split(), 1):
        try:
            receivers.append(PersonalReceiver(url, page))
        except ValueError as error:
            raise Refusal(
                ExitCode.SETTINGS, f"receiver {number} cannot be told", where="notify.receivers", do=str(error)
            ) from None
    if settings.notify.alertmanager:
        receivers.append(
            AlertmanagerReceiver(settings.notify.alertmanager, page, lambda: datetime.now(UTC), urllib3.PoolManager())
        )
    return receivers


async def _run(settings: Settings, receivers: list["Receiver"]) -> None:
    import urllib3

    from console.notify.dead_man import DeadMan
    from console.notify.notifier import Notifier
    from storage.client import connect
    from storage.notifications import NotificationLog
    from storage.reader import Reader

    address = store_address(settings, readonly=False)
    with connect(address) as client, Reader(address) as reader:
        outlook = outlook_of(settings, reader)
        notifier = Notifier(NotificationLog(client), receivers, outlook, settings.notify.patience)
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(notifier.run(stop))
            if settings.notify.dead_man.reveal:
                dead_man = DeadMan(settings.notify.dead_man.reveal, urllib3.PoolManager(), outlook.hears)
                tasks.create_task(dead_man.run(stop))
