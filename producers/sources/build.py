"""The source that parameters describe."""

from producers.sources.cw import CwParameters, CwSource
from producers.sources.interference import InterferenceParameters, InterferenceSource
from producers.sources.pairs import PairParameters, PairSource
from producers.sources.pulsed import PulsedParameters, PulsedSource

SourceParameters = PulsedParameters | CwParameters | InterferenceParameters | PairParameters
AnySource = PulsedSource | CwSource | InterferenceSource | PairSource


def build_source(parameters: SourceParameters, seed: int) -> AnySource:
    match parameters:
        case PulsedParameters():
            return PulsedSource(parameters, seed)
        case CwParameters():
            return CwSource(parameters, seed)
        case InterferenceParameters():
            return InterferenceSource(parameters, seed)
        case PairParameters():
            return PairSource(parameters, seed)


def exchange(source: AnySource, parameters: SourceParameters) -> None:
    """Give a source other parameters of its own kind, from its next photon on."""
    match source, parameters:
        case (
            (PulsedSource(), PulsedParameters())
            | (CwSource(), CwParameters())
            | (InterferenceSource(), InterferenceParameters())
            | (PairSource(), PairParameters())
        ):
            source.parameters = parameters
        case _:
            raise TypeError(f"{type(parameters).__name__} for a {type(source).__name__}")
