"""What a synthetic world is made of: its size, its calendar,
and every truth that is planted in it.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from pydantic import Field, ValidationError, model_validator

from ntg_assets.configuration.section import Section
from ntg_assets.errors import ConfigurationError
from ntg_assets.synthetic.rules import HazardRules, ShownRules, TrialRules

DEFAULT_SEED = 20260101
ITEMS_PER_COMMUNITY = 25  # fewer make no taste: small catalogues get fewer communities
MOST_COMMUNITIES = 24
SHARE_TOLERANCE = 1e-9  # decimal shares do not add up to 1 exactly in binary


class WorldSpec(Section):
    """Everything that makes one world; the same spec makes the same bytes."""

    n_events: int = Field(ge=1)
    n_users: int = Field(ge=1)
    n_items: int = Field(ge=1)
    seed: int = Field(default=DEFAULT_SEED, ge=0)

    start_on: date = date(2023, 1, 2)
    """First day (a Monday)."""
    n_days: int = Field(default=728, ge=56, le=32_000)
    horizon_days: int = Field(default=28, ge=1)
    """The true churn probability is that of no activity in `[T, T + horizon)`."""
    n_cutoffs: int = Field(default=10, ge=1)
    """Truth is written for T = the end, the end minus one horizon, ...
    (as many as lie in the second half of the world).
    """

    founder_share: float = Field(default=0.35, ge=0, le=1)
    """Users who join in the first four weeks;
    the others come at a constant rate until the last day (cold starts).
    """
    rate_steps: tuple[float, ...] = Field(default=(0.25, 0.5, 1.0, 2.0, 4.0, 8.0), min_length=1)
    """Classes of daily activity, equally likely;
    their common scale follows from the events per user.
    """
    most_active_days: float = Field(default=46.0, gt=1)
    """Mean active days per user when events are plenty;
    the other events make the active days fuller.
    """
    weekday_factors: tuple[float, float, float, float, float, float, float] = (
        0.92,
        0.88,
        0.90,
        0.95,
        1.10,
        1.20,
        1.05,
    )
    """Monday to Sunday."""
    yearly_swing: float = Field(default=0.15, ge=0, lt=1)
    """Amplitude of the yearly wave, which peaks in the middle of January."""
    hazard: HazardRules = HazardRules()
    trial: TrialRules = TrialRules()
    shown: ShownRules = ShownRules()

    power_user_share: float = Field(default=0.01, ge=0, lt=1)
    power_user_factor: float = Field(default=6.0, ge=1)
    """How many times more events power users have on an active day."""
    bot_share: float = Field(default=0.0005, ge=0, lt=1)
    bot_event_share: float = Field(default=0.02, ge=0, lt=1)
    """Share of all events that bots make, when there are bots."""
    bot_days: int = Field(default=28, ge=1)
    """Bots run day and night for so many days, on items of all communities."""

    n_communities: int | None = Field(default=None, ge=1)
    """Taste communities; null: one per 25 items, at most 24."""
    loyalty: float = Field(default=0.72, ge=0, le=1)
    """Share of a user's events in the own community."""
    second_loyalty: float = Field(default=0.15, ge=0, le=1)
    """Share in a second community; the rest goes anywhere."""
    category_faith: float = Field(default=0.85, ge=0, le=1)
    """Share of items whose first category is that of their community."""
    second_category_share: float = Field(default=0.2, ge=0, le=1)
    popularity_exponent: float = Field(default=0.8, ge=0)
    """The item of popularity rank r in its community draws r ** -exponent."""
    fad_share: float = Field(default=0.4, ge=0, le=1)
    """Items whose draw halves every half-life; the others are evergreens."""
    fad_half_life_days: tuple[float, float] = (7.0, 42.0)
    fad_boost: float = Field(default=6.0, ge=1)
    """How many times an evergreen's draw a fad has on its first day."""
    new_evergreen_share: float = Field(default=0.25, ge=0, le=1)
    """Evergreens released after the first day; the others were there before."""
    sequel_share: float = Field(default=0.1, ge=0, lt=1)
    """Share of events that follow the planted order: an item's successor comes right after it."""

    @model_validator(mode="after")
    def _is_possible(self) -> "WorldSpec":
        for problem in self._problems():
            raise ValueError(problem)
        return self

    def _problems(self) -> list[str]:
        return [*self._size_problems(), *self._share_problems(), *self._calendar_problems()]

    def _size_problems(self) -> Iterator[str]:
        if self.n_events < self.n_users:
            yield (
                f"{self.n_events:,} events for {self.n_users:,} users: each user has at least one"
                f" event. Ask for at least {self.n_users:,} events or fewer users"
            )
        if self.n_communities is not None and self.n_communities > self.n_items:
            yield (
                f"{self.n_communities} communities need at least as many items, found n_items ="
                f" {self.n_items}"
            )

    def _share_problems(self) -> Iterator[str]:
        if (loyal := self.loyalty + self.second_loyalty) > 1:
            yield f"loyalty + second_loyalty = {loyal:g} is above 1"
        if (shares := self.shown.filled_share) > 1 + SHARE_TOLERANCE:
            yield (
                f"shown.own_share + second_share + shelf_share + browse_share = {shares:g} is"
                " above 1"
            )
        if (surest := max(self.shown.appeal) * self.shown.quality[1] * self.shown.pace[1]) > 1:
            yield (
                f"the surest click has a probability of {surest:g}: lower shown.appeal, quality or"
                " pace"
            )

    def _calendar_problems(self) -> Iterator[str]:
        if self.trial.days % self.horizon_days:
            yield (
                f"a trial of {self.trial.days} days is no multiple of the horizon of"
                f" {self.horizon_days} days"
            )
        if (needed := self.trial.days + self.horizon_days) > self.n_days // 2:
            yield (
                f"n_days = {self.n_days} is too short for a trial of {self.trial.days} days and a"
                f" horizon of {self.horizon_days}: at least {2 * needed} days are needed"
            )

    @property
    def communities(self) -> int:
        return self.n_communities or max(
            1, min(MOST_COMMUNITIES, self.n_items // ITEMS_PER_COMMUNITY)
        )

    @property
    def trial_start(self) -> int:
        """Day number on which the trial starts; it runs to the end of the world."""
        return self.n_days - self.trial.days

    @property
    def cutoffs(self) -> tuple[int, ...]:
        """Day numbers T for which the truth is written, in order."""
        back = range(self.n_days, self.n_days // 2, -self.horizon_days)
        return tuple(sorted(back[: self.n_cutoffs]))

    @property
    def n_bots(self) -> int:
        """Bots, fewer in worlds too small for their days."""
        affordable = self.bot_event_share * (self.n_events - self.n_users) / (5 * self.bot_days)
        return min(round(self.bot_share * self.n_users), int(affordable))

    @property
    def wanted_active_days(self) -> float:
        """Mean active days per user that the activity is scaled to: half of the events,
        up to `most_active_days`.
        """
        return 1 + min(0.5 * (self.n_events / self.n_users - 1), self.most_active_days - 1)


def world_spec(**fields: Any) -> WorldSpec:
    """Check a request.

    Raises:
        ConfigurationError: no such world can be made; one sentence says why.
    """
    try:
        return WorldSpec(**fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise ConfigurationError(
                f"synthetic world: unknown field {where!r}; see `WorldSpec` for the known ones."
            ) from None
        text = first["msg"].removeprefix("Value error, ")
        sentence = f"{where}: {text} (found {first['input']!r})" if where else text
        raise ConfigurationError(f"synthetic world: {sentence}.") from None
