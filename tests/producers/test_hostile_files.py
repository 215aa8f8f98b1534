"""Valid files of every format, then damaged at random: each opens and agrees with itself, or is refused in one line."""

import logging
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from producers.errors import RecordingError
from producers.formats.ptu_writer import write_ptu_t2, write_ptu_t3
from producers.recording import open_recording

TAGS = 300
DAMAGES = 150
NAMES = ["t2.ptu", "t3.ptu", "tags.parquet", "tags.arrow", "tags.stream", "tags.npz", "packed.npz", "tags.csv", "tags.qutag"]


def write(path: Path) -> None:
    time_ps = np.cumsum(np.random.default_rng(0).integers(0, 10**8, TAGS))
    channel = (np.arange(TAGS) % 3).astype(np.uint8)
    table = pa.table({"time_ps": time_ps, "channel": channel})
    match path.name:
        case "t2.ptu":
            write_ptu_t2(path, time_ps, channel, sync_channel=2)
        case "t3.ptu":
            write_ptu_t3(path, time_ps // 12_500, time_ps % 700, channel, sync_rate_hz=80_000_000, resolution_ps=16)
        case "tags.parquet":
            pq.write_table(table, path)
        case "tags.arrow":
            with pa.ipc.new_file(path, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
                writer.write_table(table)
        case "tags.stream":
            with pa.ipc.new_stream(path, table.schema) as writer:
                writer.write_table(table)
        case "tags.npz":
            np.savez(path, time_ps=time_ps, channel=channel)
        case "packed.npz":
            np.savez_compressed(path, time_ps=time_ps, channel=channel)
        case "tags.csv":
            rows = (f"{time},{number}\n" for time, number in zip(time_ps, channel, strict=True))
            path.write_text("time_ps,channel\n" + "".join(rows))
        case "tags.qutag":
            records = np.empty(TAGS, [("time", "<u8"), ("channel", "<u2")])
            records["time"], records["channel"] = time_ps, channel
            path.write_bytes(bytes(40) + records.tobytes())


def damaged(whole: bytes, random: np.random.Generator) -> bytes:
    """Cut, overwritten, bit-flipped near the header, or with foreign bytes in between."""
    data = bytearray(whole)
    match random.integers(0, 4):
        case 0:
            del data[random.integers(0, len(data)) :]
        case 1:
            for _ in range(random.integers(1, 6)):
                data[random.integers(0, len(data))] = random.integers(0, 256)
        case 2:
            for _ in range(3):
                data[random.integers(0, min(700, len(data)))] ^= 1 << random.integers(0, 8)
        case _:
            at = random.integers(0, len(data))
            data[at:at] = random.bytes(int(random.integers(1, 9)))
    return bytes(data)


@pytest.mark.parametrize("name", NAMES)
def test_damage_is_refused_or_harmless(tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    path = tmp_path / name
    write(path)
    whole = path.read_bytes()
    assert sum(open_recording(path).tags.values()) == TAGS
    random = np.random.default_rng(NAMES.index(name))
    texts: list[str] = []
    for _ in range(DAMAGES):
        path.write_bytes(damaged(whole, random))
        try:
            recording = open_recording(path)
        except RecordingError as refusal:
            texts.append(str(refusal))
            continue
        assert sum(chunk.time_ps.size for chunk in recording.chunks()) == sum(recording.tags.values())
    assert len(texts) > DAMAGES // 4
    assert all(text.startswith(str(path)) and "\n" not in text for text in texts)
