"""What can go wrong with the one-machine stack. Every message says what, where, and what to do."""


class EmbeddedError(RuntimeError):
    """The embedded stack cannot do what it was asked."""


class JarsUnreachableError(EmbeddedError):
    """The broker's jars are not in the cache and could not be fetched."""


class JarMismatchError(EmbeddedError):
    """A jar's bytes are not the locked ones; it is not run."""


class KafkaFormatError(EmbeddedError):
    """The broker's data directory could not be made."""
