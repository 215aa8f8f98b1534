"""The state file is whole, and a process is told from a later one of the same number."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from embedded.errors import StateUnreadableError
from embedded.probes import KafkaAnswers
from embedded.state import Part, PartState, ProcessId, StackState, read_state, state_file, write_state


def test_state_comes_back_whole(tmp_path: Path) -> None:
    part = Part(
        name="kafka", state=PartState.READY, address="h:1", process=ProcessId(7, 1.5), ready=KafkaAnswers("h:1"), log="/l"
    )
    state = StackState(supervisor=ProcessId.this(), parts=(part,))
    write_state(tmp_path, state)
    assert read_state(tmp_path) == state
    assert [path.name for path in tmp_path.iterdir()] == ["stack.json"]


def test_no_state_and_torn_state(tmp_path: Path) -> None:
    assert read_state(tmp_path) is None
    state_file(tmp_path).write_text('{"supervisor": {"pid"')
    with pytest.raises(StateUnreadableError, match="cannot be read") as raised:
        read_state(tmp_path)
    assert raised.value.where == str(state_file(tmp_path))


def test_process_is_known_by_number_and_start() -> None:
    this = ProcessId.this()
    found = this.process()
    assert found is not None
    assert found.pid == os.getpid()
    assert ProcessId(this.pid, this.started_s - 60).process() is None


def test_ended_process_is_gone_even_before_it_is_reaped() -> None:
    with subprocess.Popen((sys.executable, "-c", "input()"), stdin=subprocess.PIPE) as child:
        identity = ProcessId.of(child.pid)
        assert identity is not None
        assert identity.process() is not None
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert identity.process() is None
    assert identity.process() is None
    assert ProcessId.of(child.pid) is None
