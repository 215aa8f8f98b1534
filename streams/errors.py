"""What can go wrong in the streams room."""


class StreamsError(Exception):
    """Tags or results that cannot be used as they are; the text says what, where, and what to do."""


class SegmentError(StreamsError):
    """A segment that contradicts itself or the segments before it."""


class DensityError(StreamsError):
    """More tags inside one correlation window than can be paired in bounded work and memory."""


class AnalysisError(StreamsError):
    """What was asked for cannot be computed from what there is."""


class StateError(StreamsError):
    """Bytes that hold no state of the processor that should go on with it."""
