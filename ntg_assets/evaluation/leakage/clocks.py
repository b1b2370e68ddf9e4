"""Tables of the back-test whose rows were knowable at different days: what another future from an
early origin may not change.
"""

from typing import NamedTuple

OUTCOMES = frozenset({"is_churned", "value_after", "lost_value", "dropped_value"})
ENDS = frozenset({"contract_end_on", "contract_end_known_on", "contract_end_kind"})
STAYED = frozenset({"n_stayed", "n_stayed_past_median", "log_loss", "auc"})
JUDGED = frozenset(
    {
        "log_loss",
        "log_loss_recalibrated",
        "gain",
        "mean_gain",
        "standard_error",
        "n_origins",
        "is_adopted",
        "is_shipped",
    }
)


class Clocked(NamedTuple):
    """A table whose rows were knowable at different days.

    Attributes:
        day: Column of the day.
        outcomes: Columns of what came after that day.
        is_chosen_later: Whether which rows there are is decided later.
    """

    day: str
    outcomes: frozenset[str] = frozenset()
    is_chosen_later: bool = False


# the calibrations of contracts and returns are of the model that all origins chose: no row of them
# was knowable earlier
CLOCKED = {
    "churn_labels": Clocked("window_end_on"),
    "churn_snapshots": Clocked("snapshot_on", is_chosen_later=True),
    "churn_walk_forward": Clocked("origin_on", OUTCOMES),
    "churn_model_selection": Clocked("origin_on", JUDGED),
    "churn_recalibration": Clocked("origin_on", JUDGED),
    "churn_forecasts": Clocked("origin_on", OUTCOMES),
    "value_walk_forward": Clocked("origin_on", frozenset({"seen_value", "is_silent_first"})),
    "contract_states": Clocked("snapshot_on", ENDS),
    "contract_signals": Clocked("snapshot_on"),
    "contract_snapshots": Clocked("snapshot_on", ENDS),
    "contract_walk_forward": Clocked("origin_on", frozenset({"ended"})),
    "contract_survival_backtest": Clocked("origin_on", STAYED),
    "return_snapshots": Clocked("snapshot_on", frozenset({"returned_on"})),
    "return_walk_forward": Clocked("origin_on", frozenset({"returned"})),
}
