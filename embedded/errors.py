"""What can go wrong with the one-machine stack."""


class EmbeddedError(RuntimeError):
    """The embedded stack cannot do what it was asked: ``what`` is wrong, ``where``, and what to ``do`` about it."""

    def __init__(self, what: str, *, where: str = "", do: str = "") -> None:
        super().__init__(what + (f" ({where})" if where else "") + (f": {do}" if do else ""))
        self.what = what
        self.where = where
        self.do = do


class JarsUnreachableError(EmbeddedError):
    """The broker's jars are not in the cache and could not be fetched."""


class JarMismatchError(EmbeddedError):
    """A jar's bytes are not the locked ones; it is not run."""


class KafkaFormatError(EmbeddedError):
    """The broker's data directory could not be made."""


class HomeHeldError(EmbeddedError):
    """Another supervisor runs over this home."""


class LeftoverError(EmbeddedError):
    """A process that a dead supervisor left cannot be ended."""


class PortTakenError(EmbeddedError):
    """A port that was asked for by number is somebody else's."""


class StateUnreadableError(EmbeddedError):
    """The state file does not hold a state."""


class PartStartError(EmbeddedError):
    """A part ended, or kept silent, instead of becoming ready. ``tail`` is the end of what it wrote to its log."""

    def __init__(self, what: str, *, where: str, do: str, part: str, tail: str) -> None:
        super().__init__(what, where=where, do=do)
        self.part = part
        self.tail = tail
