"""Why a contract may end: what raises the odds of the likeliest kind of end most, in words."""

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats, Longs
from ntg_assets.churn.learning.design import standardise
from ntg_assets.churn.reasons.sentences import RAISES
from ntg_assets.subscriptions.hazard.competing_risks import piece_hazards
from ntg_assets.subscriptions.hazard.design import matrix_of
from ntg_assets.subscriptions.hazard.features import GROUPS, Seen
from ntg_assets.subscriptions.hazard.pieces import Clock
from ntg_assets.subscriptions.terms.contracts import KINDS

N_REASONS = 3
TINY = 1e-9
LARGEST_EFFECT = 20.0  # of the log odds, so that a text can be written
SMALLEST_EFFECT = 0.05  # of the log odds; less is no reason


def reasons_of_end(seen: Seen, hazards: pl.DataFrame) -> dict[str, pl.Series]:
    """Name the groups of columns that raise the log odds of the likeliest kind of end most, in the
    piece in which it is likeliest.
    """
    chances = piece_hazards(seen, hazards)
    chosen = _likeliest_pieces(seen, chances)
    raised = _raised(seen, hazards, chosen, kind=chances[chosen].argmax(axis=1))
    by_size = raised.copy()
    clock = by_size[:, GROUPS.index("clock")]
    # that a renewal is near is a reason only where there is no other
    clock[:] = np.minimum(clock, SMALLEST_EFFECT + TINY)
    ranked = np.argsort(-by_size, axis=1, kind="stable")
    return _in_words(seen, ranked, raised)


def _likeliest_pieces(seen: Seen, chances: Floats) -> Longs:
    """The piece of each row in which an end is likeliest, as a place among all pieces.

    Args:
        seen: Rows and their pieces.
        chances: Of each kind of end, shape (pieces, kinds).
    """
    order = np.lexsort((chances.max(axis=1), seen.pieces.row))
    last = np.searchsorted(seen.pieces.row[order], np.arange(seen.rows.height), side="right") - 1
    return order[last]


def _raised(seen: Seen, hazards: pl.DataFrame, chosen: Longs, *, kind: Longs) -> Floats:
    """By how much each of `GROUPS` raises the log odds of one kind of end of each row.

    Args:
        seen: Rows and their pieces.
        hazards: `contract_hazards`.
        chosen: The piece of each row that is looked at.
        kind: Place among `KINDS` of the end of each row that is looked at.

    Returns:
        Shape (rows, groups).
    """
    raised = np.zeros((seen.rows.height, len(GROUPS)))
    names = hazards.filter(pl.col("kind") == KINDS[0])["feature"].to_list()[1:]
    matrix = matrix_of(Seen(seen.rows, seen.pieces.only(chosen), seen.sleeper_days), names)  # type: ignore[arg-type]  # places
    for place, name in enumerate(KINDS):
        table = hazards.filter(pl.col("kind") == name).sort("position")[1:]
        scaled = standardise(matrix, mean=table["mean"].to_numpy(), scale=table["scale"].to_numpy())
        parts = scaled * table["coefficient"].to_numpy()
        groups = table["feature_group"].to_list()
        for column, group in enumerate(GROUPS):
            mine = [at for at, other in enumerate(groups) if other == group]
            raised[:, column] += np.where(kind == place, parts[:, mine].sum(axis=1), 0.0)
    return raised


def _in_words(seen: Seen, ranked: np.ndarray, raised: Floats) -> dict[str, pl.Series]:
    """Write the first reasons of each contract: what its group looks at, and by how much it raises
    the odds.
    """
    facts, rows = _facts(seen), np.arange(seen.rows.height)
    reasons = {}
    for number in range(N_REASONS):
        nth = ranked[:, number]
        effect = np.minimum(raised[rows, nth], LARGEST_EFFECT)
        named = seen.rows.with_columns(
            nth=pl.Series(nth), odds=pl.Series(np.exp(effect)).round(1), effect=pl.Series(effect)
        )
        fact = pl.coalesce(
            *(pl.when(pl.col("nth") == at).then(facts[name]) for at, name in enumerate(GROUPS))
        )
        text = pl.format("{}{} (odds x {})", fact, pl.lit(RAISES), "odds")
        reasons[f"reason_{number + 1}"] = named.select(
            told=pl.when(pl.col("effect") > SMALLEST_EFFECT).then(text)
        )["told"]
    return reasons


def _facts(seen: Seen) -> dict[str, pl.Expr]:
    """Say what each group of columns looks at."""
    clock = Clock.of(seen.rows)
    renews = pl.Series(clock.renewal(clock.period + 1)).cast(pl.Int32).cast(pl.Date)
    months = (pl.col("snapshot_on") - pl.col("contract_started_on")).dt.total_days() // 30
    return {
        "clock": pl.format("renews on {}", renews),
        "tenure": pl.format("{} months under contract", months),
        "plan": pl.format("plan {}", "plan"),
        "price": pl.lit("the price"),
        "payments": pl.format("{} failed payments in the last 90 days", "n_failed_90d"),
        "activity": pl.format("{} active days in the last 30", "active_days_30d"),
        "signals": pl.lit("signs of leaving in the last 30 days"),
        "attributes": pl.lit("attributes of the user"),
    }
