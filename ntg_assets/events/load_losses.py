"""What a load has less of than the one before, and when it is refused for that."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ntg_assets.configuration.inputs.events import VolumeSettings
from ntg_assets.errors import SourceError
from ntg_assets.events.load_history import Extent, Load
from ntg_assets.local_days import day_of
from ntg_assets.zones import UTC_ZONE


@dataclass(frozen=True)
class Loss:
    """What a load has less of than the one before.

    Attributes:
        measure: `events`, `users`, `last_day`.
        told: Both numbers, in words.
        is_refused: Whether the loss is so large that the load is not believed.
    """

    measure: str
    seen: float
    expected: float
    told: str
    is_refused: bool

    @property
    def ratio(self) -> float:
        return self.seen / self.expected


def find_losses(
    extent: Extent, before: Load | None, settings: VolumeSettings, *, zone: str = UTC_ZONE
) -> list[Loss]:
    """Find what a load has less of than the one before;
    nothing where that one was too small to say.
    """
    if before is None or before.n_events < settings.minimum_events:
        return []
    counts = (
        ("events", extent.n_events, before.n_events),
        ("users", extent.n_users, before.n_users),
    )
    losses = [
        Loss(
            what,
            seen,
            expected,
            f"{seen:,} {what}, {expected:,} in the load before",
            seen <= settings.refuse_below * expected,
        )
        for what, seen, expected in counts
        if seen <= settings.warn_below * expected
    ]
    return [*losses, *_shorter(extent, before, settings, zone=zone)]


def raise_if_losses(
    losses: Sequence[Loss], extent: Extent, before: Load | None, settings: VolumeSettings
) -> None:
    """Raise when a load lost too much, unless a person has confirmed a loss of this size against
    the same load.

    Raises:
        SourceError: the load is not believed; it says how to confirm it.
    """
    refused = [loss for loss in losses if loss.is_refused]
    if before is None or not refused or _is_confirmed(extent, before, settings):
        return
    token = f"{before.load}:{extent.n_events}"
    raise SourceError(
        f"ingest.events: {'; '.join(loss.told for loss in refused)} (loaded"
        f" {before.loaded_at:%Y-%m-%d %H:%M} UTC); nothing was loaded."
        f' Deliver what is missing, or, if it is true, set `ingest.volume.confirmed: ["{token}"]`'
        " (it holds for this load only)."
    )


def _shorter(
    extent: Extent, before: Load, settings: VolumeSettings, *, zone: str
) -> Iterator[Loss]:
    """The loss of a log that ends on an earlier day than the one before."""
    if extent.last_at is None or before.last_at is None or before.first_at is None:
        return
    last_on, ended_on, began_on = (
        day_of(at, zone) for at in (extent.last_at, before.last_at, before.first_at)
    )
    n_back = (ended_on - last_on).days
    if n_back > 0:
        sentence = (
            f"the log ends on {last_on}, {n_back:,} day(s) before the end of the load before"
            f" ({ended_on})"
        )
        seen, expected = max((last_on - began_on).days + 1, 0), (ended_on - began_on).days + 1
        yield Loss("last_day", seen, expected, sentence, n_back >= settings.refuse_days_back)


def _is_confirmed(extent: Extent, before: Load, settings: VolumeSettings) -> bool:
    """Whether a loss against this very load was confirmed at about this size: a few rows fewer are
    the same loss, many are not.
    """
    sizes = [
        token.rpartition(":")[2]
        for token in settings.confirmed
        if token.rpartition(":")[0] == before.load
    ]
    return any(
        size.isdecimal() and extent.n_events >= settings.warn_below * int(size) for size in sizes
    )
