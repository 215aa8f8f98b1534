"""Simulated single shots: two turned, stretched Gaussian clouds, and a share of either preparation in the other's."""

import numpy as np

from schemas.measurements import ReadoutShots

TURN = np.array([[np.cos(0.7), -np.sin(0.7)], [np.sin(0.7), np.cos(0.7)]])


def shots(generator, *, number=400, separation=4.0, wrong=(0.01, 0.05), across=1.3):
    """``separation`` in widths along the line between the clouds; ``across`` is the width across it."""
    clouds = []
    for state in (0, 1):
        read = np.where(generator.random(number) < wrong[state], 1 - state, state)
        place = generator.normal(size=(number, 2)) * [1, across] + np.outer(read * separation, [1, 0])
        clouds.append(place @ TURN.T + [3, -2])
    ground, excited = clouds
    return ReadoutShots(
        ground_i=tuple(ground[:, 0].tolist()),
        ground_q=tuple(ground[:, 1].tolist()),
        excited_i=tuple(excited[:, 0].tolist()),
        excited_q=tuple(excited[:, 1].tolist()),
    )
