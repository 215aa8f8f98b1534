"""Record bits against ptufile's decoder, where the two agree by design, and where ptufile loses time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ptufile._ptufile import decode_t2_records, decode_t3_records
from ptufile.ptufile import T2_RECORD_DTYPE, T3_RECORD_DTYPE, PtuRecordType

from producers.errors import RecordingError
from producers.formats.ptu_records import SYNC_INPUT, Mode, decode


def hydraharp(special: bool, number: int, low: int) -> int:
    return (special << 31) | (number << 25) | low


def picoharp(number: int, low: int) -> int:
    return (number << 28) | low


low25 = st.integers(0, (1 << 25) - 1)
t2 = st.one_of(
    st.builds(hydraharp, st.just(value=False), st.integers(0, 62), low25),
    st.builds(hydraharp, st.just(value=True), st.integers(1, 15), low25),
    st.builds(hydraharp, st.just(value=True), st.just(63), st.integers(0, 127)),
)
t3 = st.one_of(
    st.builds(hydraharp, st.just(value=False), st.integers(0, 62), low25),
    st.builds(hydraharp, st.just(value=True), st.integers(1, 15), low25),
    st.builds(hydraharp, st.just(value=True), st.just(63), st.integers(0, 1023)),
)
picoharp_t2 = st.one_of(
    st.builds(picoharp, st.integers(0, 4), st.integers(0, 210_698_239)), st.builds(picoharp, st.just(15), st.integers(0, 64))
)
picoharp_t3 = st.one_of(
    st.builds(picoharp, st.integers(1, 4), st.integers(0, (1 << 28) - 1)),
    st.builds(picoharp, st.just(15), st.integers(0, 7).map(lambda marker: marker << 16)),
)
WORDS = {
    PtuRecordType.PicoHarpT2: picoharp_t2,
    PtuRecordType.PicoHarpT3: picoharp_t3,
    **{kind: t2 if kind.name.endswith("T2") else t3 for kind in PtuRecordType if not kind.name.startswith("PicoHarp")},
}


@pytest.mark.parametrize("kind", list(PtuRecordType), ids=lambda kind: kind.name)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_every_record_type_decodes_as_ptufile_does(kind: PtuRecordType, data: st.DataObject) -> None:
    words = np.array(data.draw(st.lists(WORDS[kind], min_size=1, max_size=40)), np.uint32)
    mode = Mode.T2 if kind.name.endswith("T2") else Mode.T3
    peer = np.zeros(words.size, T2_RECORD_DTYPE if mode is Mode.T2 else T3_RECORD_DTYPE)
    (decode_t2_records if mode is Mode.T2 else decode_t3_records)(peer, words, int(kind))
    photon = peer["channel"] >= 0
    found = decode(words, kind, mode, 0, "words")
    assert found.ticks.tolist() == peer["time"][photon].tolist()
    assert found.channel.tolist() == peer["channel"][photon].tolist()
    assert found.markers == np.count_nonzero(peer["marker"])
    assert found.markers + found.overflows + found.ticks.size == words.size
    if mode is Mode.T3:
        assert found.bins.astype(np.int16).tolist() == peer["dtime"][photon].tolist()
    cut = data.draw(st.integers(0, words.size))
    first = decode(words[:cut], kind, mode, 0, "words")
    second = decode(words[cut:], kind, mode, first.reached, "words")
    assert [*first.ticks.tolist(), *second.ticks.tolist()] == found.ticks.tolist()
    assert second.reached == found.reached


def test_a_quiet_input_whose_overflows_come_in_one_record_keeps_its_time() -> None:
    words = np.array([hydraharp(True, 63, 298), hydraharp(False, 0, 5)], np.uint32)
    assert decode(words, PtuRecordType.HydraHarp2T2, Mode.T2, 0, "words").ticks.tolist() == [(298 << 25) + 5]


def test_sync_records_of_t2_have_a_channel_of_their_own() -> None:
    words = np.array([hydraharp(True, 0, 7), hydraharp(False, 0, 8)], np.uint32)
    assert decode(words, PtuRecordType.GenericT2, Mode.T2, 0, "words").channel.tolist() == [SYNC_INPUT, 0]


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (PtuRecordType.HydraHarp2T3, hydraharp(True, 0, 7)),
        (PtuRecordType.HydraHarp2T2, hydraharp(True, 16, 7)),
        (PtuRecordType.PicoHarpT2, picoharp(5, 7)),
        (PtuRecordType.PicoHarpT3, picoharp(0, 7)),
    ],
)
def test_records_that_no_device_writes_are_refused(kind: PtuRecordType, word: int) -> None:
    mode = Mode.T2 if kind.name.endswith("T2") else Mode.T3
    with pytest.raises(RecordingError, match=r"file: record 0 there \(0x[0-9a-f]{8}\) is no photon"):
        decode(np.array([word], np.uint32), kind, mode, 0, "file")
