from dataclasses import dataclass

import numpy as np
import pytest

from schemas.block import Times
from schemas.ids import DeviceId, DomainId, RunId
from schemas.panes import Counts
from streams.errors import StateError
from streams.processors.progress import Progress
from streams.processors.state_bytes import state_from_bytes, state_to_bytes


@dataclass(frozen=True, slots=True)
class Kept:
    progress: Progress | None
    times: Times
    table: Counts | None
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Other:
    progress: Progress | None
    times: Times
    table: Counts | None
    spans: tuple[tuple[int, int], ...]


FULL = Kept(
    Progress(DomainId("d"), DeviceId("q"), RunId("r"), -5, 2**62),
    np.array([-(2**63), 2**63 - 1]),
    np.array([[2**64 - 1, 0, 1]], np.uint64),
    ((1, 2), (3, 4)),
)


@pytest.mark.parametrize("state", [FULL, Kept(None, np.empty(0, np.int64), None, ())])
def test_what_is_written_is_read(state):
    read = state_from_bytes(state_to_bytes(state), Kept)
    assert (read.progress, read.spans) == (state.progress, state.spans)
    assert read.times.dtype == np.int64
    assert read.times.tolist() == state.times.tolist()
    if state.table is None:
        assert read.table is None
    else:
        assert read.table.tolist() == state.table.tolist()
        assert read.table.flags.writeable


def test_other_states_and_other_bytes_are_refused():
    content = state_to_bytes(FULL)
    with pytest.raises(StateError, match="hold a Kept, not a Other"):
        state_from_bytes(content, Other)
    for wrong in (b"", b"\x00", content[:-1], content + b"x", content.replace(b"int64", b"int32"), b"\x80\x04]"):
        with pytest.raises(StateError, match="initial state"):
            state_from_bytes(wrong, Kept)
    short = state_to_bytes(Kept(None, np.arange(3), None, ())).replace(b"\x91\x03", b"\x91\x04")  # says four, holds three
    with pytest.raises(StateError, match="reshape"):
        state_from_bytes(short, Kept)


def test_what_is_no_part_of_a_state_is_not_written():
    with pytest.raises(TypeError, match="complex is no part of a state"):
        state_to_bytes(Kept(None, np.arange(3), None, ((1j, 2),)))
