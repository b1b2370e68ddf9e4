"""The rules that a synthetic world plants: who leaves, what its trial changes, what was shown."""

from pydantic import Field

from ntg_assets.configuration.section import Section


class HazardRules(Section):
    """Daily hazard of leaving for good: `1 - exp(-exp(log_hazard))`, made only of what a log shows.

    `log_hazard = ln(daily) - trend * T + newcomer * 0.5 ** (tenure / newcomer_half_life_days) -
    level * ln((s + c) / reference_rate)` with s and f the slow and the fast decayed share of active
    days, c the smoothing, and `T = ln((f + c) / (s + c))` kept in [-1.5, 1].
    """

    daily: float = Field(default=0.0015, gt=0, lt=1)
    """Hazard per day of an old user at the reference rate whose activity neither rises nor
    falls.
    """
    trend: float = 1.0
    """How strongly falling activity raises the hazard."""
    newcomer: float = 1.5
    """How much higher the log-hazard of a user on the first day is."""
    level: float = 0.5
    """How strongly much activity lowers the hazard."""
    fast_half_life_days: float = Field(default=14.0, gt=0)
    slow_half_life_days: float = Field(default=56.0, gt=0)
    newcomer_half_life_days: float = Field(default=28.0, gt=0)
    reference_rate: float = Field(default=0.05, gt=0)
    """Share of active days at which the level term is zero."""
    smoothing: float = Field(default=0.01, gt=0)
    """The c of the formula: keeps the logarithms finite."""


class TrialRules(Section):
    """A randomised trial over the last days of the world,
    in which only recently active users take part.
    """

    experiment_id: str = "synthetic-trial"
    salt: str = "synthetic-trial"
    """Users with `unit_interval(salt, user_id)` below `control_share` are the control."""
    control_share: float = Field(default=0.5, gt=0, lt=1)
    days: int = Field(default=56, ge=1)
    band_edges: tuple[float, float, float] = (0.25, 0.5, 0.75)
    """Borders between the risk bands: planted probability of silence at the start of the trial,
    without treatment.
    """
    activity_lift: tuple[float, float, float, float] = (0.04, 0.10, 0.20, 0.30)
    """Treated users' daily chance of activity is multiplied by 1 + lift,
    by band from low to high risk.
    """
    hazard_cut: tuple[float, float, float, float] = (0.0, 0.10, 0.20, 0.30)
    """Treated users' daily hazard is multiplied by 1 - cut, by band."""
    value_lift: float = Field(default=0.03, gt=-1)
    """Treated users' events are worth 1 + lift times as much."""


class ShownRules(Section):
    """Lists that a system showed over the last days of the world,
    each place filled at random by known probabilities; see `shown.py`.
    """

    days: int = Field(default=112, ge=1)
    """Twice the trial's: some lists were shown before any cutoff that leaves the trial to the
    end.
    """
    places: int = Field(default=5, ge=1)
    own_share: float = Field(default=0.45, ge=0, le=1)
    """Share of places filled from the user's own community, by the day's draw."""
    second_share: float = Field(default=0.1, ge=0, le=1)
    shelf_share: float = Field(default=0.2, ge=0, le=1)
    """Share filled with one of the day's most drawn items, each as likely as the others."""
    browse_share: float = Field(default=0.15, ge=0, le=1)
    """Share filled with any item of the user's two communities,
    each as likely as the others; the rest by the day's draw of all items.
    """
    shelf_items: int = Field(default=100, ge=1)
    examination: float = Field(default=0.8, gt=0, le=1)
    """The place after is looked at so many times as often as the place before."""
    appeal: tuple[float, float, float] = (0.30, 0.15, 0.04)
    """Click of an average user on an average item in the first place: own community,
    second one, any other.
    """
    quality: tuple[float, float] = (0.5, 1.5)
    """Items are so much more or less attractive than the average one."""
    pace: tuple[float, float] = (0.5, 1.5)
    """Users click so much more or less than the average one."""

    @property
    def filled_share(self) -> float:
        """Share of places that a rule of its own fills."""
        return self.own_share + self.second_share + self.shelf_share + self.browse_share
