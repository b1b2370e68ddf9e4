"""What another night left behind: comparisons with later ones, caches that outlive their cut."""

from ntg_assets.evaluation.leakage.plants.plant import POPULAR, RANKING, Edit, Plant

PLANTS: dict[str, Plant] = {
    "segments-of-a-later-night": Plant(
        "segments are compared with those of whichever other night comes last",
        (Edit("history/days.py", "if file.day < day]", "if file.day != day]"),),
        ("unit/test_history.py",),
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
    "kept-in-the-home-folder": Plant(
        "popularity looks for a file in the home folder, which a later night may have left",
        (
            Edit(
                RANKING,
                POPULAR,
                "    from pathlib import Path\n    from numpy import load\n"
                "    file = Path.home() / '.cache' / 'ntg' / 'popular.npy'\n"
                "    mine = project.columns(train_events, *HISTORY)\n"
                "    log = code_interactions(mine.filter(pl.col('item_id').is_in(load(file).tolist()))"
                " if file.exists() else mine)\n    settings = with",
            ),
        ),
    ),
    "kept-in-the-environment": Plant(
        "popularity takes its newest item from a variable of the process, where an earlier night set it",
        (
            Edit(
                RANKING,
                POPULAR,
                "    import os\n    mine = project.columns(train_events, *HISTORY)\n"
                "    last = os.environ.setdefault('NTG_POPULAR', str(mine['item_id'].max()))\n"
                "    log = code_interactions(mine.filter(pl.col('item_id') <= int(last)))\n"
                "    settings = with",
            ),
        ),
    ),
    "left-by-the-lists-of-a-night": Plant(
        "popularity leaves out whoever the lists of an earlier night were about",
        (
            Edit(
                "revenue/handover/assets.py",
                "    settings = project.settings.radar\n    handed = handing.crm_handover(",
                "    from numpy import save\n    listed = intervention_targets['user_id'].unique()\n"
                "    save(project.scratch / 'listed.npy', listed.to_numpy())\n"
                "    settings = project.settings.radar\n    handed = handing.crm_handover(",
            ),
            Edit(
                RANKING,
                POPULAR,
                "    from numpy import load\n    file = project.scratch / 'listed.npy'\n"
                "    listed = load(file).tolist() if file.exists() else []\n"
                "    mine = project.columns(train_events, *HISTORY)\n"
                "    log = code_interactions(mine.filter(~pl.col('user_id').is_in(listed)))\n"
                "    settings = with",
            ),
        ),
    ),
}
