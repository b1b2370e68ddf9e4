"""Contracts of ranking: popularity, the weights of the blend, candidates."""

from ntg_assets.contracts import Contract, column, contract, identifier
from ntg_assets.summaries import summary

KINDS = ("graph", "latent", "neighbours", "popularity", "consumed", "return", "return_pair")
STATUSES = ("learned", "prior", "floor", "no_labels")


@contract("item_popularity")
class ItemPopularity(Contract):
    """One row per item and half-life: how much of its popularity is left at the cutoff."""

    item_id: str = identifier("item", "Item")
    half_life_days: float = column("After this time an event counts half", unit="days", gt=0)
    n_users: int = column("Users of the item", ge=1)
    n_repeat_users: int = column("Users who had the item at more than one instant", ge=0)
    return_window_days: float = column(
        "Time before the cutoff that holds the last tenth of all events: the return window",
        unit="days",
        gt=0,
    )
    n_window_users: int = column("Users of the item in the return window", ge=0)
    n_late_users: int = column("Users of the item in its last quarter", ge=0)
    n_earlier_users: int = column("Users of the item before the return window", ge=0)
    n_earlier_returned: int = column(
        "Of these, users who had the item again in the return window", ge=0
    )
    n_previous_users: int = column("Users of the item in the window before the return window", ge=0)
    n_previous_returned: int = column(
        "Of these, users who had the item again in the return window", ge=0
    )
    score: float = column("Events, each 0.5 ** (age / half-life)", ge=0)
    rank: int = column("Place at this half-life; ties: more users, then the lower id", ge=1)

    class Config:
        unique = ["item_id", "half_life_days"]


@contract("ranking_weights")
@summary(
    measures={
        "n_used": "count(*) filter (weight > 0)",
        "blend_ndcg": "max(blend_ndcg)",
        "gain": "max(gain)",
        "gain_low": "max(gain_low)",
        "gain_high": "max(gain_high)",
        "n_label_users": "max(n_label_users)",
    },
    columns=("feature", "kind", "half_life", "weight", "prior_weight", "ndcg_alone", "status"),
    order=("weight desc", "feature"),
)
class RankingWeights(Contract):
    """One row per source: its weight in the blend, what the inner labels say of it,
    and whether they were enough.

    Where consumed items may be shown again, also one row (kind `return`) per part of the
    probability of a return, which is the source `consumed_return`: its odds are `return_base` times
    the parts' powers, times what every two of them say together. That is in the rows of the kind
    `return_pair`: e to the weight times the product of both places, a place being how many
    deviations the part lies from its middle (at most two), which are rows of the same kind.
    """

    feature: str = column(
        "Source, whose score relative to its best for the user is the feature (0 to 1)"
    )
    kind: str = column(
        "What the source looks at; `return`: a part of the source `consumed_return`;"
        " `return_pair`: what two parts say together, and where their middles lie",
        isin=KINDS,
    )
    half_life: float = column(
        "Half-life of the profile in items (graph, neighbours), else in days; null: the whole past",
        gt=0,
        nullable=True,
    )
    weight: float = column(
        "Weight that is used, of at least 0; of a `return_pair` it may be below: two parts together"
        " can say less than each by itself"
    )
    prior_weight: float = column("Mean of the weights that other families of logs teach", ge=0)
    prior_deviation: float = column(
        "How far families are expected to differ from it; null: a part of the return",
        gt=0,
        nullable=True,
    )
    learned_weight: float = column("Weight that the inner labels teach, from the prior on")
    learned_low: float = column(
        "Lower end of its 95% interval, clustered by user, cut at 0", nullable=True
    )
    learned_high: float = column("Upper end", nullable=True)
    ndcg_alone: float = column(
        "NDCG@10 of the source by itself on the inner labels", ge=0, le=1, nullable=True
    )
    ndcg_alone_low: float = column(
        "Lower end of its 95% interval over users", ge=0, le=1, nullable=True
    )
    ndcg_alone_high: float = column("Upper end", ge=0, le=1, nullable=True)
    ndcg_at_instants: float = column(
        "NDCG@10 of this popularity by itself, mean over many instants of TRAIN; null: no"
        " popularity, or none were asked (`split.strategy: per_user`, too few)",
        ge=0,
        le=1,
        nullable=True,
    )
    deviation_between_instants: float = column(
        "Its standard deviation between these instants", ge=0, nullable=True
    )
    is_floor: bool = column(
        "Whether this is the popularity that serves best by itself: the floor. Where many instants"
        " were asked it is the only one in the blend"
    )
    status: str = column(
        "`learned`: these labels show a gain; `prior`: they are too few to, and other logs let"
        " expect one; `floor`: harm is expected, popularity alone; `no_labels`: the prior itself",
        isin=STATUSES,
    )
    n_label_users: int = column("Users with inner labels (one per user and inner cut)", ge=0)
    blend_ndcg: float = column(
        "NDCG@20 of the learned blend for users who did not teach it", ge=0, le=1, nullable=True
    )
    gain: float = column(
        "Its difference to the popularity that ranks best for the others, user by user",
        ge=-1,
        le=1,
        nullable=True,
    )
    gain_low: float = column(
        "Lower end of the 95% interval of the gain", ge=-1, le=1, nullable=True
    )
    gain_high: float = column("Upper end", ge=-1, le=1, nullable=True)
    evidence: str = column("The decision in words, with its figures")

    class Config:
        unique = ["feature"]


@contract("candidates")
@summary(
    measures={
        "n_users": "count(distinct user_id)",
        "n_items": "count(distinct item_id)",
        "n_sources": "count(distinct source)",
    },
)
class Candidates(Contract):
    """One row per user, item and source that would show it."""

    user_id: str = identifier("user", "User")
    item_id: str = identifier("item", "Item")
    source: str = column("Source that found it")
    score: float = column("The source's own score (comparable within one user and source)", gt=0)
    rank: int = column(
        "Place within the user and source; ties: more users, then the lower id", ge=1
    )

    class Config:
        unique = ["user_id", "item_id", "source"]
