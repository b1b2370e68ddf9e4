"""The errors that NTG raises on purpose. Each text says what is wrong,
with numbers, and what to do.
"""


class NtgError(Exception):
    """Something a person can mend: wrong input, wrong configuration, a broken contract."""


class ConfigurationError(NtgError):
    """The configuration cannot be used as it stands."""


class SourceError(NtgError):
    """A source file or a set of files cannot be trusted, so nothing of it was loaded."""


class ContractError(NtgError):
    """A table does not keep its contract, so it was not stored."""


class LeakageError(NtgError):
    """Something learned would depend on an event at or after its cutoff."""


class UndeclaredReadError(NtgError):
    """An asset or a check reads what its place in the asset graph does not show."""


class UnboundTableError(UndeclaredReadError):
    """A query names a table that was not passed to it."""


class StorageError(NtgError):
    """A store is locked, full, damaged or not writable."""


class EngineError(NtgError):
    """A cluster cannot be reached, failed on the way, or does not understand a query."""


class NotEnoughDataError(NtgError):
    """The data hold too few rows, users or days for what was asked."""


class QueryError(NtgError):
    """A question in SQL cannot be answered as it is written."""


class UnknownUserError(NtgError):
    """A user was asked for whom the tables do not hold."""


class UnknownItemError(NtgError):
    """An item, an axis or an edge was asked for that the tables do not hold."""


def describe_error(error: Exception) -> str:
    """Say in one sentence what went wrong: our own errors in their words,
    others with their kind.
    """
    words = " ".join(str(error).split())
    return (
        words
        if isinstance(error, NtgError)
        else f"{type(error).__name__}: {words or 'no reason given'} (not foreseen)"
    )
