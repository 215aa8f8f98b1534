"""What ``Lanes`` writes, compiled, against numpy: with eight lanes of both sizes, and with sixty-four."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit, types
from numba.extending import intrinsic

from streams.kernels.lanes import HALF, LANE, LANES, OCTET, Lanes

KINDS = {"uint32": HALF, "uint64": LANE}


def _closing(context, builder, signature, arguments):
    write = Lanes(context, builder)
    values, i, limit, out = arguments
    kind = KINDS[signature.args[0].dtype.name]
    write.call_early(write.pointer(signature.args[0], values, i))
    loaded = write.load(write.pointer(signature.args[0], values, i), kind)
    kept = builder.icmp_unsigned(">", loaded, write.everywhere(builder.trunc(limit, kind) if kind is HALF else limit))
    write.store(write.closed_up(loaded, kept), write.pointer(signature.args[3], out, LANE(0)))
    return write.number(kept)


def _numbering(context, builder, signature, arguments):
    write = Lanes(context, builder)
    values, out = arguments
    loaded = write.load(write.pointer(signature.args[0], values, LANE(0)), LANE)
    for place, numbers in ((0, write.low(loaded)), (LANES, write.constant(7)), (2 * LANES, write.constant(*range(LANES)))):
        write.store(numbers, write.pointer(signature.args[1], out, LANE(place)))
    return context.get_dummy_value()


def _alike(context, builder, signature, arguments):
    write = Lanes(context, builder)
    values, wanted = arguments
    loaded = write.load(write.pointer(signature.args[0], values, LANE(0)), OCTET, 64)
    return write.number(builder.icmp_unsigned("==", loaded, write.everywhere(wanted, 64)))


closing = intrinsic(lambda _, values, i, limit, out: (types.uint64(values, i, limit, out), _closing))
numbering = intrinsic(lambda _, values, out: (types.void(values, out), _numbering))
alike = intrinsic(lambda _, values, wanted: (types.uint64(values, wanted), _alike))


@njit
def close_up(values, i, limit, out):
    return closing(values, i, limit, out)


@njit
def number(values, out):
    numbering(values, out)


@njit
def count_alike(values, wanted):
    return alike(values, wanted)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_kept_is_closed_up_in_its_order_from_any_place(kind):
    most = int(np.iinfo(kind).max)
    numbers = st.integers(0, most) | st.sampled_from([0, 1, most - 1, most])

    @given(st.lists(numbers, min_size=LANES + 3, max_size=LANES + 3), st.integers(0, 3), numbers)
    def equal(values, i, limit):
        array, out = np.array(values, kind), np.zeros(LANES, kind)
        kept = [value for value in values[i : i + LANES] if value > limit]
        assert close_up(array, np.uint64(i), np.uint64(limit), out) == len(kept)
        assert out[: len(kept)].tolist() == kept

    equal()


@given(st.lists(st.integers(0, 2**64 - 1), min_size=LANES, max_size=LANES))
def test_lower_halves_and_constants(values):
    out = np.zeros(3 * LANES, np.uint64)
    number(np.array(values, np.uint64), out)
    assert out.tolist() == [value % 2**32 for value in values] + [7] * LANES + list(range(LANES))


@given(st.binary(min_size=64, max_size=64), st.integers(0, 255))
def test_sixty_four_at_once(content, wanted):
    values = np.frombuffer(content, np.uint8)
    assert count_alike(values, np.uint8(wanted)) == content.count(wanted)
    assert count_alike(np.full(64, wanted, np.uint8), np.uint8(wanted)) == 64
