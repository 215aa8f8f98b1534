"""Sources of photons with known truth: each makes tags for consecutive stretches of event time, from a seed."""

from producers.detection import Detection
from producers.sources.cw import CwParameters, CwSource
from producers.sources.interference import InterferenceParameters, InterferenceSource
from producers.sources.pairs import Analysers, PairParameters, PairSource
from producers.sources.pulsed import PulsedParameters, PulsedSource
from producers.sources.source import Source
from producers.sources.telegraph import Blinking

__all__ = [
    "Analysers",
    "Blinking",
    "CwParameters",
    "CwSource",
    "Detection",
    "InterferenceParameters",
    "InterferenceSource",
    "PairParameters",
    "PairSource",
    "PulsedParameters",
    "PulsedSource",
    "Source",
]
