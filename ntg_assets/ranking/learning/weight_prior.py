"""What other logs say of the weights of the blend: the prior that the log's own labels move.

`prior_weights.csv` holds the weights that logs of several families teach, each with its provenance;
`python -m benchmarks.ranking_prior` writes it. A weight is expected to be the mean over families,
give or take what families differ by: few label users move it little, many move it freely.
"""

import csv
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.errors import ConfigurationError
from ntg_assets.ranking.scoring.sources import RETURNS, TRANSITION, Source

TABLE = "prior_weights.csv"
GAIN = "gain_over_floor"  # row of the table: (NDCG of the learned blend / of the floor) - 1
FLOOR, FASTER, SLOWER = "popularity_floor", "popularity_faster", "popularity_slower"
PARTS = (FLOOR, FASTER, SLOWER)
POPULARITY = "popularity"  # all three together, where a blend has one
OWN_PAST = "consumed_decayed"
# what is next, counted or learned: one weight for both, which a log's own labels divide. Of what
# all teach 48 label users keep .956 on MovieLens and .963 on made series so, and .921 and .977
# where the counted have all of it
NEXT = "sequence_recent"
# a handful of families cannot show that a weight is the same everywhere. Of .15 and .4, measured on
# 48 label users of four logs: .972 to .988 and .975 to 1 of what all their label users teach
LEAST_DEVIATION = 0.4
FEWEST_FAMILIES = 2


class Expected(NamedTuple):
    """Mean of something over families of logs, and the deviation to expect in a new family."""

    mean: float
    deviation: float


@dataclass(frozen=True)
class WeightPrior:
    """What is expected of a log that no label speaks of yet.

    Attributes:
        roles: Expected weight of each role; see `roles_of`.
        gain: Expected gain of the blend over the popularity floor, relative to the floor.
        families: Families of logs behind it.
    """

    roles: dict[str, Expected]
    gain: Expected
    families: tuple[str, ...]

    def weights(self, sources: Sequence[Source], *, floor: int) -> tuple[Floats, Floats]:
        """Return mean and deviation of each source's weight.

        Several sources of one role share its weight evenly. What no family weighs is expected to be
        0, give or take the least deviation.

        Args:
            sources: The sources of the blend.
            floor: Position of the popularity that stands for the floor.
        """
        roles = roles_of(sources, floor=floor)
        sharing = Counter(roles)
        known = [self.roles.get(role, Expected(0.0, LEAST_DEVIATION)) for role in roles]
        n = np.array([sharing[role] for role in roles])
        mean = np.array([role.mean for role in known]) / n
        deviation = np.array([role.deviation for role in known]) / np.sqrt(n)
        return mean, np.maximum(deviation, LEAST_DEVIATION)


def roles_of(sources: Sequence[Source], *, floor: int) -> list[str]:
    """Name what each source is to the blend, whatever half-lives the log asks for."""
    n_popular = sum(source.kind == "popularity" for source in sources)
    return [_role(source, position, floor, n_popular) for position, source in enumerate(sources)]


def _role(source: Source, position: int, floor: int, n_popular: int) -> str:
    if source.kind == "popularity" and n_popular == 1:
        return POPULARITY
    if source.kind == "popularity":
        return FLOOR if position == floor else (FASTER if position < floor else SLOWER)
    if source.graph == TRANSITION:
        return NEXT
    return OWN_PAST if source.kind == "consumed" and source.name != RETURNS else source.name


def weight_prior(*, consumed: str, leave_out: Collection[str] = ()) -> WeightPrior:
    """Return what families of logs say together.

    Args:
        consumed: `ranking.recommend_consumed`: lists of new items and lists with repeats weigh
            differently.
        leave_out: Families that are not believed: that of a log on which a claim is made.

    Raises:
        ConfigurationError: a family is unknown, or too few are left.

    Source: DerSimonian and Laird 1986 (a random effect of each family), every log having so many
        label users that the error within it is small beside the differences between families.
    """
    table = prior_table().filter(pl.col("consumed") == consumed)
    known = table["family"].unique().sort().to_list()
    unknown = sorted(set(leave_out) - set(prior_table()["family"]))
    families = tuple(family for family in known if family not in leave_out)
    if unknown or len(families) < FEWEST_FAMILIES:
        what = f"{unknown[0]!r} is no family of it" if unknown else f"{len(families)} are left"
        raise ConfigurationError(
            f"ranking.prior_leave_out: {what}, and the prior of the weights needs"
            f" {FEWEST_FAMILIES} of {', '.join(known)}. Name fewer or other families."
        )
    believed = _with_all_popularity(table.filter(pl.col("family").is_in(families)))
    means = (
        believed.group_by("family", "role")
        .agg(pl.col("value").sort().sum())  # in one order, whichever thread adds first
        .join(_cells(believed), on=["family", "role"])
        .with_columns(pl.col("value") / pl.col("n"))
        .sort("role", "family")
    )
    values = {
        role: rows["value"].to_numpy()
        for (role,), rows in means.group_by("role", maintain_order=True)
    }
    expected = {str(role): _expected(found, len(families)) for role, found in values.items()}
    return WeightPrior(
        {role: value for role, value in sorted(expected.items()) if role != GAIN},
        expected[GAIN],
        families,
    )


def _cells(table: pl.DataFrame) -> pl.DataFrame:
    """Count the blends behind each family's roles: where a role stands for no source its weight is
    0, but the parts of popularity are asked of blends alone that have several.
    """
    n_blends = pl.struct("log", "strategy").n_unique().alias("n")
    blends = table.group_by("family").agg(n_blends)
    divided = table.filter(pl.col("role").is_in(PARTS)).group_by("family").agg(n_blends)
    roles, is_part = table.select("family", "role").unique(), pl.col("role").is_in(PARTS)
    return pl.concat(
        [
            roles.filter(is_part).join(divided, on="family"),
            roles.filter(~is_part).join(blends, on="family"),
        ]
    )


def _with_all_popularity(table: pl.DataFrame) -> pl.DataFrame:
    """Add what the popularities of a log weigh together, where it has no such row."""
    parts = table.filter(pl.col("role").is_in(PARTS))
    return pl.concat([table, parts.with_columns(pl.lit(POPULARITY).alias("role"))])


def _expected(found: Floats, n_families: int) -> Expected:
    """Return mean and predictive deviation; a family without the role gives it no weight."""
    value = np.zeros(n_families)
    value[: len(found)] = found
    return Expected(float(value.mean()), float(value.std(ddof=1) * np.sqrt(1 + 1 / n_families)))


@cache
def prior_table() -> pl.DataFrame:
    """Read the table: one row per log, protocol, kind of list and role."""
    text = files("ntg_assets.ranking.learning").joinpath(TABLE).read_text("utf-8")
    rows = pl.DataFrame(list(csv.DictReader(text.splitlines())))
    return rows.cast({"value": pl.Float64, "n_label_users": pl.Int64})
