"""placeholder"""


class UnknownDeviceError(LookupError):
    """x"""


class Observatory: ...
