"""Shocks from the shell: ``python -m helpers.counterfactuals PANEL OUT --city "Lyon=0.95"``."""

from __future__ import annotations

import argparse
import sys

import pandas as pd

from helpers import counterfactuals, sources
from helpers.errors import ParameterError
from helpers.estimation import estimate
from helpers.panel import shell

WHAT = ("shock", "diversion", "stayers")


def correlation(text: str, panel) -> float:
    """Rho as a number, or the panel's estimate."""
    if text in ("estimated", "estimate"):
        rho = float(estimate(panel).rho)
        if not 0 <= rho < 1:
            raise ParameterError(
                f"rho: this panel's estimate is {rho:.4g}, outside [0, 1); give --rho a number"
            )
        return rho
    try:
        return float(text)
    except ValueError:
        raise ParameterError(
            f"rho: expected a number from 0 to below 1 or estimated, found {text!r}"
        ) from None


def _make(given: argparse.Namespace) -> tuple[pd.DataFrame, str]:
    panel = sources.load(given.panel)
    year = panel.years[-1] if given.year is None else given.year
    shares = panel.shares(year)
    rho = correlation(given.rho, panel)
    shock = {
        "city": shell.named(given.city, shell.hat),
        "occupation": shell.named(given.occupation, shell.hat),
        "city_occupation": shell.named(given.cell, shell.cell),
    }
    where = f"{panel.describe()}, {year}, rho {rho:.4g}"
    if given.what != "shock":
        if any(shock.values()):
            raise ParameterError(f"--what {given.what} is at the margin and takes no shock")
        if given.what == "diversion":
            ratio = counterfactuals.diversion(shares, rho)
            table = pd.DataFrame(ratio, columns=list(shares.cities))
            table.insert(0, "from", list(shares.cities))
            return table, f"{where}: of those who leave a city, the part that goes to each other"
        kept = counterfactuals.stayers(shares, rho)
        table = pd.DataFrame(kept, columns=list(shares.occupations))
        table.insert(0, "city", list(shares.cities))
        return table, f"{where}: of those who leave a cell, the part that keeps its occupation"
    if not any(shock.values()):
        raise ParameterError("nothing is shocked; give --city, --occupation or --cell")
    new = counterfactuals.shock(shares, rho, given.theta, **shock)
    table = pd.DataFrame(
        {
            "city": shares.cities,
            "share_before": shares.pi_c,
            "share_after": new.pi_c,
            "change": new.pi_c / shares.pi_c - 1,
        }
    )
    moved = 0.5 * (table["share_after"] - table["share_before"]).abs().sum()
    return (
        shell.in_order(table, "change"),
        f"{where}, theta {given.theta:g}: {moved:.2%} of all households live elsewhere afterwards",
    )


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and write the table."""
    parser = shell.Parser(
        prog="python -m helpers.counterfactuals",
        description="City shares after a shock, diversion ratios, or who keeps the occupation.",
    )
    shell.add_shocks(parser)
    parser.add_argument("--what", choices=WHAT, default="shock")
    return shell.answer(parser, arguments, _make)


if __name__ == "__main__":
    sys.exit(main())
