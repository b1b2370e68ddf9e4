"""Take pictures of what NTG shows people: the Dagster UI over a finished run, a failed night, a
late one, and the pages of a publication, wide and on a phone.

Usage: python -m tools.screenshots WORKSPACE [--out FOLDER] [--failed] [--late] [--only TEXT]

`--failed` runs once more on a copy of the workspace, with a log that no longer keeps its limits,
and looks at what that leaves; `--late` looks at a copy with the daemon going on, once what was made
a minute ago counts as late. Neither touches the workspace. The configuration is the one of `ntg`
(`NTG_CONFIG`).

It starts the UI on a free port of 127.0.0.1 and ends it. Needs the package `playwright` and a
Chromium of the machine (`CHROMIUM`, else the first of `chromium`, `chromium-browser`,
`google-chrome` on the path); where there is none it says so and takes none.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

from ntg_assets.cli.ports import HOST, listen

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HOME = Path(__file__).parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDE, PHONE, TALL = (1280, 900), (390, 844), (1600, 2400)
STARTS_SECONDS, SETTLES_SECONDS = 180, 60
DAEMON_SECONDS = 150  # until it has looked at every table that may be late
GROUP = "/locations/ntg/asset-groups/{}/lineage"


# No log keeps these, so the run ends before its first table, with a reason.
FAILING = {"NTG_INGEST__VALUE_RANGE": "[1e300, 2e300]"}
LATE_SOON = {"NTG_SCHEDULE__LATE_AFTER_HOURS": "0.02"}


class View(NamedTuple):
    """A picture: its name, its address below the UI (`{run}`: the newest run), and a text that is
    there once it is drawn.
    """

    name: str
    path: str
    text: str
    size: tuple[int, int] = (1600, 1000)


PAGES = (
    "live/churn_scores",
    "live/revenue_risk_radar",
    "live/recommendations",
    "backtest/churn_calibration",
    "backtest/ranking_report",
    "experiments/decisions",
)
VIEWS = (
    View("lineage", "/asset-groups", "backtest_models"),
    View("group_published", GROUP.format("published"), "publication"),
    *(View(page.replace("/", "_"), f"/assets/{page}", "Description", TALL) for page in PAGES),
    View("table_lineage", "/assets/live/revenue_risk_radar?view=lineage", "ltv_estimates"),
    View("checks", "/assets/live/revenue_risk_radar?view=checks", "contract"),
    View("automation", "/automation", "every_night"),
    View("jobs", "/jobs", "nightly"),
    View("overview", "/overview/activity/timeline", "nightly"),
)
FAILED = (
    View("failed_overview", "/overview/activity/timeline", "nightly"),
    View("failed_runs", "/runs", "Failure"),
    View("failed_run", "/runs/{run}", "Why this run failed"),
    View("failed_asset", "/assets/ingest/events", "Failed in"),
)
LATE = (
    View("late_overview", "/overview/activity/timeline", "late_night"),
    View("late_runs", "/runs", "nothing was published"),
    View("late_automation", "/automation", "every_night"),
    View("late_asset", "/assets/live/churn_scores", "Failed"),
)


def browser_of_machine() -> str | None:
    """Path of a Chromium; None where there is none."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in BROWSERS if (path := shutil.which(name))), None)


def environment_of(workspace: Path) -> dict[str, str]:
    """Variables by which a process works in a workspace with the code of this folder."""
    return {
        **os.environ,
        "DAGSTER_HOME": str(workspace.resolve() / "data" / "dagster"),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        "NTG_HOME": str(HOME),
        "NTG_WORKSPACE": str(workspace.resolve()),
        "PYTHONPATH": str(HOME),
    }


@contextmanager
def dagster_ui(
    workspace: Path, *, changed: Mapping[str, str] | None = None, has_daemon: bool = False
) -> Iterator[str]:
    """Start the web server over a workspace; its address.

    Args:
        workspace: Folder of a finished run.
        changed: Settings as variables of the environment.
        has_daemon: Whether the daemon is started with it, which looks at what is late.
    """
    socket = listen(0)
    port = socket.getsockname()[1]
    socket.close()
    environment = {**environment_of(workspace), **(changed or {})}
    module = ["dagster", "dev"] if has_daemon else ["dagster_webserver"]
    command = [sys.executable, "-m", *module, "-w", str(HOME / "workspace.yaml")]
    command += ["-h", HOST, "-p", str(port)]
    with (workspace / "data" / "screenshots.log").open("w") as log:
        server = subprocess.Popen(  # noqa: S603  # our own interpreter
            command, cwd=environment["DAGSTER_HOME"], env=environment, stdout=log, stderr=log
        )
        try:
            address = f"http://{HOST}:{port}"
            _wait_for(address, server)
            if has_daemon:
                time.sleep(DAEMON_SECONDS)
            yield address
        finally:
            server.terminate()
            server.wait(timeout=60)


def run_that_fails(workspace: Path) -> None:
    """Run everything in a workspace with a log that cannot be taken."""
    command = [sys.executable, "-c", "from ntg_assets.cli import main; main()", "run-all"]
    environment = {**environment_of(workspace), **FAILING}
    ended = subprocess.run(  # noqa: S603  # as above
        command, cwd=HOME, env=environment, capture_output=True, text=True, check=False
    )
    if ended.returncode != 1:
        raise SystemExit(f"the run that should fail ended with {ended.returncode}: {ended.stderr}")


def newest_run(workspace: Path) -> str:
    """Id of the run that began last."""
    return max(
        (workspace / "data" / "logs").glob("*.jsonl"), key=lambda file: file.stat().st_mtime
    ).stem


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + STARTS_SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            raise SystemExit(f"the Dagster UI ended at once (exit code {server.returncode})")
        try:
            with urlopen(f"{address}/server_info", timeout=5):  # noqa: S310  # of this machine
                return
        except (URLError, OSError):
            time.sleep(0.5)
    raise SystemExit(f"the Dagster UI did not answer within {STARTS_SECONDS} s")


def take(browser: "Browser", view: View, address: str, folder: Path) -> Path:
    """Take one picture, once its text is there and nothing is loaded any more."""
    width, height = view.size
    from playwright.sync_api import TimeoutError  # noqa: A004, PLC0415  # as in `main`

    page = browser.new_page(viewport={"width": width, "height": height})
    try:
        page.goto(f"{address}{view.path}")
        try:
            page.get_by_text(view.text).first.wait_for(timeout=SETTLES_SECONDS * 1000)
        except TimeoutError:
            print(f"{view.name}: {view.text!r} did not show within {SETTLES_SECONDS} s")
        _wait_until_drawn(page)
        target = folder / f"{view.name}.png"
        page.screenshot(path=target)
    finally:
        page.close()
    return target


def _wait_until_drawn(page: "Page") -> None:
    """Wait until nothing says that it is being loaded, and for what is drawn after the answer."""
    from playwright.sync_api import TimeoutError  # noqa: A004, PLC0415  # as in `main`

    try:
        page.wait_for_function(
            "() => !document.body.innerText.includes('Loading')", timeout=SETTLES_SECONDS * 1000
        )
    except TimeoutError:
        print(f"{page.url}: still loading after {SETTLES_SECONDS} s")
    page.wait_for_timeout(4000)  # lines, charts


def take_pages(browser: "Browser", workspace: Path, folder: Path) -> Iterator[Path]:
    """Take the publication's page at two widths, whole; say where it is wider than the screen."""
    file = workspace.resolve() / "reports" / "decision_brief.html"
    for width, height in (WIDE, PHONE):
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto(file.as_uri())
        if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
            print(f"{file.name}: {wide} pixels wide on a screen of {width}")
        target = folder / f"page_{width}.png"
        page.screenshot(path=target, full_page=True)
        page.close()
        yield target


def take_views(
    browser: "Browser", views: Sequence[View], workspace: Path, *, address: str, folder: Path
) -> None:
    """Take the pictures of one workspace, and name each file once it is there."""
    for view in views:
        path = view.path.format(run=newest_run(workspace)) if "{run}" in view.path else view.path
        print(take(browser, view._replace(path=path), address, folder), flush=True)


def copied(workspace: Path, folder: str) -> Path:
    """Copy a workspace; what is tried on the copy leaves it as it is."""
    copy = Path(folder) / workspace.resolve().name
    shutil.copytree(workspace, copy, symlinks=True)
    return copy


def take_chosen(browser: "Browser", options: argparse.Namespace) -> None:
    """Take every picture that was asked for."""

    def chosen(views: Sequence[View]) -> list[View]:
        return [view for view in views if not options.only or options.only in view.name]

    if views := chosen(VIEWS):
        with dagster_ui(options.workspace) as address:
            take_views(browser, views, options.workspace, address=address, folder=options.out)
    if not options.only or options.only in "page":
        for picture in take_pages(browser, options.workspace, options.out):
            print(picture)
    if options.failed and (views := chosen(FAILED)):
        with tempfile.TemporaryDirectory() as folder:
            copy = copied(options.workspace, folder)
            run_that_fails(copy)
            with dagster_ui(copy) as address:
                take_views(browser, views, copy, address=address, folder=options.out)
    if options.late and (views := chosen(LATE)):
        with tempfile.TemporaryDirectory() as folder:
            copy = copied(options.workspace, folder)
            with dagster_ui(copy, changed=LATE_SOON, has_daemon=True) as address:
                take_views(browser, views, copy, address=address, folder=options.out)


def main() -> int:
    """Take the pictures that are asked for; return the exit code."""
    parser = argparse.ArgumentParser(description="Take pictures of what NTG shows.")
    parser.add_argument("workspace", type=Path, help="workspace of a finished run")
    parser.add_argument("--failed", action="store_true", help="a night that failed, too")
    parser.add_argument("--late", action="store_true", help="tables that are late, too")
    parser.add_argument("--out", type=Path, default=Path("data/screenshots"))
    parser.add_argument("--only", help="names of pictures that hold this text")
    options = parser.parse_args()
    chromium = browser_of_machine()
    if chromium is None or find_spec("playwright") is None:
        missing = "no Chromium on the path" if chromium is None else "no package `playwright`"
        print(f"skipped: {missing}")
        return 0
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # see above

    options.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        take_chosen(browser, options)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
