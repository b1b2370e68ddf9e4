"""Small nights: generations of a store, Parquet, JSON and a page, written without a run."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import polars as pl

import ntg_assets.experiments.contracts.decision  # registers that of decisions
import ntg_assets.revenue.contacts.intervention_contracts  # registers that of draws
import ntg_assets.revenue.radar.contracts  # noqa: F401  # registers that of segments
from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.publish import PublishSettings
from ntg_assets.contracts import IdTypes, contract_of, schema_of
from ntg_assets.history.currents import read_changes
from ntg_assets.history.links import show_history
from ntg_assets.publish.generations.kept_days import PATHS
from ntg_assets.publish.generations.publication import Publication, publish_generation
from ntg_assets.publish.locations import BRIEF
from ntg_assets.publish.manifest import Manifest, describe_file, write_manifest

IDS = IdTypes("integer", "integer")
FIRST_DAY = date(2024, 3, 1)
STORE, REPORT, TABLE = (
    "data/published/ntg.duckdb",
    "outputs/reports/metrics.json",
    "data/features/user_features.parquet",
)
KINDS = {".duckdb": "store", ".json": "report", ".html": "page", ".parquet": "table"}


def paths_of(folder: Path) -> Paths:
    return Paths(home=folder, workspace=folder.resolve())


def name_of(night: int) -> str:
    return f"{night:012x}"


def draw(*users: int, arm: str = "contact", day: date = FIRST_DAY) -> pl.DataFrame:
    """A night's draw of contacts."""
    return pl.DataFrame(
        {
            "user_id": list(users),
            "strategy": "s",
            "action": "contact" if arm == "contact" else "no_contact",
            "arm": arm,
            "propensity": 0.9,
            "assigned_on": day,
            "rank": list(range(1, len(users) + 1)),
            "churn_probability": 0.5,
            "revenue_at_risk": 1.0,
            "unit": "index",
        },
        schema_overrides={"user_id": pl.Int64, "rank": pl.Int64},
    )


@cache
def contents(night: int) -> dict[str, bytes]:
    """The files of a night, each of which says which night it is of."""
    day = FIRST_DAY + timedelta(days=night)
    with TemporaryDirectory() as folder:
        made = Path(folder)
        with duckdb.connect(str(made / "store")) as store:
            store.execute("create table nights as select $1 as night", [night])
        pl.DataFrame({"night": [night]}).write_parquet(made / "table")
        draw(night, day=day).write_parquet(made / "draw")
        return {
            STORE: (made / "store").read_bytes(),
            TABLE: (made / "table").read_bytes(),
            PATHS["intervention_assignments"]: (made / "draw").read_bytes(),
            PATHS["radar_segments"]: _without_rows("radar_segments", made),
            PATHS["decisions"]: _without_rows("decisions", made),
            REPORT: json.dumps({"night": night}).encode(),
            BRIEF: f"<html>\n<body>\n<p>night {night}</p></body></html>\n".encode(),
        }


def _without_rows(table: str, scratch: Path) -> bytes:
    columns = schema_of(contract_of(table), IDS).columns
    pl.DataFrame(schema=dict.fromkeys(columns, pl.String)).write_parquet(scratch / table)
    return (scratch / table).read_bytes()


def writer(paths: Paths, night: int, **headlines: float) -> Callable[[Path], None]:
    """What writes a night into a folder, file by file, the manifest last."""
    made = contents(night)

    def write(folder: Path) -> None:
        for path, content in made.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        files = [
            describe_file(folder / path, workspace=folder, kind=KINDS[Path(path).suffix])
            for path in made
        ]
        show_history(folder, paths.history)
        manifest = Manifest(
            generation=name_of(night),
            source="nights",
            configuration="c",
            as_of=f"{FIRST_DAY + timedelta(days=night)}T00:00:00",
            headlines={"users": 1000.0, **headlines},
            files=files,
        )
        write_manifest(manifest, paths.at(folder).manifest)

    return write


def publish_night(
    paths: Paths, night: int, *, settings: PublishSettings | None = None, **headlines: float
) -> Publication:
    """Publish a night."""
    return publish_generation(
        paths,
        name_of(night),
        write=writer(paths, night, **headlines),
        settings=settings or PublishSettings(),
        ids=IDS,
        run=f"run-{night}",
    )


def read_night(paths: Paths) -> set[int]:
    """Read what the store, the Parquet, the JSON and the page of one resolved generation say.

    A workspace without generations has nothing to resolve: who reads there while it gets its first
    ones reads once more, as `docs/publication.md` says.
    """
    here = paths.pinned()
    nights = _read(here.published)
    became_links = here.publication is None and paths.current.is_symlink()
    return read_night(paths) if became_links else nights


def _read(here: Path) -> set[int]:
    with duckdb.connect(str(here / STORE), read_only=True) as store:
        stored = store.execute("select night from nights").fetchall()[0][0]
    page = (here / BRIEF).read_text()
    return {
        stored,
        pl.read_parquet(here / TABLE)["night"][0],
        json.loads((here / REPORT).read_text())["night"],
        int(page.split("night ")[1].split("<")[0]),
    }


def actions(paths: Paths) -> list[tuple[str, str]]:
    """Return what was done to which generation, in order."""
    return [(change.action, change.generation) for change in read_changes(paths.history)]
