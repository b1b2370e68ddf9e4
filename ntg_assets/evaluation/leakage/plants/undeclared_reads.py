"""Bodies, texts and modules that read past the inputs which they declare."""

from ntg_assets.evaluation.leakage.plants.plant import POPULAR, RANKING, Edit, Plant

PEEK = (
    "    from ntg_assets.sql import Query as Q, Table as T\n"
    '    later = project.read(Q("select item_id, count(*) as n from held group by item_id",'
    ' {"held": T("backtest", "test_events")}))\n'
)

PLANTS: dict[str, Plant] = {
    "body-asks-for-test": Plant(
        "the body of popularity asks the store for TEST, which its parameters do not name",
        (
            Edit(
                RANKING,
                POPULAR,
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
    "table-asked-in-a-thread": Plant(
        "the body of popularity asks for TEST in a thread of its own, and goes on without",
        (
            Edit(
                RANKING,
                POPULAR,
                "    from concurrent.futures import ThreadPoolExecutor\n"
                "    from ntg_assets.sql import Table as T\n    try:\n"
                "        with ThreadPoolExecutor(1) as pool:\n"
                "            pool.submit(project.columns, T('backtest', 'test_events'),"
                " 'item_id').result()\n"
                "    except Exception:\n        pass\n" + POPULAR,
            ),
        ),
    ),
}
