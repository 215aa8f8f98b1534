"""Memory that a process has used once and will use again stays with it, and what lives on is not searched for what may go."""

import ctypes
import gc

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of glibc's mallopt
_KEPT_BYTES = 128 << 20
_LARGEST_BYTES = 32 << 20
_NEW_OBJECTS = 50_000


def keep_freed_memory() -> bool:
    """Tell the C library to keep what is freed, up to 128 MiB, instead of giving it back to the system; whether it could be told.

    Messages and blocks are some 100 KB each, freed as soon as they are counted: given back, every page of the next one would be
    faulted in and cleared again, which costs more than counting the tags in it.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
    return mallopt is not None and bool(mallopt(_MMAP_THRESHOLD, _LARGEST_BYTES) and mallopt(_TRIM_THRESHOLD, _KEPT_BYTES))


def collect_rarely() -> None:
    """Leave what start-up made out of every search for unreachable cycles, and search after 50,000 new objects instead of 700.

    A worker keeps hundreds of thousands of small objects (tracks, budgets) that do live on; nearly all that it lets go is freed
    by reference count. With Python's own threshold a third of judging was searching (benchmarks: samples).
    """
    gc.freeze()
    _, *older = gc.get_threshold()
    gc.set_threshold(_NEW_OBJECTS, *older)
