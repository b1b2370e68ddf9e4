"""A plain model of what a shown item earns, from exposures before the cutoff: what its place earns,
times how the item does there.
"""

from dataclasses import dataclass

import polars as pl

MIN_EXPOSURES = 100  # fewer say nothing of any item
# an item or a place is taken for an average one until so many exposures say otherwise
PRIOR_EXPOSURES = 20.0


@dataclass(frozen=True)
class RewardModel:
    """`forecast = mean of the place * effect of the item`.

    Attributes:
        mean: Mean reward of all exposures: what an unknown place earns.
        places: `position`, `place_mean`.
        items: `item_id`, `effect`; 1 for an item that earns what its places earn on average, and
            for an unknown one.
    """

    mean: float
    places: pl.DataFrame
    items: pl.DataFrame

    def forecast(self, shown: pl.DataFrame) -> pl.Series:
        """Forecast the reward of each row of `item_id`, `position`, in their order."""
        rows = shown.select("item_id", "position").join(
            self.items, on="item_id", how="left", maintain_order="left"
        )
        rows = rows.join(
            self.places, on="position", how="left", maintain_order="left", nulls_equal=True
        )
        return rows.select(
            forecast=pl.col("place_mean").fill_null(self.mean) * pl.col("effect").fill_null(1.0)
        )["forecast"]


def fit_reward_model(earlier: pl.DataFrame) -> RewardModel | None:
    """Fit the model, or say that there is none (None) with fewer than `MIN_EXPOSURES` rows.

    Means are pulled towards the average by `PRIOR_EXPOSURES` exposures' worth. The model may be
    wrong without making the doubly robust estimate wrong; it only makes it noisier.

    Args:
        earlier: `item_id`, `position`, `reward` of exposures before the cutoff.
    """
    if earlier.height < MIN_EXPOSURES:
        return None
    rows = earlier.select("item_id", "position", "reward").sort(
        "item_id", "position", "reward", nulls_last=True
    )
    mean = float(rows["reward"].to_numpy().mean())
    prior = PRIOR_EXPOSURES * mean
    places = (
        rows.sort("position", "item_id", "reward", nulls_last=True)
        .group_by("position", maintain_order=True)
        .agg(place_mean=(pl.col("reward").sum() + prior) / (pl.len() + PRIOR_EXPOSURES))
    )
    return RewardModel(mean, places, _item_effects(rows, places, prior))


def _item_effects(rows: pl.DataFrame, places: pl.DataFrame, prior: float) -> pl.DataFrame:
    """Hold what each item earned against what its places earn: `item_id`, `effect`; no rows where
    nothing was earned, which leaves no scale.
    """
    if prior <= 0:
        return pl.DataFrame(schema={"item_id": rows.schema["item_id"], "effect": pl.Float64})
    earned = rows.join(places, on="position", how="left", maintain_order="left", nulls_equal=True)
    return earned.group_by("item_id", maintain_order=True).agg(
        effect=(pl.col("reward").sum() + prior) / (pl.col("place_mean").sum() + prior)
    )
