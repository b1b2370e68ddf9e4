"""What an offline replay can measure for one user and one list."""

from typing import Literal, NamedTuple


class ReplayMetric(NamedTuple):
    """One metric of an offline replay.

    Attributes:
        kind: How arms are compared on it.
        meaning: Definition in words, for people.
        is_fixed_offline: Whether no list can have changed it, because people never saw the lists.
            Such a metric is a negative control: a difference between arms is chance or a fault,
            never an effect.
    """

    kind: Literal["mean", "proportion", "ratio"]
    meaning: str
    is_fixed_offline: bool = False


REPLAY_METRICS = {
    "matched_items": ReplayMetric(
        "mean", "items of the list that the user went on to take up by themselves"
    ),
    "matched_value": ReplayMetric(
        "mean", "value of the events with which the user took up items of the list"
    ),
    "hit": ReplayMetric("proportion", "whether the user took up at least one item of the list"),
    "match_share": ReplayMetric(
        "ratio", "items of the list taken up, as a share of all items taken up"
    ),
    "active_days": ReplayMetric("mean", "days on which the user was active", is_fixed_offline=True),
}
