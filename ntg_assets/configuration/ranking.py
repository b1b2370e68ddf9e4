"""How candidates are found, scored and cut to a list."""

from typing import Annotated, Literal

from pydantic import Field

from ntg_assets.configuration.rules import RulesSettings
from ntg_assets.configuration.section import Section

Days = Annotated[float, Field(gt=0)]


class DislikeSettings(Section):
    """What says that a user disliked an item: it then counts for nothing in the user's profile and
    in no reason, and is had all the same. The latest event with an item decides. Nothing by
    default: minutes and amounts are no verdicts.
    """

    below_own_mean: bool = False
    """Whether a value below the mean of the user's own values says so: for ratings."""
    event_types: list[str] = Field(default_factory=list)
    """Types of events that say so, as the log writes them."""


class RankingSettings(Section):
    """Candidate generation, the learned blend, the list."""

    top_k: int = Field(default=20, ge=1)
    """Length of each user's list."""
    candidates_per_source: int = Field(default=100, ge=1)
    """Most candidates that one source gives for one user."""
    profile_half_life_items: float = Field(default=3.0, gt=0)
    """The n-th most recent item of a user counts 0.5 ** (n / half-life) in the recent profile."""
    long_profile_half_life_items: float = Field(default=20.0, gt=0)
    """The same for the long profile."""
    whole_profile_half_life_items: float = Field(default=200.0, gt=0)
    """The same for the profile of nearly the whole history."""
    profile_items: int = Field(default=500, ge=1)
    """Most recent items of a user that make the profile."""
    popularity_half_life_days: list[Days] | None = Field(default=None, min_length=1)
    """Half-lives of decayed popularity among which the inner cut chooses;
    null: from minutes to years, as the log allows.
    """
    consumed_half_life_days: list[Days] = Field(default=[7.0, 30.0, 90.0, 365.0], min_length=1)
    """Half-lives of a user's own decayed consumption, where consumed items may be shown again."""
    recommend_consumed: Literal["never", "allow"] = "never"
    """Whether items the user has had may be shown again
    (`allow` where repeat consumption is normal).
    """
    inner_label_share: float = Field(default=0.1, gt=0, lt=0.5)
    """Share of TRAIN events in each label window behind an inner cut."""
    inner_slices: int = Field(default=2, ge=1, le=8)
    """Inner cuts, each one label window before the last, that teach the blend its weights; more
    where label users are few.
    """
    inner_label_users: int = Field(default=150, ge=0)
    """Where the inner cuts give fewer label users, further ones are made, up to eight in all: few
    users come back within the last windows of a small log.
    """
    inner_users: int = Field(default=5_000, ge=10)
    """Most users of one inner cut whose labels are used."""
    contender_rank: int = Field(default=10, ge=1)
    """Only candidates that some source ranks this high teach the blend: what could not reach the
    top of a list would drown them.
    """
    weight_shrinkage: float = Field(default=0.5, gt=0)
    """How strongly learned weights are pulled towards what other logs teach: 1 as far as families
    of logs differ, more holds them tighter. Families differ more than these few show: with .5, 48
    label users keep more of what all teach (.96 in place of .95 of the Complete Journey's new
    items), with .25 more on one log of three.
    """
    prior_leave_out: list[str] = Field(default_factory=list)
    """Families of logs that the prior of the weights leaves out (docs/ranking.md names them): the
    log's own, where a claim is made on data that taught the prior.
    """
    evaluation_k: list[int] = Field(default=[5, 10, 20], min_length=1)
    """List lengths at which the rankings are evaluated."""
    default_list_relevance_weight: float = Field(default=0.9, ge=0, le=1)
    """Category variety of the list for users without history: the lambda of maximal marginal
    relevance; 1: popularity alone. Measured on newcomers inside TRAIN of the MovieLens sample:
    NDCG@10 .460 with .9, .459 with 1, .451 with .7."""
    dislikes: DislikeSettings = DislikeSettings()
    """What says that a user disliked an item."""
    rules: RulesSettings = RulesSettings()
    """Business rules of the lists: exclusions, boosts, caps, new items, variety."""
