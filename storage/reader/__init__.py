"""Everything that is asked of the store: one reader, its questions by noun in the modules beside this one."""

from types import TracebackType
from typing import Self

from storage.client import StoreAddress, connect
from storage.reader.checks import CheckQuestions, SumCheck
from storage.reader.fleet import DeviceOverview, FleetQuestions, Heard
from storage.reader.histories import HistoryQuestions, SampleGroup
from storage.reader.panes import Coincidences, Correlation, Singles
from storage.reader.question import Level
from storage.reader.records import RecordQuestions
from storage.reader.runs import Run, RunQuestions
from storage.reader.strays import LateBlock, StrayQuestions
from storage.reader.tags import TagQuestions

__all__ = [
    "Coincidences",
    "Correlation",
    "DeviceOverview",
    "Heard",
    "LateBlock",
    "Level",
    "Reader",
    "Run",
    "SampleGroup",
    "Singles",
    "SumCheck",
]


class Reader(RunQuestions, CheckQuestions, TagQuestions, FleetQuestions, StrayQuestions, RecordQuestions, HistoryQuestions):
    """All questions over one connection pool; threads may share it. A user who may only read is enough."""

    def __init__(self, address: StoreAddress) -> None:
        """
        Raises:
            StoreError: Unavailable or Refused by the store.
        """
        super().__init__(connect(address))

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
