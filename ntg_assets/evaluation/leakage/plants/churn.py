"""Leaks of churn: labels, fits, scales and choices that have seen a window that is still open."""

from ntg_assets.evaluation.leakage.plants.plant import Edit, Plant

PLANTS: dict[str, Plant] = {
    "labels-of-open-windows": Plant(
        "churn is labelled at snapshots whose window had not closed",
        (
            Edit(
                "churn/snapshots.py",
                "    latest = history.complete_until_on - horizon\n",
                "    latest = history.complete_until_on - horizon / 2\n",
            ),
        ),
        ("unit/test_churn_labels.py",),
    ),
    "fitted-on-later-windows": Plant(
        "the walk forward is fitted on windows that had not closed at the origin",
        (
            Edit(
                "churn/walk_forward.py",
                'labelled.filter(pl.col("window_end_on") <= origin_on)',
                'labelled.filter(pl.col("snapshot_on") <= origin_on)',
            ),
        ),
    ),
    "scaler-of-later-snapshots": Plant(
        "features of the walk forward are scaled by the snapshots of all of TRAIN",
        (
            Edit(
                "churn/walk_forward.py",
                '    now = labelled.filter(pl.col("snapshot_on") == origin_on)\n',
                '    now = labelled.filter(pl.col("snapshot_on") == origin_on).with_columns('
                'pl.col("events_per_active_day") / labelled["events_per_active_day"].mean())\n',
            ),
        ),
    ),
    "encoded-by-later-labels": Plant(
        "a feature of the walk forward is encoded by the labels of all of TRAIN",
        (
            Edit(
                "churn/walk_forward.py",
                '    now = labelled.filter(pl.col("snapshot_on") == origin_on)\n',
                '    now = labelled.filter(pl.col("snapshot_on") == origin_on).with_columns('
                'pl.col("events_per_active_day") + labelled["is_churned"].mean())\n',
            ),
        ),
    ),
    "calibrated-on-later-origins": Plant(
        "an origin is recalibrated with the origins that came after it",
        (
            Edit(
                "churn/calibration/recalibration.py",
                'earlier = forecasts.filter(pl.col("window_end_on") <= origin_on)',
                "earlier = forecasts",
            ),
        ),
        ("unit/test_churn_recalibration.py",),
    ),
    "model-chosen-on-open-windows": Plant(
        "which churn model is shipped is decided on windows that had not closed",
        (
            Edit(
                "churn/model_selection.py",
                'forecasts.filter(pl.col("window_end_on") <= cutoff_on)',
                "forecasts",
            ),
        ),
        ("unit/test_churn_model_selection.py",),
    ),
    "prior-of-later-visits": Plant(
        "what churn is shrunk towards at a past origin has seen the visits after it",
        (
            Edit(
                "churn/walk_forward.py",
                "everyone_at(sampled, origin_on), origin_on, settings=settings)\n",
                'everyone_at(sampled, labelled["window_end_on"].max()), origin_on,'
                " settings=settings)\n",
            ),
        ),
        ("unit/test_churn_candidates.py",),
    ),
    "outcomes-of-the-past": Plant(
        "what followed a forecast counts only the second half of its window, so the report flatters",
        (
            Edit(
                "evaluation/churn/churn_outcomes.sql",
                "event_at >= $from_at\n",
                "event_at >= $from_at + ($until_at - $from_at) / 2\n",
            ),
        ),
        ("unit/test_churn_forecasts.py", "leakage/test_churn_leakage.py"),
    ),
}
