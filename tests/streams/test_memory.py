"""The C library keeps what is freed: the same batch again costs no page faults. Cycles are still found."""

import platform
import subprocess
import sys

import pytest

_COUNT = """
import resource
import numpy as np
from streams.memory import keep_freed_memory

def batch():
    return [np.ones(3 << 20, np.uint8) for _ in range(20)]  # each below the size from which numpy asks for huge pages

{told}
batch()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    batch()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_memory_that_is_used_again_is_not_faulted_in_again() -> None:
    def faults(told: str) -> int:
        script = _COUNT.format(told=told)
        return int(subprocess.run([sys.executable, "-c", script], check=True, capture_output=True).stdout)

    assert faults("assert keep_freed_memory()") < 500
    assert faults("") > 10_000


def test_start_up_is_not_searched_again_and_cycles_still_go() -> None:
    script = """
import gc, weakref
from streams.memory import collect_rarely

class Knot:
    pass

class Kept:
    pass

collect_rarely()
assert gc.get_freeze_count() > 0
knot = Knot()
knot.self, gone = knot, weakref.ref(knot)
del knot
assert gone() is not None
kept = []
while gone() is not None:
    kept.append(Kept())
print(len(kept))
"""
    made = int(subprocess.run([sys.executable, "-c", script], check=True, capture_output=True).stdout)
    assert 10_000 < made < 60_000
