"""From files to a judged estimate: the readers, the estimator that the stream uses, the verdict and what it still lacks."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec

from console.lacking_text import lacking_text
from console.refusal import ExitCode, Refusal
from producers.measurements import registry as files
from producers.measurements.reader import Content
from producers.recording import Recording, is_tag_file, open_recording
from schemas.panes import PaneParameters
from schemas.records import Verdict
from slo.catalogue import Indicator
from slo.judge import judge
from slo.objective import Criterion
from streams import tag_data
from streams.estimators.estimator import Estimator, choose, kind_name
from streams.estimators.forecast import Forecast, forecast
from streams.estimators.outcome import Outcome
from streams.segment import Segment


@dataclass(frozen=True, slots=True)
class Estimation:
    """An outcome with everything needed to show it. ``objective`` names where the criterion comes from."""

    indicator: Indicator
    estimator: Estimator
    files: tuple[str, ...]
    format: str
    notes: tuple[str, ...]
    outcome: Outcome
    objective: str
    criterion: Criterion | None
    verdict: Verdict | None
    lacks: Forecast | None

    def document(self) -> dict[str, Any]:
        """The JSON object."""
        estimate, outcome = self.outcome.estimate, self.outcome
        fit = outcome.model
        return {
            "indicator": self.indicator.id,
            "name": self.indicator.name,
            "value": estimate.value,
            "lower": estimate.lower,
            "upper": estimate.upper,
            "confidence": estimate.confidence,
            "raw": outcome.raw,
            "corrected": outcome.corrected,
            "counts": estimate.counts,
            "unit": estimate.unit,
            "method": estimate.method,
            "parameters": estimate.parameters,
            "model": None
            if fit is None
            else {
                "model": fit.model,
                "parameters": {
                    name: {"value": each.value, "error": each.error, "unit": each.unit} for name, each in fit.parameters.items()
                },
                "goodness": dict(fit.goodness),
            },
            "verdict": self.verdict,
            "objective": self.objective or None,
            "criterion": None if self.criterion is None else str(self.criterion),
            "more_counts": None if self.lacks is None else self.lacks.more,
            "more_seconds": None if self.lacks is None else self.lacks.seconds,
            "estimator": self.estimator.name,
            "files": list(self.files),
            "format": self.format,
            "warnings": [*self.notes, *estimate.warnings],
        }

    @property
    def refusal(self) -> Refusal | None:
        """What is said where the data contradict the method."""
        if not self.outcome.refused:
            return None
        what, _, do = self.outcome.refused.partition("; ")
        return Refusal(
            ExitCode.BAD_INPUT, what, where=", ".join(self.files), do=do or "look at it with --plot", answer=self.document()
        )

    def lacking_text(self) -> str:
        """How many more counts until a verdict, for people; empty where there is nothing to say."""
        if self.lacks is None:
            at_threshold = self.verdict is Verdict.INSUFFICIENT and self.outcome.estimate.value is not None
            return "the value stands at the threshold: no number of counts like these decides" if at_threshold else ""
        return lacking_text(self.lacks.more, self.lacks.seconds)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: the indicator, by which estimator (None: the first that takes such files), of which files, told what."""

    indicator: Indicator
    estimator: str | None
    files: Sequence[Path]
    settings: Mapping[str, str]


def estimate(
    question: Question, known: Mapping[str, Estimator], objective: str, criterion: Criterion | None, tags: "TagReading"
) -> Estimation:
    """Read the files and estimate; ``criterion`` is the one of ``objective``.

    Raises:
        Refusal: no estimator of the indicator takes such files, or a setting that nobody knows.
        ProducerError: a file that cannot be read.
        StreamsError: data from which no estimate can be made.
    """
    able = _able(question, known)
    content, option_names = _content(question, able, tags)
    own = {name: text for name, text in question.settings.items() if name not in option_names}
    estimator = choose(able, content.data, own)
    usual = {name: text for name, text in question.indicator.parameters.items() if name in estimator.parameter_names}
    outcome = estimator(content.data, {**usual, **_parameters(question, estimator, option_names)})
    lacks = None if criterion is None else forecast(outcome, criterion.operator, criterion.threshold)
    return Estimation(
        indicator=question.indicator,
        estimator=estimator,
        files=tuple(map(str, question.files)),
        format=content.format,
        notes=content.notes,
        outcome=outcome,
        objective=objective,
        criterion=criterion,
        verdict=None if criterion is None else judge(outcome.estimate, criterion.operator, criterion.threshold),
        lacks=lacks,
    )


def _able(question: Question, known: Mapping[str, Estimator]) -> list[Estimator]:
    """Estimators of the indicator, or the one that was asked for."""
    able = [known[name] for name in question.indicator.estimators if name in known]
    if question.estimator is not None:
        able = [each for each in able if each.name == question.estimator]
    if not able:
        names = ", ".join(question.indicator.estimators) or "none: it is computed from other indicators"
        raise Refusal(
            ExitCode.NOT_FOUND,
            f"{question.indicator.id} has no estimator “{question.estimator}”"
            if question.estimator
            else f"{question.indicator.id} is estimated from no file",
            where="--estimator" if question.estimator else question.indicator.name,
            do=f"its estimators are: {names}",
        )
    return able


def _content(question: Question, able: Sequence[Estimator], tags: "TagReading") -> tuple[Content, tuple[str, ...]]:
    """All files' data, and the names of the options that their reader knows."""
    if is_tag_file(question.files[0]):
        return tags.content(question, able), tags.option_names
    reader = files.choose(question.files[0], [kind for each in able for kind in each.takes])
    estimator = next(each for each in able if set(each.takes) & set(reader.yields))
    options = {name: text for name, text in {**estimator.reading, **question.settings}.items() if name in reader.option_names}
    return joined([files.read(reader, path, options) for path in question.files]), reader.option_names


def joined(parts: Sequence[Content]) -> Content:
    """Contents one after another."""
    return Content(
        tuple(chain.from_iterable(part.data for part in parts)),
        ", ".join(dict.fromkeys(part.format for part in parts)),
        tuple(dict.fromkeys(chain.from_iterable(part.notes for part in parts))),
    )


def _parameters(question: Question, estimator: Estimator, option_names: Sequence[str]) -> dict[str, str]:
    """The settings that are the estimator's."""
    mine = estimator.parameter_names
    for name in question.settings:
        if name not in mine and name not in option_names:
            near = get_close_matches(name, (*mine, *option_names), 1)
            raise Refusal(
                ExitCode.USAGE,
                f"neither {estimator.name} nor the reader of such files knows “{name}”",
                where="--set",
                do=f"did you mean {near[0]}?" if near else f"known are: {', '.join(dict.fromkeys((*mine, *option_names)))}",
            )
    return {name: text for name, text in question.settings.items() if name in mine}


@dataclass(frozen=True, slots=True)
class TagReading:
    """How files of tags are counted: ``panes`` are the settings' analysis parameters, ``segments`` reads a recording."""

    panes: PaneParameters
    segments: Callable[[Recording], Iterator[Segment]]

    @property
    def option_names(self) -> tuple[str, ...]:
        return tuple(each.name for each in msgspec.structs.fields(tag_data.TagOptions))

    def content(self, question: Question, able: Sequence[Estimator]) -> Content:
        """
        Raises:
            Refusal: none of ``able`` takes what tags give.
            ProducerError: a file that cannot be read.
            StreamsError: an option of a wrong type, or channels without tags.
        """
        estimator = next((each for each in able if set(each.takes) & set(tag_data.KINDS)), None)
        if estimator is None:
            wanted = ", ".join(dict.fromkeys(kind_name(kind) for each in able for kind in each.takes))
            raise Refusal(
                ExitCode.BAD_INPUT,
                f"a file of tags, but {question.indicator.name} is made of {wanted}",
                where=str(question.files[0]),
                do="give a file of that",
            )
        kind = next(kind for kind in estimator.takes if kind in tag_data.KINDS)
        options = tag_data.options_of(
            {name: text for name, text in {**estimator.reading, **question.settings}.items() if name in self.option_names}
        )
        return joined([self._one(path, kind, options) for path in question.files])

    def _one(self, path: Path, kind: type, options: tag_data.TagOptions) -> Content:
        recording = open_recording(path, sync_channel=options.sync_channel)
        source = tag_data.TagSource(
            segments=lambda: self.segments(recording),
            detectors=tuple(channel.number for channel in recording.channels if channel.role == "detector"),
            sync_channels=tuple(channel.number for channel in recording.channels if channel.role == "sync"),
            period_ps=recording.period_ps,
        )
        data, notes = tag_data.data_of(source, kind, options, self.panes)
        return Content((data,), recording.format, (*recording.notes, *notes))
