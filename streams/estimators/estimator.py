"""One contract for every estimator: data in, parameters in, an outcome out. Stream and command line call the same object."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from schemas.events import Event
from schemas.measurements import Measurement
from schemas.records import Estimate, Parameter
from streams.errors import StreamsError
from streams.estimators.outcome import Outcome


class EstimatorError(StreamsError):
    """Data or parameters from which no estimate can be made, whatever the counts; the text says which and what to do."""


class EstimatorParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every estimator can be told. Units stand in the names."""

    confidence: float = 0.95


@dataclass(frozen=True, slots=True)
class Estimator:
    """``function`` gets one or more data of one of the kinds in ``takes`` and an instance of ``parameters``.

    Several data of one kind are repetitions, or one series: the function says which. It raises ``EstimatorError``.
    """

    name: str
    summary: str
    takes: tuple[type, ...]
    parameters: type[EstimatorParameters]
    function: Callable[[Sequence[Any], Any], Outcome]
    of_events: tuple[type, ...] = ()
    """Where it takes events: the kinds of them that it uses; others may stand between them."""
    uses: Callable[[Any], bool] = lambda _one: True
    """Which measurements' data of these kinds are meant for it; others may stand between them."""
    under: Mapping[str, Parameter] = field(default_factory=dict)
    """Conditions that measurements are meant for it under; one that says nothing of them is, too."""
    series: bool = False
    """Whether it says how something went on over several measurements: the stream gives it those of a longer window."""

    reading: Mapping[str, str] = field(default_factory=dict)
    """Options that files are read with for it, unless told otherwise."""
    mixed: bool = False
    """Whether it takes data of several of its kinds at once."""
    suits: Callable[[Sequence[Any], Mapping[str, Parameter]], bool] = lambda _data, _given: True
    """Whether it is the one to use on these data, which it takes, with these parameters given, where nobody says which."""

    def usable(self, data: Sequence[object]) -> Sequence[object]:
        """The data that it takes and uses, in order; empty where there are none, or some of a kind that it does not take."""
        if not all(isinstance(one, self.takes) for one in data):
            return ()
        return tuple(one for one in data if self._is_meant(one))

    def serves(self, conditions: Mapping[str, Parameter]) -> bool:
        """Whether what was measured under these conditions is meant for it."""
        return all(conditions.get(name, wanted) == wanted for name, wanted in self.under.items())

    def _is_meant(self, one: object) -> bool:
        if isinstance(one, Event):
            return not self.of_events or isinstance(one.what, self.of_events)
        if isinstance(one, Measurement):
            return isinstance(one.data, self.takes) and self.uses(one.data) and self.serves(one.conditions)
        return self.uses(one)

    def __call__(self, data: Sequence[object], parameters: Mapping[str, Parameter] | None = None) -> Outcome:
        """Estimate; ``parameters`` may be texts, and those that are not given have their defaults.

        Raises:
            EstimatorError: no data, data of a kind that it does not take or of several kinds, a parameter that it does not know
                or of a wrong type, or data that the function refuses.
        """
        kinds = {type(one) for one in data}
        if not kinds or (len(kinds) > 1 and not self.mixed) or not kinds <= set(self.takes):
            got = " and ".join(sorted(kind_name(kind) for kind in kinds)) or "nothing"
            raise EstimatorError(f"{self.name} takes {' or '.join(map(kind_name, self.takes))}, not {got}; give it one of these")
        return self.function(data, self.parameters_of(parameters or {}))

    def parameters_of(self, given: Mapping[str, Parameter]) -> EstimatorParameters:
        """
        Raises:
            EstimatorError: a parameter that it does not know, or of a wrong type.
        """
        known = self.parameter_names
        for name in given:
            if name not in known:
                raise EstimatorError(f"{self.name} has no parameter “{name}”; it has {', '.join(known)}")
        try:
            converted = msgspec.convert(dict(given), self.parameters, strict=False)
        except msgspec.ValidationError as error:
            raise EstimatorError(f"{self.name}: {error}; write a value of that type") from error
        if not 0 < converted.confidence < 1:
            raise EstimatorError(f"{self.name}: confidence is {converted.confidence}; write one between 0 and 1, such as 0.95")
        return converted

    @property
    def parameter_names(self) -> tuple[str, ...]:
        return self.parameters.__struct_fields__

    @property
    def defaults(self) -> Mapping[str, Parameter]:
        """Parameters that have a default, with it."""
        return {
            each.name: each.default for each in msgspec.structs.fields(self.parameters) if each.default is not msgspec.NODEFAULT
        }


def choose(able: Sequence[Estimator], data: Sequence[object], given: Mapping[str, Parameter]) -> Estimator:
    """The first of ``able`` that takes the data, knows what is given, and suits them; failing that the first that takes them.

    Raises:
        EstimatorError: none takes them.
    """
    kinds = {type(one) for one in data}
    taking = [each for each in able if kinds and kinds <= set(each.takes)]
    if not taking:
        wanted = " or ".join(dict.fromkeys(kind_name(kind) for each in able for kind in each.takes))
        got = " and ".join(sorted(kind_name(kind) for kind in kinds)) or "nothing"
        raise EstimatorError(f"got {got}, wanted is {wanted}; give it one of these")
    knowing = [each for each in taking if set(given) <= set(each.parameter_names)]
    return next((each for each in knowing if each.suits(data, given)), (knowing or taking)[0])


def kind_name(kind: type) -> str:
    """What a kind of data is called in its messages: ``delay-histogram``; types without a tag by their name."""
    config = getattr(kind, "__struct_config__", None)
    tag = None if config is None else config.tag
    return str(tag) if tag is not None else kind.__name__.lower()


def not_estimated(
    parameters: EstimatorParameters, why: str, *, unit: str, method: str, counts: Mapping[str, int] | None = None
) -> Outcome:
    """The outcome of data that cannot support a number, and why."""
    return Outcome(
        Estimate(
            value=None,
            lower=None,
            upper=None,
            confidence=parameters.confidence,
            counts=dict(counts or {}),
            unit=unit,
            method=method,
            parameters=msgspec.structs.asdict(parameters),
            warnings=(why,),
        )
    )


IntervalKind = Literal["fixed", "time-uniform"]
"""``fixed``: holds for one look at counts taken for a time fixed beforehand. ``time-uniform``: holds however often one looks."""
