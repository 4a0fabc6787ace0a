"""How soon a live figure follows its control: ``python benchmarks/live.py``.

From the movement of a slider to the frame in which the page is drawn anew, in headless
Chromium, for each figure on the default panel; and the size of what a page is given. Nothing is
asserted on time.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from helpers import files
from helpers.exhibits import live
from helpers.exhibits.whatif import Setting, WhatIf
from helpers.sources import load, resolve

sys.path.insert(0, str(files.ROOT / "tools"))
from browser import BROWSERS, FLAGS

WARM = 5  # movements that are not counted
MOVE = """
async ([name, warm]) => {
  const root = document.querySelector(".live");
  const slider = root.querySelector(`input[name=${name}], [data-slider=${name}]`);
  const [low, high] = [Number(slider.min), Number(slider.max)];
  const times = [];
  for (let i = 0; i < 40 + warm; i++) {
    const drawn = new Promise((done) => root.addEventListener("live-drawn", done, { once: true }));
    const started = performance.now();
    slider.value = low + ((high - low) * ((i * 7) % 45)) / 45;
    slider.dispatchEvent(new Event("input"));
    await drawn;
    // the frame after it: what was drawn is on the screen
    await new Promise(requestAnimationFrame);
    await new Promise((done) => setTimeout(done, 0));
    if (i >= warm) times.push(performance.now() - started);
  }
  return times;
}
"""


def busy(tools) -> float:
    """Seconds that the page's thread has worked: other programs do not count."""
    metrics = tools.send("Performance.getMetrics")["metrics"]
    return next(m["value"] for m in metrics if m["name"] == "TaskDuration")


def figures(shares) -> dict[str, tuple[live.LiveFigure | WhatIf, str]]:
    """Each figure, and the control that is moved."""
    table = pd.DataFrame(
        {"label": list("abcdefgh"), "estimate": 2.0, "low": np.linspace(-1, 1, 8), "high": np.inf}
    )
    return {
        "density of a draw": (live.frechet_draws(), "theta"),
        "two towns, 300 households": (live.frechet_draws("correlation"), "rho"),
        "red and blue town": (live.red_and_blue(), "rho"),
        f"scatter of {len(shares.cities)} cities": (live.spillover_scatter(shares, 0.64), "rho"),
        f"map of {len(shares.cities)} cities": (live.gain_map(shares, 0.64), "rho"),
        f"what if, {len(shares.cities)} cities": (WhatIf(shares, Setting(0.64)), "rho"),
        "what if, prices answer": (WhatIf(shares, Setting(0.64, prices="answer")), "rho"),
        "forest of intervals": (live.interval_forest(table), "reach"),
    }


def main() -> int:
    """Print a line a figure."""
    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        print("no browser")
        return 1
    panel = load(resolve().source)
    print(f"source {panel.source}; from a slider's movement to the redrawn page")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        site = Path(name)
        live.write_static(site / "_static" / "companion")
        (site / "notebooks").mkdir()
        browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        for what, (figure, control) in figures(panel.shares(2019)).items():
            html = figure.html()
            page = site / "notebooks" / "page.html"
            page.write_text(f'<!doctype html><meta charset="utf-8">{html}', encoding="utf-8")
            tab = browser.new_page(viewport={"width": 1300, "height": 900})
            tab.goto(page.as_uri())
            tab.wait_for_selector(".live[data-ready=yes]")
            tools = tab.context.new_cdp_session(tab)
            tools.send("Performance.enable", {"timeDomain": "threadTicks"})
            before = busy(tools)
            times = sorted(tab.evaluate(MOVE, [control, WARM]))
            spent = (busy(tools) - before) / (len(times) + WARM) * 1e3
            tab.close()
            print(
                f"{what:28s} median {statistics.median(times):4.0f} ms, "
                f"smallest {times[0]:4.0f}, largest {times[-1]:4.0f}; the page's own work "
                f"{spent:4.0f} ms; {len(html) / 1e3:4.0f} kB in the page"
            )
        browser.close()
        shared = sum(f.stat().st_size for f in (site / "_static" / "companion").iterdir())
        print(f"shared files, once a site: {shared / 1e3:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
