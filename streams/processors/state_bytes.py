"""A processor's state as bytes and back, so that whoever drives it can keep it beside its place in the log.

MessagePack of what the state's dataclass declares: numbers, texts, tuples, other dataclasses, and arrays as their type, shape and
little-endian content. Nothing in it is code, so that bytes from elsewhere can do no more than be refused.
"""

from typing import Any, TypeVar, get_origin

import msgspec
import numpy as np

from streams.errors import StateError

State = TypeVar("State")


def state_to_bytes(state: object) -> bytes:
    """``state``, a dataclass, as bytes that name its kind."""
    return msgspec.msgpack.encode((type(state).__qualname__, state), enc_hook=_array_out)


def state_from_bytes(content: bytes, kind: type[State]) -> State:
    """The state that was written; its arrays can be written to.

    Raises:
        StateError: not the bytes of a state of this kind.
    """
    wanted = (get_origin(kind) or kind).__qualname__
    try:
        name, state = msgspec.msgpack.decode(content, type=tuple[str, kind], dec_hook=_array_in)  # type: ignore[valid-type]
    except (msgspec.DecodeError, msgspec.ValidationError, ValueError, TypeError) as error:
        raise StateError(f"no {wanted} can be read from {len(content)} bytes ({error}); begin from an initial state") from error
    if name != wanted:
        raise StateError(f"the bytes hold a {name}, not a {wanted}; begin from an initial state")
    return state


def _array_out(value: object) -> tuple[str, tuple[int, ...], bytes]:
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{type(value).__name__} is no part of a state")
    plain = np.ascontiguousarray(value)
    return plain.dtype.name, plain.shape, plain.astype(plain.dtype.newbyteorder("<"), copy=False).tobytes()


def _array_in(declared: Any, content: Any) -> Any:
    dtype = np.dtype(declared.__args__[1].__args__[0])
    name, shape, raw = msgspec.convert(content, tuple[str, tuple[int, ...], bytes])
    if name != dtype.name:
        raise ValueError(f"an array of {name} where {dtype.name} belongs")
    return np.frombuffer(raw, dtype.newbyteorder("<")).astype(dtype).reshape(shape)
