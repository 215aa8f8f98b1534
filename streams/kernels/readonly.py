"""One array kind at every kernel's door, so that each kernel is compiled once and never again while data flows."""

from typing import Any

import numpy as np
import numpy.typing as npt


def readonly(array: npt.NDArray[Any], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """A contiguous, read-only view of a one-dimensional ``array``; copied only where layout or type ask for it.

    Raises:
        TypeError: values that ``dtype`` cannot hold exactly.
    """
    flags = array.flags
    if array.dtype != dtype or not flags.c_contiguous:
        array = np.ascontiguousarray(array.astype(dtype, casting="safe", copy=False))
    elif not flags.writeable:
        return array
    view = array.view()
    view.setflags(write=False)
    return view
