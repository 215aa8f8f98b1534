"""Before anything flows: the store's tables and the broker's topics are there, as this version needs them."""

import asyncio

from producers.publisher import Publisher
from schemas.broker import BrokerConnection
from storage.client import StoreAddress
from storage.migrate import migrate


def prepare(broker: BrokerConnection, store: StoreAddress) -> None:
    """Bring tables and topics up to this version; what is there already stays. Safe to run at the same time elsewhere.

    Raises:
        StoreError: the store cannot be reached, or its tables have another history.
        PublishError: the broker cannot be reached, or a topic has another number of partitions.
    """
    migrate(store)
    asyncio.run(_topics(broker))


async def _topics(broker: BrokerConnection) -> None:
    async with Publisher(broker):
        pass
