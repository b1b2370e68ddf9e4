"""Leaks to be planted in a copy of the code, so that each guard can show what it catches.

A plant is a few words exchanged in the source. Its words must stand there exactly once: a test
names a plant whose place has moved.
"""

from typing import NamedTuple


class Edit(NamedTuple):
    """Words that stand once in a file of the package, and what stands there instead."""

    file: str
    words: str
    instead: str


class Plant(NamedTuple):
    """One leak.

    Attributes:
        what: What then comes from the future.
        edits: How it is planted.
        tests: Modules of tests that may catch it, beside those of leakage.
    """

    what: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...] = ()


FEATURES, RANKING = "features/assets.py", "ranking/assets.py"
POPULAR = (
    "    log = code_interactions(project.columns(train_events, *HISTORY))\n    settings = with"
)
PEEK = (
    "    from ntg_assets.sql import Query as Q, Table as T\n"
    '    later = project.read(Q("select item_id, count(*) as n from held group by item_id",'
    ' {"held": T("backtest", "test_events")}))\n'
)

PLANTS: dict[str, Plant] = {
    "days-of-the-whole-log": Plant(
        "active days are counted in the whole log, held-out days included",
        (
            Edit(FEATURES, "def user_days(train_events: Table)", "def user_days(events: Table)"),
            Edit(
                FEATURES,
                '"user_days", {"train_events": train_events}',
                '"user_days", {"train_events": events}',
            ),
        ),
    ),
    "popularity-of-test": Plant(
        "popularity counts what is taken in TEST",
        (
            Edit(
                RANKING,
                "def item_popularity(\n    train_events: Table,",
                "def item_popularity(\n    test_events: Table, train_events: Table,",
            ),
            Edit(
                RANKING,
                "    log = code_interactions(project.columns(train_events, *HISTORY))\n    settings = with",
                "    log = code_interactions(pl.concat([project.columns(one, *HISTORY)"
                " for one in (train_events, test_events)]))\n    settings = with",
            ),
        ),
    ),
    "live-reads-the-verdict": Plant(
        "what holds tonight's lists back takes the calibration that held-out events gave",
        (
            Edit(
                "revenue/contacts/assets.py",
                '@staged_asset(contract=ContactHolds, group="revenue", stages=(LIVE,), kinds=("polars",))',
                '@staged_asset(contract=ContactHolds, group="revenue", stages=(LIVE,), kinds=("polars",),'
                ' reads={"churn_calibration": BACKTEST})',
            ),
            Edit(
                "revenue/contacts/assets.py",
                "def contact_holds(\n    user_list_report: pl.DataFrame,",
                "def contact_holds(\n    churn_calibration: pl.DataFrame, user_list_report: pl.DataFrame,",
            ),
        ),
    ),
    "body-asks-for-test": Plant(
        "the body of popularity asks the store for TEST, which its parameters do not name",
        (
            Edit(
                RANKING,
                "    log = code_interactions(project.columns(train_events, *HISTORY))\n    settings = with",
                PEEK + "    train = project.columns(train_events, *HISTORY)\n"
                "    log = code_interactions(pl.concat([train, train.filter(pl.col('item_id')"
                ".is_in(later['item_id'].implode()))]))\n    settings = with",
            ),
        ),
    ),
    "body-looks-and-does-nothing": Plant(
        "a body reads TEST and does nothing with it yet",
        (
            Edit(
                RANKING,
                "    log = code_interactions(project.columns(train_events, *HISTORY))\n",
                PEEK + "    log = code_interactions(project.columns(train_events, *HISTORY))\n",
            ),
        ),
    ),
    "text-names-val": Plant(
        "a query names a stored table by its schema, past what is bound",
        (
            Edit(
                "features/interaction_features.sql",
                "from train_events",
                "from (select * from train_events union all select * from backtest.val_events)",
            ),
        ),
    ),
    "body-opens-the-warehouse": Plant(
        "a body opens the warehouse and counts for itself",
        (
            Edit(
                RANKING,
                "    log = code_interactions(project.columns(train_events, *HISTORY))\n",
                "    with project.warehouse() as connection:\n"
                "        connection.execute('select count(*) from backtest.test_events')\n"
                "    log = code_interactions(project.columns(train_events, *HISTORY))\n",
            ),
        ),
    ),
    "body-reads-a-publication": Plant(
        "a body reads files of an earlier publication",
        (
            Edit(
                RANKING,
                "    log = code_interactions(project.columns(train_events, *HISTORY))\n",
                "    log = code_interactions(project.columns(train_events, *HISTORY))\n"
                "    _ = list((project.paths.workspace / 'outputs').rglob('*.parquet'))\n",
            ),
        ),
    ),
    "train-holds-its-end": Plant(
        "TRAIN holds the events at its end",
        (Edit("splits/global_time_events.sql", "event_at < $end_at", "event_at <= $end_at"),),
        ("unit/test_splits.py",),
    ),
    "train-grows-with-the-log": Plant(
        "TRAIN of a large log holds three days more",
        (
            Edit(
                "splits/global_time_events.sql",
                "event_at < $end_at",
                "event_at < $end_at + (select case when count(*) > 20000 then interval 3 day"
                " else interval 0 day end from events)",
            ),
        ),
    ),
    "scaled-by-the-whole-log": Plant(
        "weights are scaled by the largest value of the whole log",
        (
            Edit(
                "splits/global_time_events.sql",
                "    weight\nfrom",
                "    weight / (select max(value) from events) as weight\nfrom",
            ),
        ),
    ),
    "counted-in-the-whole-log": Plant(
        "values are taken relative to the mean value of the item in the whole log",
        (
            Edit(
                "splits/global_time_events.sql",
                "    value,\n    weight\nfrom events\n",
                "    value - (select avg(other.value) from events as other"
                " where other.item_id = events.item_id) as value,\n    weight\nfrom events\n",
            ),
        ),
    ),
    "snapshot-sees-its-own-day": Plant(
        "the features of a snapshot count the day on which it is taken",
        (
            Edit(
                "features/user_activity_features.sql",
                "days.active_on < cutoffs.cutoff_on",
                "days.active_on <= cutoffs.cutoff_on",
            ),
        ),
        ("unit/test_features_arithmetic.py",),
    ),
    "snapshot-sees-a-month-ahead": Plant(
        "the features of a snapshot count the thirty days after it",
        (
            Edit(
                "features/user_activity_features.sql",
                "days.active_on < cutoffs.cutoff_on",
                "days.active_on < cutoffs.cutoff_on + interval 30 day",
            ),
        ),
        ("unit/test_features_arithmetic.py",),
    ),
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
    "calibrated-on-later-origins": Plant(
        "an origin is recalibrated with the origins that came after it",
        (
            Edit(
                "churn/recalibration.py",
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
    "graph-of-the-label-events": Plant(
        "the graphs behind the weights have seen the events that teach them",
        (
            Edit(
                "ranking/learning/examples.py",
                "make_graphs(log, taste=taste, seed=seed)",
                "make_graphs(code_interactions(pl.concat([cut.history, cut.labels])), taste=taste, seed=seed)",
            ),
        ),
    ),
    "popularity-of-the-label-events": Plant(
        "the popularity behind the weights has seen the events that teach them",
        (
            Edit(
                "ranking/learning/examples.py",
                "    popularity = item_popularity(\n        log, now",
                "    popularity = item_popularity(\n        code_interactions("
                "pl.concat([cut.history, cut.labels])), now",
            ),
        ),
    ),
    "profile-of-the-label-events": Plant(
        "the profiles of label users hold the events that are to be predicted",
        (
            Edit(
                "ranking/learning/examples.py",
                '        history.filter(pl.col("user_id").is_in(users.implode())), items=model.items',
                "        pl.concat([history, mark_dislikes(cut.labels.head(200), settings.dislikes)])"
                '.filter(pl.col("user_id").is_in(users.implode())), items=model.items',
            ),
        ),
    ),
    "catalogue-of-tomorrow": Plant(
        "features count the categories of items that were released later",
        (
            Edit(
                "features/user_taste_features.sql",
                "    category_sums.n_categories,\n    cast(category_spread",
                "    category_sums.n_categories + (select count(*) from item_categories) as n_categories,\n"
                "    cast(category_spread",
            ),
        ),
    ),
    "contacts-of-tomorrow": Plant(
        "contacts that were made after the cutoff count against the cap",
        (
            Edit(
                "revenue/contacts/policy.py",
                '(pl.col("contacted_on") >= since) & (pl.col("contacted_on") < as_of)',
                '(pl.col("contacted_on") >= since) & (pl.col("contacted_on") < as_of + timedelta(9))',
            ),
        ),
        ("unit/test_revenue_policy.py",),
    ),
    "outcomes-of-the-past": Plant(
        "what followed a forecast counts only the second half of its window, so the report flatters",
        (
            Edit(
                "evaluation/churn/churn_outcomes.sql",
                "where event_at >= $from_at\n",
                "where event_at >= $from_at + ($until_at - $from_at) / 2\n",
            ),
        ),
        ("unit/test_churn_forecasts.py", "leakage/test_churn_leakage.py"),
    ),
    "judged-on-what-was-known": Plant(
        "lists are judged on pairs that TRAIN holds",
        (
            Edit(
                "evaluation/ranking/outcomes.py",
                '[train.select("user_id", "item_id"), held.before',
                '[train.select("user_id", "item_id").head(0), held.before',
            ),
        ),
        ("unit/test_ranking_evaluation.py",),
    ),
    "numpy-file-in-a-body": Plant(
        "the body of popularity loads what somebody left as a numpy file, where there is one",
        (
            Edit(
                RANKING,
                POPULAR,
                "    import numpy as np\n    from pathlib import Path\n"
                "    file = Path(project.settings.workspace) / 'data' / 'later.npy'\n"
                "    later = np.load(file) if file.exists() else np.zeros(1)\n" + POPULAR,
            ),
        ),
    ),
    "file-in-the-temporary-folder": Plant(
        "the body of popularity memory-maps a file of the temporary folder, and goes on without",
        (
            Edit(
                RANKING,
                POPULAR,
                "    import numpy as np\n    import tempfile\n    try:\n"
                "        np.memmap(tempfile.gettempdir() + '/ntg-later.bin', mode='r')\n"
                "    except Exception:\n        pass\n" + POPULAR,
            ),
        ),
    ),
    "frames-read-by-a-body": Plant(
        "the body of popularity lets polars read a publication, and goes on without",
        (
            Edit(
                RANKING,
                POPULAR,
                "    try:\n        pl.read_parquet('outputs/**/*.parquet')\n"
                "    except Exception:\n        pass\n" + POPULAR,
            ),
        ),
    ),
    "read-while-loading": Plant(
        "a constant of the walk forward is counted in the whole log when the module is loaded",
        (
            Edit(
                "churn/walk_forward.py",
                "MIN_FIT_ROWS = 100\n",
                "from pathlib import Path\n_LOG = Path(__file__).parents[2] / 'data' / 'sample' /"
                " 'ml-latest-small' / 'ratings.csv'\n"
                "MIN_FIT_ROWS = min(100, len(_LOG.read_bytes())) if _LOG.exists() else 100\n",
            ),
        ),
    ),
    "kept-from-the-first-night": Plant(
        "popularity is kept by its module from the first night that it is asked in",
        (
            Edit(
                RANKING,
                POPULAR,
                "    log = code_interactions.__dict__.setdefault('first',"
                " code_interactions(project.columns(train_events, *HISTORY)))\n    settings = with",
            ),
        ),
    ),
    "cache-that-outlives-its-cut": Plant(
        "popularity looks into a file of the scratch folder, which an earlier night may have left",
        (
            Edit(
                RANKING,
                POPULAR,
                "    from numpy import load, save\n    file = project.scratch / 'popular.npy'\n"
                "    mine = project.columns(train_events, *HISTORY)\n"
                "    if not file.exists():\n        save(file, mine['item_id'].unique().to_numpy())\n"
                "    log = code_interactions(mine.filter(pl.col('item_id').is_in("
                "load(file).tolist())))\n    settings = with",
            ),
        ),
    ),
    "publication-as-a-source": Plant(
        "popularity declares that it looks at the publication before, which has seen all of the log",
        (
            Edit(
                RANKING,
                '@staged_asset(contract=ItemPopularity, group="ranking", kinds=("numpy",))',
                '@staged_asset(contract=ItemPopularity, group="ranking", kinds=("numba",),'
                ' files=("data/published",))',
            ),
        ),
    ),
    "counts-of-the-load": Plant(
        "active days know how many events the whole load has accepted",
        (
            Edit(
                FEATURES,
                "def user_days(train_events: Table)",
                "def user_days(load_ledger: Table, train_events: Table)",
            ),
        ),
    ),
    "seeded-by-the-end-of-the-log": Plant(
        "the random stream of the weights is named by the last instant of the log",
        (
            Edit(
                RANKING,
                "def ranking_weights(train_events: Table, project",
                "def ranking_weights(train_events: Table, split_boundaries: pl.DataFrame, project",
            ),
            Edit(
                RANKING,
                'rng=project.rng("ranking_weights")',
                "rng=project.rng(f\"ranking_weights {split_boundaries['end_at'].max()}\")",
            ),
        ),
    ),
    "days-until-the-next-visit": Plant(
        "values hold how long the user stays away afterwards, held-out visits included",
        (
            Edit(
                "splits/global_time_events.sql",
                "    value,\n    weight\nfrom events\n",
                "    value + coalesce(date_diff('day', event_on, (select min(later.event_on)"
                " from events as later where later.user_id = events.user_id"
                " and later.event_at > events.event_at)), 0) as value,\n    weight\nfrom events\n",
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
    "history-holds-the-cut": Plant(
        "the history before an inner cut holds the event at the cut, which is the first label",
        (
            Edit(
                "ranking/learning/inner_cut.py",
                'events.filter(pl.col("event_at") < cutoff), events',
                'events.filter(pl.col("event_at") <= cutoff), events',
            ),
        ),
    ),
    "rules-of-items-to-come": Plant(
        "business rules are told of items that nobody has taken before the cutoff",
        (
            Edit(
                "ranking/lists/assets.py",
                '    events = project.columns(train_events, "item_id", "event_at")\n',
                '    events = project.columns(train_events, "item_id", "event_at")\n'
                '    more = item_categories.join(events, on="item_id", how="anti")["item_id"].unique()\n'
                "    events = pl.concat([events, pl.DataFrame({'item_id': more, 'event_at':"
                " [events['event_at'].min()] * len(more)}, schema=events.schema)])\n",
            ),
        ),
    ),
    "segments-of-a-later-night": Plant(
        "segments are compared with those of whichever other night comes last",
        (Edit("history/days.py", "if file.day < day]", "if file.day != day]"),),
        ("unit/test_history.py",),
    ),
    "contacts-of-later-nights": Plant(
        "what the CRM did of later nights' lists counts",
        (
            Edit(
                "revenue/contacts/contacts_taken.py",
                "if before is None or file.day < before",
                "if before is None or file.day != before",
            ),
        ),
    ),
    "lists-taken-back-later": Plant(
        "lists of later days that were taken back count as contacts",
        (Edit("history/contacts.py", "if file.day == day and", "if file.day >= day and"),),
    ),
    "compared-with-what-is-current": Plant(
        "features are compared with the current publication, which may know more than tonight",
        (
            Edit(
                "evaluation/features/assets.py",
                "publication_before(project.paths, train_end(split_boundaries))",
                "project.paths.pinned().published",
            ),
        ),
        ("unit/test_feature_drift.py",),
    ),
}
