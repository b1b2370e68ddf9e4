"""Take pictures of what NTG shows people: the Dagster UI over a finished run, a failed night, and
the pages of a publication, wide and on a phone.

Usage: python -m tools.screenshots WORKSPACE [--out FOLDER] [--failed WORKSPACE] [--late WORKSPACE]

A late workspace is one whose daemon (`ntg ui`) has run since `schedule.late_after_hours` went by.

It starts the UI on a free port of 127.0.0.1 and ends it. Needs the package `playwright` and a
Chromium of the machine (`CHROMIUM`, else the first of `chromium`, `chromium-browser`,
`google-chrome` on the path); where there is none it says so and takes none.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

from ntg_assets.cli.ports import HOST, listen

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HOME = Path(__file__).parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDE, PHONE, TALL = (1280, 900), (390, 844), (1600, 2400)
STARTS_SECONDS, SETTLES_SECONDS = 180, 30
GROUP = "/locations/ntg/asset-groups/{}/lineage"


class View(NamedTuple):
    """A picture: its name, its address below the UI, and a text that is there once it is drawn."""

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
    View("group_live_models", GROUP.format("live_models"), "churn_scores"),
    *(View(page.replace("/", "_"), f"/assets/{page}", "Description", TALL) for page in PAGES),
    View("checks", "/assets/live/revenue_risk_radar?view=checks", "contract"),
    View("automation", "/automation", "every_night"),
    View("jobs", "/jobs", "nightly"),
    View("overview", "/overview/activity/timeline", "nightly"),
)
FAILED = (
    View("failed_overview", "/overview/activity/timeline", "nightly"),
    View("failed_runs", "/runs", "Failure"),
)
LATE = (
    View("late_overview", "/overview/activity/timeline", "nightly"),
    View("late_automation", "/automation", "every_night"),
    View("late_asset", "/assets/live/churn_scores", "Failed"),
)


def browser_of_machine() -> str | None:
    """Path of a Chromium; None where there is none."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in BROWSERS if (path := shutil.which(name))), None)


@contextmanager
def dagster_ui(workspace: Path) -> Iterator[str]:
    """Start the web server over a workspace; its address."""
    socket = listen(0)
    port = socket.getsockname()[1]
    socket.close()
    home = workspace.resolve() / "data" / "dagster"
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(home),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        "NTG_HOME": str(HOME),
        "NTG_WORKSPACE": str(workspace.resolve()),
        "PYTHONPATH": str(HOME),
    }
    command = [sys.executable, "-m", "dagster_webserver", "-w", str(HOME / "workspace.yaml")]
    command += ["-h", HOST, "-p", str(port)]
    with (workspace / "data" / "screenshots.log").open("w") as log:
        server = subprocess.Popen(command, cwd=home, env=environment, stdout=log, stderr=log)  # noqa: S603  # our own interpreter
        try:
            address = f"http://{HOST}:{port}"
            _wait_for(address, server)
            yield address
        finally:
            server.terminate()
            server.wait(timeout=30)


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
        page.wait_for_timeout(4000)  # what is drawn after the answer: lines, charts
        target = folder / f"{view.name}.png"
        page.screenshot(path=target)
    finally:
        page.close()
    return target


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


def main() -> int:
    """Take all pictures; return the exit code."""
    parser = argparse.ArgumentParser(description="Take pictures of what NTG shows.")
    parser.add_argument("workspace", type=Path, help="workspace of a finished run")
    parser.add_argument("--failed", type=Path, help="workspace of a run that failed")
    parser.add_argument("--late", type=Path, help="workspace whose tables are late")
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
        for workspace, views in (
            (options.workspace, VIEWS),
            (options.failed, FAILED),
            (options.late, LATE),
        ):
            chosen = [view for view in views if not options.only or options.only in view.name]
            if workspace is None or not chosen:
                continue
            with dagster_ui(workspace) as address:
                for view in chosen:
                    print(take(browser, view, address, options.out), flush=True)
        if not options.only or options.only in "page":
            for picture in take_pages(browser, options.workspace, options.out):
                print(picture)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
