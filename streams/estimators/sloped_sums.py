"""Sums along all straight lines of a picture at once: the discrete Radon transform (Götz and Druckmüller 1996, Brady 1998)."""

from typing import Any

import numpy as np
import numpy.typing as npt


def sloped_sums(picture: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """``sums[s, x]``: along the line that begins at bin x of the first row and is s bins further in the last one.

    Args:
        picture: (rows, bins), rows a power of two. What would lie beyond the last bin counts as nothing.

    Returns:
        The same shape and type: rises of 0 to rows - 1. Lines are digital: each is within log2(rows)/6 bins of straight.

    Raises:
        ValueError: rows are no power of two.
    """
    rows, bins = picture.shape
    if rows & (rows - 1) or not rows:
        raise ValueError(f"{rows} rows: a power of two is needed")
    sums = picture.reshape(rows, 1, bins)
    for rise_below in (1 << level for level in range(rows.bit_length() - 1)):
        upper, lower = sums[::2], sums[1::2]
        sums = np.empty((upper.shape[0], 2 * rise_below, bins), picture.dtype)
        for rise in range(2 * rise_below):
            half, shift = rise // 2, (rise + 1) // 2
            sums[:, rise] = upper[:, half]
            if shift < bins:
                sums[:, rise, : bins - shift] += lower[:, half, shift:]
    return np.asarray(sums[0])
