import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streams.kernels.wide_sums import WORDS, add_product, value_of

WORD = st.integers(0, 2**64 - 1) | st.sampled_from([0, 1, 2**32 - 1, 2**32, 2**64 - 1])


@given(st.lists(st.tuples(WORD, WORD), max_size=8))
def test_sums_of_products_are_those_of_plain_integers(pairs):
    for add in (add_product, add_product.py_func):
        words = np.zeros(WORDS, np.uint64)
        with np.errstate(over="ignore"):
            for a, b in pairs:
                add(words, np.uint64(a), np.uint64(b))
        assert value_of(words.tolist()) == sum(a * b for a, b in pairs)
