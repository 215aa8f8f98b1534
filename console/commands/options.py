"""Options that several commands share, and their reading."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from console.quantities import QuantityError, channel_delay, channel_list, channel_pair, picoseconds, signed_picoseconds
from console.refusal import ExitCode, Refusal

AsJson = Annotated[bool, typer.Option("--json", help="As an object for scripts.")]
Channels = Annotated[
    str | None, typer.Option(help="The two channels to correlate. [default: the two brightest detectors]", metavar="A,B")
]
Picture = Annotated[Path | None, typer.Option("--plot", help="Draw g² into this file (.png or .svg).", metavar="FILE")]
WithHistogram = Annotated[bool, typer.Option("--histogram", help="With --json: add the counts of every bin.")]
Objective = Annotated[
    str | None, typer.Option(help="Objective to judge by. [default: the one of the device's kind]", metavar="NAME")
]
Period = Annotated[
    str | None,
    typer.Option(help="Excitation period, for example 12.5ns. [default: as the source says, else found]", metavar="TIME"),
]


def pair_of(text: str | None) -> tuple[int, int] | None:
    """
    Raises:
        Refusal: no pair of channels.
    """
    try:
        return None if text is None else channel_pair(text)
    except QuantityError as error:
        raise _wrong(error, "--channels") from None


def channels_of(text: str | None, option: str, least: int, most: int) -> tuple[int, ...] | None:
    """From ``least`` to ``most`` channels, in their order.

    Raises:
        Refusal: something else.
    """
    try:
        return None if text is None else channel_list(text, least, most)
    except QuantityError as error:
        raise _wrong(error, option) from None


def sets_of(texts: list[str]) -> Iterator[tuple[int, ...]]:
    """Sets of two to eight channels; of “all” an empty one: every pair.

    Raises:
        Refusal: something else.
    """
    for text in texts:
        yield () if text.strip() == "all" else channels_of(text, "--coincidences", 2, 8) or ()


def delays_of(texts: list[str] | None) -> dict[int, int]:
    """Picoseconds by channel.

    Raises:
        Refusal: something else, or a channel that comes twice.
    """
    delays_ps: dict[int, int] = {}
    for text in texts or ():
        try:
            channel, delay_ps = channel_delay(text)
        except QuantityError as error:
            raise _wrong(error, "--delay") from None
        if channel in delays_ps:
            raise Refusal(ExitCode.USAGE, f"two delays of channel {channel}", where="--delay", do="write one")
        delays_ps[channel] = delay_ps
    return delays_ps


def duration_ps(text: str | None, option: str) -> int | None:
    """
    Raises:
        Refusal: no duration, or none at all.
    """
    try:
        value_ps = None if text is None else picoseconds(text)
    except QuantityError as error:
        raise _wrong(error, option) from None
    if value_ps == 0:
        raise Refusal(ExitCode.USAGE, "a duration of nothing", where=option, do="write one that is longer")
    return value_ps


def signed_duration_ps(text: str | None, option: str) -> int | None:
    """
    Raises:
        Refusal: no duration.
    """
    try:
        return None if text is None else signed_picoseconds(text)
    except QuantityError as error:
        raise _wrong(error, option) from None


def _wrong(error: QuantityError, option: str) -> Refusal:
    what, _, do = str(error).partition("; ")
    return Refusal(ExitCode.USAGE, what, where=option, do=do or "see --help")
