"""Leaks of ranking: weights, graphs and lists that have seen the events they are judged on."""

from ntg_assets.evaluation.leakage.plants.plant import POPULAR, RANKING, Edit, Plant

PLANTS: dict[str, Plant] = {
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
                POPULAR,
                "    log = code_interactions(pl.concat([project.columns(one, *HISTORY)"
                " for one in (train_events, test_events)]))\n    settings = with",
            ),
        ),
    ),
    "graph-of-the-label-events": Plant(
        "the graphs behind the weights have seen the events that teach them",
        (
            Edit(
                "ranking/learning/inner_examples.py",
                "make_graphs(log, taste=taste, seed=seed)",
                "make_graphs(code_interactions(pl.concat([cut.history, cut.labels])), taste=taste, seed=seed)",
            ),
        ),
    ),
    "popularity-of-the-label-events": Plant(
        "the popularity behind the weights has seen the events that teach them",
        (
            Edit(
                "ranking/learning/inner_examples.py",
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
                "ranking/learning/inner_examples.py",
                '        history.filter(pl.col("user_id").is_in(users.implode())), items=model.items',
                "        pl.concat([history, mark_dislikes(cut.labels.head(200), settings.dislikes)])"
                '.filter(pl.col("user_id").is_in(users.implode())), items=model.items',
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
    "graphs-of-the-latest-cut": Plant(
        "graphs are made once, before the latest inner cut, and teach at the earlier ones too",
        (
            Edit(
                "ranking/learning/inner_examples.py",
                "    ahead = iter(cuts)\n",
                "    cuts = list(cuts)\n"
                "    logs = [code_interactions(mark_dislikes(cut.history, settings.dislikes))"
                " for cut in cuts[:1]]\n"
                "    latest = [make_graphs(log, taste=taste, seed=seed) for log in logs]\n"
                "    ahead = iter(cuts)\n",
            ),
            Edit(
                "ranking/learning/inner_examples.py",
                "_examples_of(cut, taste, settings, seed, make_graphs)",
                "_examples_of(cut, taste, settings, seed, lambda *_, **__: latest[0])",
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
    "judged-on-what-was-known": Plant(
        "lists are judged on pairs that TRAIN holds",
        (
            Edit(
                "evaluation/ranking/held_out.py",
                "[train.select(pair), held.before.select(pair)]",
                "[train.select(pair).head(0), held.before.select(pair)]",
            ),
        ),
        ("unit/test_ranking_evaluation.py",),
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
}
