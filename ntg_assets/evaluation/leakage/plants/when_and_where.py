"""What hangs on when and where it runs: the clock, the environment, other machines' folders, what
an earlier night left among the code, what Dagster knows of other runs.
"""

from ntg_assets.evaluation.leakage.plants.plant import POPULAR, RANKING, Edit, Plant

MINE = "    mine = project.columns(train_events, *HISTORY)\n"
CODED = "    log = code_interactions(mine)\n    settings = with"


def _of_popularity(what: str, body: str) -> Plant:
    """A leak in the body of popularity, which has its rows in `mine`."""
    return Plant(what, (Edit(RANKING, POPULAR, MINE + body + CODED),))


PLANTS: dict[str, Plant] = {
    "cutoff-of-the-clock": _of_popularity(
        "popularity counts the last years before the day on which it is run",
        "    from datetime import datetime\n"
        "    mine = mine.filter(pl.col('event_at').dt.year() > datetime.now().year - 6)\n",
    ),
    "seconds-of-the-clock": _of_popularity(
        "popularity leaves out events by how many days the clock has counted",
        "    import time\n    mine = mine.head(len(mine) - int(time.time()) // 86400 % 7)\n",
    ),
    "cutoff-of-the-clock-of-the-database": _of_popularity(
        "popularity asks the database which day it is",
        "    from ntg_assets.sql import Query as Q\n"
        "    today = project.read(Q('select current_date as today', {}))['today'][0]\n"
        "    mine = mine.filter(pl.col('event_at').dt.year() > today.year - 6)\n",
    ),
    "present-of-the-project": _of_popularity(
        "popularity counts what came before the present, where the project says what that is",
        "    now = getattr(project, 'now', None)\n"
        "    mine = mine if now is None else mine.filter(pl.col('event_at') < now())\n",
    ),
    "begins-by-the-environment": _of_popularity(
        "popularity begins where a variable says, which a schedule sets after looking at the log",
        "    import os\n    since = os.environ.get('POPULAR_SINCE')\n"
        "    mine = mine.filter(pl.col('event_at').dt.year() >= int(since)) if since else mine\n",
    ),
    "file-of-a-share": _of_popularity(
        "popularity takes a list from a share of the machine, and goes on where there is none",
        "    import json\n    try:\n"
        "        with open('/srv/features/popular.json') as file:\n"
        "            mine = mine.filter(pl.col('item_id').is_in(json.load(file)))\n"
        "    except FileNotFoundError:\n        pass\n",
    ),
    "kept-among-the-code": _of_popularity(
        "popularity keeps items of its first night in a file beside its module",
        "    from pathlib import Path\n    from numpy import load, save\n"
        "    file = Path(__file__).with_name('popular.npy')\n"
        "    if not file.exists():\n        save(file, mine['item_id'].unique().to_numpy())\n"
        "    mine = mine.filter(pl.col('item_id').is_in(load(file).tolist()))\n",
    ),
    "plan-that-scans": _of_popularity(
        "popularity takes a plan of polars from its code, in which a publication is scanned",
        "    import io\n    try:\n        pl.LazyFrame.deserialize(io.BytesIO(b'plan')).collect()\n"
        "    except Exception:\n        pass\n",
    ),
    "count-of-an-earlier-run": Plant(
        "popularity asks Dagster whether TEST was made before",
        (
            Edit(
                RANKING,
                "def item_popularity(\n    train_events: Table,",
                "def item_popularity(\n    context: dg.AssetExecutionContext, train_events: Table,",
            ),
            Edit(RANKING, "import polars as pl\n", "import dagster as dg\nimport polars as pl\n"),
            Edit(
                RANKING,
                POPULAR,
                MINE + "    instance = getattr(context, 'instance', None)\n"
                "    if instance is not None:\n"
                "        made = instance.get_latest_materialization_event("
                "dg.AssetKey(['backtest', 'test_events']))\n"
                "        mine = mine.head(len(mine) - (made is not None))\n" + CODED,
            ),
        ),
    ),
}
