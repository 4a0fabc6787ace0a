"""Shocks to which prices answer: ``python -m helpers.equilibrium PANEL OUT --city "Lyon=0.95"``."""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields

import pandas as pd

from helpers import equilibrium, sources
from helpers.errors import ParameterError
from helpers.estimation import estimate
from helpers.panel import shell


def _closure(given: argparse.Namespace) -> equilibrium.Closure:
    """The closure that is named, with the parameters given in place of its own."""
    from dataclasses import replace

    own = {
        field.name: getattr(given, field.name)
        for field in fields(equilibrium.Closure)
        if getattr(given, field.name) is not None
    }
    return replace(equilibrium.read_closure(given.closure), **own)


def _make(given: argparse.Namespace) -> tuple[pd.DataFrame, str]:
    panel = sources.load(given.panel)
    year = panel.years[-1] if given.year is None else given.year
    shares = panel.shares(year)
    rho = estimate(panel).rho if given.rho in ("estimated", "estimate") else given.rho
    try:
        rho = float(rho)
    except ValueError:
        raise ParameterError(f"rho: expected a number or estimated, found {rho!r}") from None
    shock = {
        "city": shell.named(given.city, shell.hat),
        "occupation": shell.named(given.occupation, shell.hat),
        "city_occupation": shell.named(given.cell, shell.cell),
        "productivity": shell.named(given.productivity, shell.cell),
    }
    if not any(shock.values()):
        raise ParameterError(
            "nothing is shocked; give --city, --occupation, --cell or --productivity"
        )
    wages = equilibrium.panel_wages(panel, year)
    wages = None if pd.isna(wages).all() else wages  # without wages all are paid alike
    new = equilibrium.solve(shares, rho, given.theta, _closure(given), wages=wages, **shock)
    table = new.to_frame()
    table["change"] = (new.shares.pi_ck / shares.pi_ck).ravel() - 1
    return (
        table,
        f"{panel.describe()}, {year}, rho {rho:.4g}, theta {given.theta:g}: welfare "
        f"{new.welfare_hat - 1:+.3%}, out of work {new.unemployed:.2%}",
    )


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and write the table."""
    parser = shell.Parser(
        prog="python -m helpers.equilibrium",
        description="Shares, wages, rents and employment after a shock, all of which answer.",
    )
    shell.add_shocks(parser)
    parser.add_argument(
        "--productivity", action="append", default=[], metavar="CITY/OCCUPATION=HAT"
    )
    parser.add_argument("--closure", default="standard", choices=equilibrium.CLOSURES)
    for field in fields(equilibrium.Closure):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=float)
    return shell.answer(parser, arguments, _make)


if __name__ == "__main__":
    sys.exit(main())
