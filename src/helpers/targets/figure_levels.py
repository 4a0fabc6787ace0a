"""How far figures 1 to 5 can be reproduced: as they were run, and as the paper describes them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.names import NEW_YORK, VISALIA
from helpers.panel import Panel
from helpers.targets import as_run
from helpers.targets.evidence import YEAR

FIGURE_1_YEAR = 2010
"""The year of the file that the public notebook of figure 1 reads."""
_TELLS = 1e-6
"""A difference of relative changes that a reader of a figure could be told of."""


def year_of_figure_1(panel: Panel, n: int = 10) -> pd.DataFrame:
    """The year that figure 1's notebook reads beside the year of its caption (paper, 4.1).

    Parameters
    ----------
    panel : Panel
    n : int
        How many of the largest cities.

    Returns
    -------
    DataFrame (n rows)
        ``city``; ``share_read`` and ``share_caption``, the city's share in the year read and in
        the year of the caption; ``largest_shift``, the largest change of an occupation's share
        of the city between the two; for the largest cities of the year of the caption that
        are there in both.
    """
    read, caption = panel.shares(FIGURE_1_YEAR), panel.shares(YEAR)
    rows = []
    for c in np.argsort(-caption.pi_c):
        name = caption.cities[c]
        if name not in read.cities:
            continue
        b = read.city_index(name)
        shift = float(np.abs(caption.phi_ck[c] - read.phi_ck[b]).max())
        rows.append([name, read.pi_c[b], caption.pi_c[c], shift])
        if len(rows) == n:
            break
    return pd.DataFrame(rows, columns=["city", "share_read", "share_caption", "largest_shift"])


def _apart(table: pd.DataFrame, column: str) -> bool:
    """Whether the run differs from the exact computation by more than a rounding error."""
    exact = table[column.replace("as_run", "exact")]
    return bool((table[column] - exact).abs().max() > _TELLS)


def levels(panel: Panel, rho: float) -> pd.DataFrame:
    """Levels of computational reproducibility of figures 1 to 5, and what they rest on.

    Each figure is judged twice: whether the run that the public notebooks describe can be
    done again from the published files, and whether it shows what the paper says it shows.

    Parameters
    ----------
    panel : Panel
        The author's, for the levels to mean anything.
    rho : float, in [0, 1)
        The unrounded estimate.

    Returns
    -------
    DataFrame
        ``exhibit``; ``level`` on the ACRE scale: 5 where the exhibit comes out of the analysis
        data as the paper describes it, 4 where the public run can be redone and shows another
        number than the computation described; and ``difference`` in words with its size.
    """
    c = panel.shares(YEAR).city_index(NEW_YORK)
    sizes = as_run.baselines(panel, YEAR, rho)
    new_york, visalia = (as_run.city_shock(panel, rho, city=city) for city in (NEW_YORK, VISALIA))
    shocks, last = as_run.occupation_shocks(panel, rho), as_run.figure_5(panel, rho)
    year = year_of_figure_1(panel)
    both = {
        kind: int(((shocks[f"{kind}_trades"] > 1) & (shocks[f"{kind}_management"] > 1)).sum())
        for kind in ("as_run", "exact")
    }
    gap = {kind: (last[kind] - last[f"{kind}_independent"]).abs().max() for kind in
           ("as_run", "exact")}  # fmt: skip
    moved = (year["share_caption"] / year["share_read"] - 1).abs().max()
    gain = {name: new_york[name].mean() - 1 for name in new_york.filter(like="exact")}
    gain |= {name: new_york[name].mean() - 1 for name in new_york.filter(like="as_run")}
    words = {
        "figure 1": (
            moved > 0,
            f"the notebook reads {FIGURE_1_YEAR}, the caption says {YEAR}; a share of the ten "
            f"largest cities moves by up to {moved:.0%} in between",
        ),
        "figure 2": (
            _apart(new_york, "as_run"),
            f"others gain {gain['as_run']:.1%} on average at the estimate and "
            f"{gain['as_run_independent']:.1%} at ρ = 0 as run, {gain['exact']:.1%} and "
            f"{gain['exact_independent']:.1%} exactly: New York is {sizes['as_run'][c]:.0%} of "
            f"the country as run, {sizes['observed'][c]:.1%} observed",
        ),
        "figure 3": (
            _apart(visalia, "as_run_ratio"),
            f"the ratio spans {1e6 * np.ptp(visalia['as_run_ratio']):.1f} millionths as run, "
            f"{1e6 * np.ptp(visalia['exact_ratio']):.0f} exactly",
        ),
        "figure 4": (
            both["as_run"] != both["exact"],
            f"{both['as_run']} cities gain from both shocks as run, {both['exact']} exactly",
        ),
        "figure 5": (
            gap["as_run"] > _TELLS,
            f"cities lie up to {gap['as_run']:.3%} off the line as run, {gap['exact']:.3%} "
            f"exactly; the shock is {as_run.FIGURE_5_HAT - 1:+.0%}".replace("-", "−"),
        ),
    }
    rows = [(name, 4 if differs else 5, text) for name, (differs, text) in words.items()]
    return pd.DataFrame(rows, columns=["exhibit", "level", "difference"])
