"""Contracts of the ranking's evaluation."""

from ntg_assets.contracts import Contract, column, contract, identifier
from ntg_assets.evaluation.ranking.item_slices import ITEM_SLICES
from ntg_assets.evaluation.ranking.report import USER_METRICS, USER_SLICES
from ntg_assets.ranking.lists.strategies import STRATEGIES
from ntg_assets.summaries import summary

HELD_OUT = ("val", "test")


@contract("ranking_outcomes")
@summary(
    measures={
        "mean_ndcg": "avg(ndcg)",
        "mean_recall": "avg(recall)",
        "hit_share": "avg(hit)",
        "mean_novelty": "avg(novelty)",
        "share_has_history": "avg(cast(has_history as double))",
        "n_users": "count(*)",
    },
    where="split = 'test' and strategy = 'blend' and k = 10",
)
class RankingOutcomes(Contract):
    """One row per held-out part, strategy, user and list length,
    for users with something relevant in the part.
    """

    split: str = column("Held-out part", isin=HELD_OUT)
    strategy: str = column("How the list was made", isin=STRATEGIES)
    user_id: str = identifier("user", "User")
    k: int = column("List length", ge=1)
    has_history: bool = column("Whether TRAIN knows the user; else the default list was shown")
    n_history_items: int = column("Distinct items of the user in TRAIN", ge=0)
    n_relevant: int = column(
        "Distinct items that the user took in the part and that a list could have shown", ge=1
    )
    n_hits: int = column("Relevant items on the list", ge=0)
    novelty: float = column(
        "Mean of -log2(share of TRAIN users who have had the item) over the list; 0 when nothing"
        " was shown",
        unit="bits",
        ge=0,
    )
    miscalibration: float = column(
        "Divergence of the list's mix of categories from that of the user's history; 0 for the same"
        " mix, or where none is known",
        unit="bits",
        ge=0,
    )
    ndcg: float = column("Discounted gain relative to a perfect list", ge=0, le=1 + 1e-9)
    recall: float = column("Share of the relevant items on the list", ge=0, le=1)
    average_precision: float = column(
        "Mean precision at the hits, divided by min(k, relevant items)", ge=0, le=1 + 1e-9
    )
    reciprocal_rank: float = column("1 / place of the first hit", ge=0, le=1)
    hit: float = column("1 with any hit", ge=0, le=1)

    class Config:
        unique = ["split", "strategy", "user_id", "k"]


@contract("ranking_report")
@summary(
    measures={
        "ndcg_at_10": "max(mean)",
        "ndcg_at_10_low": "max(low)",
        "ndcg_at_10_high": "max(high)",
        "gain_over_floor": "max(difference)",
        "n_users": "max(n_users)",
    },
    where="split = 'test' and slice = 'all' and strategy = 'blend' and metric = 'ndcg' and k = 10",
    columns=("split", "strategy", "metric", "k", "mean", "low", "high", "difference"),
    order=(
        "split",
        "slice <> 'all'",
        "metric <> 'ndcg'",
        "k <> 10",
        "mean desc",
        "slice",
        "metric",
        "k",
    ),
)
class RankingReport(Contract):
    """One row per held-out part, slice, strategy, metric and list length;
    breadth of the lists under `train`.
    """

    split: str = column(
        "Held-out part; `train` for what needs no held-out behaviour", isin=("train", *HELD_OUT)
    )
    slice: str = column("Users or relevant items looked at", isin=(*USER_SLICES, *ITEM_SLICES))
    slice_rule: str = column("The slice in words, with its limits")
    strategy: str = column("How the lists are made", isin=STRATEGIES)
    metric: str = column("Metric", isin=(*USER_METRICS, "coverage", "exposure_gini"))
    k: int = column("List length", ge=1)
    n_users: int = column("Users behind the figure", ge=0)
    mean: float = column("Mean over users")
    low: float = column(
        "Lower end of the 95% interval (users drawn with replacement)", nullable=True
    )
    high: float = column("Upper end", nullable=True)
    floor_mean: float = column("Mean of the floor, the tuned recent popularity", nullable=True)
    difference: float = column("Mean difference to the floor, user by user", nullable=True)
    difference_low: float = column("Lower end of its 95% interval", nullable=True)
    difference_high: float = column("Upper end", nullable=True)
    is_enough: bool = column("Whether there are enough users for a claim")
    note: str = column("What to keep in mind; empty when nothing")

    class Config:
        unique = ["split", "slice", "strategy", "metric", "k"]


@contract("ranking_comparisons")
@summary(
    measures={
        "gain_over_popularity": "max(difference)",
        "gain_low": "max(difference_low)",
        "gain_high": "max(difference_high)",
        "n_users": "max(n_users)",
    },
    where=(
        "split = 'test' and strategy = 'blend' and baseline = 'popularity' and metric = 'ndcg'"
        " and k = 10"
    ),
    columns=(
        "split",
        "strategy",
        "baseline",
        "metric",
        "k",
        "difference",
        "difference_low",
        "difference_high",
    ),
    order=(
        "split",
        "metric <> 'ndcg'",
        "k <> 10",
        "strategy",
        "baseline",
        "metric",
        "k",
    ),
)
class RankingComparisons(Contract):
    """One row per held-out part, strategy, baseline,
    metric and list length: the difference user by user, over users with history.
    """

    split: str = column("Held-out part", isin=HELD_OUT)
    strategy: str = column("How the lists are made", isin=STRATEGIES)
    baseline: str = column("What it is held against", isin=STRATEGIES)
    metric: str = column("Metric", isin=USER_METRICS)
    k: int = column("List length", ge=1)
    n_users: int = column("Users behind the figure", ge=1)
    difference: float = column("Mean of (strategy - baseline) over users")
    difference_low: float = column("Lower end of its 95% interval (users drawn with replacement)")
    difference_high: float = column("Upper end")
    is_enough: bool = column("Whether there are enough users for a claim")

    class Config:
        unique = ["split", "strategy", "baseline", "metric", "k"]


@contract("retrieval_report")
@summary(
    measures={
        "recall": "max(recall) filter (split = 'test' and source = 'all')",
        "recall_low": "max(recall_low) filter (split = 'test' and source = 'all')",
        "recall_high": "max(recall_high) filter (split = 'test' and source = 'all')",
        "cold_share": "max(cold_share) filter (split = 'test')",
    },
)
class RetrievalReport(Contract):
    """One row per held-out part and source of candidates,
    and `all` for their union: the ceiling of any ranking.
    """

    split: str = column("Held-out part", isin=HELD_OUT)
    source: str = column("Source of candidates, or `all`")
    n_users: int = column("Users with history and something relevant", ge=1)
    cold_share: float = column(
        "Share of a user's relevant items that nobody had in TRAIN, mean over users: no source can"
        " find them, so recall is at most what is left",
        ge=0,
        le=1,
    )
    n_candidates_per_user: float = column("Candidates per user", ge=0)
    recall: float = column(
        "Share of a user's relevant items among the candidates, mean over users", ge=0, le=1
    )
    recall_low: float = column("Lower end of its 95% interval", ge=0, le=1)
    recall_high: float = column("Upper end", ge=0, le=1)
    marginal_recall: float = column(
        "Share that no other source finds; for `all` the whole recall", ge=0, le=1
    )
    marginal_recall_low: float = column("Lower end of its 95% interval", ge=0, le=1)
    marginal_recall_high: float = column("Upper end", ge=0, le=1)

    class Config:
        unique = ["split", "source"]
