import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.engine.errors import ClickHouseError
from embedded.engine.frames import FrameEncoder, unframed

# Frames that clickhouse-go 2.50 read and wrote alike.
_GOLDEN = "818fd1b622dd361a0f77f72bf479bcea8212000000080000008053454c4543542031"


@given(parts=st.lists(st.binary(max_size=500), max_size=5), size=st.integers(1, 50))
def test_frames_come_back(parts: list[bytes], size: int) -> None:
    encoder = FrameEncoder()
    packed = b"".join([*map(encoder.compress, parts), encoder.flush()])
    pieces = [packed[at : at + size] for at in range(0, len(packed), size)]
    assert b"".join(unframed(pieces)) == b"".join(parts)


def test_frames_are_of_bounded_size() -> None:
    encoder = FrameEncoder()
    packed = encoder.compress(bytes(5 << 20)) + encoder.flush()
    assert [len(piece) for piece in unframed([packed])] == [1 << 20] * 5


def test_old_bytes_stay_readable() -> None:
    encoder = FrameEncoder()
    assert (encoder.compress(b"SELECT 1") + encoder.flush()).hex() == _GOLDEN
    assert b"".join(unframed([bytes.fromhex(_GOLDEN)])) == b"SELECT 1"


@pytest.mark.parametrize(
    ("change", "code"), [(lambda f: f[:-1], 271), (lambda f: f[:-1] + b"\xff", 40), (lambda f: b"\x00" + f[1:], 40)]
)
def test_damage_is_seen(change, code: int) -> None:
    with pytest.raises(ClickHouseError) as raised:
        list(unframed([change(bytes.fromhex(_GOLDEN))]))
    assert raised.value.code == code


@pytest.mark.parametrize(("size", "plain"), [(1 << 32 - 1, 1), (1 << 26, (64 << 20) + 1), ((64 << 20) + 1, 1)])
def test_a_frame_that_claims_too_much(size: int, plain: int) -> None:
    with pytest.raises(ClickHouseError) as raised:
        list(unframed([bytes(16) + b"\x82" + struct.pack("<II", size, plain)]))
    assert raised.value.code == 271
