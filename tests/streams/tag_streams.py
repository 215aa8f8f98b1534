"""Hypothesis streams of tags and ways to cut them, shared by the tests of this room."""

from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from schemas.block import Loss
from schemas.ids import DeviceId, DomainId, RunId
from streams.segment import Segment

ORIGIN_UNIX_NS = 1_700_000_000_123_456_789


def segment(time_ps, channel, start_ps, reached_ps, detectors=(0, 1), losses=(), *, run="r", origin_unix_ns=ORIGIN_UNIX_NS):
    return Segment(
        DomainId("d"),
        DeviceId("q"),
        RunId(run),
        origin_unix_ns,
        start_ps,
        reached_ps,
        np.asarray(time_ps, np.int64),
        np.asarray(channel, np.uint8),
        detectors,
        tuple(losses),
    )


def cut(whole: Segment, places: list[int]) -> list[Segment]:
    """The same stream in several segments, cut at the given times; every piece carries the losses that it touches."""
    edges = [whole.start_ps, *sorted(place for place in places if whole.start_ps < place < whole.reached_ps), whole.reached_ps]
    pieces = []
    for start, end in pairwise(edges):
        inside = (whole.time_ps >= start) & (whole.time_ps < end)
        losses = [loss for loss in whole.losses if loss.start_ps < end and loss.end_ps > start]
        tags, origin = (whole.time_ps[inside], whole.channel[inside]), whole.origin_unix_ns
        pieces.append(segment(*tags, start, end, whole.detectors, losses, origin_unix_ns=origin))
    return pieces


@st.composite
def crowds(draw, channels=(0, 1, 2, 7), most=40, span=3000):
    """Sorted tags (times, channels) of many equal and near times."""
    times = sorted(draw(st.lists(st.integers(0, span), max_size=most)))
    return np.array(times, np.int64), np.array([draw(st.sampled_from(channels)) for _ in times], np.uint8)


def loss(start_ps: int, end_ps: int) -> Loss:
    return Loss(start_ps, end_ps)
