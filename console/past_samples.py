"""Where samples of the past come from: the store, or files of JSON lines."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from schemas.ids import IndicatorId, SubjectId
from schemas.records import IndicatorSample
from slo.errors import SeriesError
from slo.sample_columns import SampleColumns, columns_of
from storage.reader import Reader

Span = tuple[int, int]
"""(since, until] in UTC seconds."""


class PastSamples(Protocol):
    """``name`` says whence, for people."""

    name: str

    def span(self, indicators: Collection[IndicatorId]) -> Span | None:
        """The first and the last end of samples of these indicators; None where there are none."""
        ...

    def subjects(self, indicators: Collection[IndicatorId], span: Span) -> list[SubjectId]:
        """Who has samples of these indicators."""
        ...

    def of(
        self, subject: SubjectId, indicators: Collection[IndicatorId], span: Span, counts: Sequence[str]
    ) -> list[SampleColumns]:
        """A subject's samples of these indicators, with the counts of these names."""
        ...


class StoredSamples:
    """Those of the store. Everything raises StoreError."""

    name = "store"

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def span(self, indicators: Collection[IndicatorId]) -> Span | None:
        return self._reader.sample_span(indicators)

    def subjects(self, indicators: Collection[IndicatorId], span: Span) -> list[SubjectId]:
        return sorted({group.subject for group in self._reader.sample_groups(indicators, *span)})

    def of(
        self, subject: SubjectId, indicators: Collection[IndicatorId], span: Span, counts: Sequence[str]
    ) -> list[SampleColumns]:
        found = []
        for group in self._reader.sample_groups(indicators, *span, subject=subject):
            rows = self._reader.sample_columns(group, *span, counts)
            columns = {name: rows[name].to_numpy() for name in rows.column_names}
            found.append(
                SampleColumns(
                    *group,
                    ends_unix_s=columns["end"],
                    lower=columns["lower"],
                    upper=columns["upper"],
                    counted=columns["counted"].astype(bool),
                    counts={name: columns[f"count_{place}"] for place, name in enumerate(counts)},
                )
            )
        return found


class FileSamples:
    """Those of a file: one sample a line, as the topic `indicators` carries them."""

    def __init__(self, path: Path) -> None:
        """
        Raises:
            SeriesError: a line is no sample; with its number.
            OSError: the file cannot be read.
        """
        self.name = str(path)
        self._samples: dict[SubjectId, list[IndicatorSample]] = {}
        for one in _read(path):
            self._samples.setdefault(one.subject, []).append(one)

    def span(self, indicators: Collection[IndicatorId]) -> Span | None:
        ends = [one.end_unix_s for of_subject in self._samples.values() for one in of_subject if one.indicator in indicators]
        return (min(ends), max(ends)) if ends else None

    def subjects(self, indicators: Collection[IndicatorId], span: Span) -> list[SubjectId]:
        return [subject for subject in sorted(self._samples) if any(self._chosen(subject, indicators, span))]

    def of(
        self, subject: SubjectId, indicators: Collection[IndicatorId], span: Span, counts: Sequence[str]
    ) -> list[SampleColumns]:
        return columns_of(self._chosen(subject, indicators, span), counts)

    def _chosen(self, subject: SubjectId, indicators: Collection[IndicatorId], span: Span) -> Iterator[IndicatorSample]:
        own = self._samples.get(subject, ())
        return (one for one in own if one.indicator in indicators and span[0] < one.end_unix_s <= span[1])


def _read(path: Path) -> Iterator[IndicatorSample]:
    decoder = msgspec.json.Decoder(IndicatorSample)
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                yield decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise SeriesError(
                    f"{path}:{number}", f"is no indicator sample: {error}", "write one sample as JSON a line"
                ) from None
