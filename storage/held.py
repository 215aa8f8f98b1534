"""How many rows of a batch the store holds, table by table."""

from collections.abc import Mapping

from storage.batch import Batch
from storage.client import Client


def held(client: Client, batch: Batch) -> Mapping[str, int]:
    """Rows under the batch's name in each of its tables.

    Raises:
        StoreError: Unavailable or Refused by the store.
    """
    if not batch.tables:
        return {}
    place = {"pipeline": batch.pipeline, "topic": batch.topic, "partition": batch.partition, "lo": batch.lo}
    counts = client.query(
        " UNION ALL ".join(
            f"SELECT '{table}' AS held_in, count() AS n FROM {table} WHERE batch_pipeline = {{pipeline:String}} "
            "AND batch_topic = {topic:String} AND batch_partition = {partition:UInt16} AND batch_lo = {lo:UInt64}"
            for table in batch.tables
        ),
        place,
    )
    return dict(zip(counts["held_in"].to_pylist(), counts["n"].to_pylist(), strict=True))
