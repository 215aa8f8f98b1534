"""What can go wrong between us and the store: worth another try, or not."""


class StoreError(Exception):
    """The store did not do what it was asked. ``code`` is the engine's number, where it gave one."""

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


class Unavailable(StoreError):  # noqa: N818 - what callers catch reads as a state of the store
    """It may succeed later, unchanged: the store is away, slow, full or has too many parts. Try again, with the same token."""


class Refused(StoreError):  # noqa: N818 - as above
    """It will never succeed like this: wrong statement, rights, schema or data. Trying again does not help."""


class LedgerConflict(Refused):
    """The ledger tells another story than the batch: storing it could count something twice. Nothing was stored."""


class MigrationError(Refused):
    """The store's tables have another history than this program's migrations."""
