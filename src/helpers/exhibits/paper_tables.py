"""The paper's tables, one function each, printed and computed side by side (paper, 4.2, 8.2)."""

from __future__ import annotations

import pandas as pd

from helpers.panel import Panel
from helpers.targets import TARGETS, Evidence, compare

TITLES = {
    "ols-beta": ("OLS", "wage"),
    "ols-se": ("OLS", "standard error"),
    "ols-r2": ("OLS", "R²"),
    "iv-beta": ("IV", "wage"),
    "iv-se": ("IV", "standard error"),
    "iv-f": ("IV", "F statistic"),
    "first-beta": ("first stage", "instrument"),
    "first-se": ("first stage", "standard error"),
    "first-n": ("first stage", "observations"),
    "first-r2": ("first stage", "R²"),
    "first-adjusted-r2": ("first stage", "adjusted R²"),
    "first-residual-se": ("first stage", "residual standard error"),
    "first-df-model": ("first stage", "regressors"),
    "first-df-residual": ("first stage", "residual degrees of freedom"),
    "first-f": ("first stage", "F statistic"),
}


def _beside(panel: Panel, place: str, results: Evidence | None) -> pd.DataFrame:
    """Rows of the comparison whose place starts so."""
    rows = compare(panel, results)
    return rows[rows["place"].str.startswith(place)]


def _titled(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of a regression table with the names that the table gives them."""
    titles = [TITLES[target] for target in rows["id"]]
    return pd.DataFrame(
        {
            "column": [column for column, _ in titles],
            "row": [row for _, row in titles],
            "printed": rows["digits"].to_numpy(),
            "computed": rows["computed"].to_numpy(),
            "what the row asks for": rows["proper"].fillna(rows["computed"]).to_numpy(),
        }
    )


def table_1(panel: Panel, results: Evidence | None = None) -> pd.DataFrame:
    """Effect of wages on shares, OLS and 2SLS (paper, table 1).

    ``computed`` is the computation that the printed digits come from, ``what the row asks
    for`` the number that its name and the table's note describe.
    """
    return _titled(_beside(panel, "table 1", results))


def table_8_2_1(panel: Panel, results: Evidence | None = None) -> pd.DataFrame:
    """First stage of the shift-share regression (paper, table 8.2.1); columns as table 1.

    There is one regression, so that no column says which.
    """
    return _titled(_beside(panel, "table 8.2.1", results)).drop(columns="column")


def table_2a(panel: Panel, results: Evidence | None = None) -> pd.DataFrame:
    """Occupation shifters of 2019, as printed, in the paper's convention and the model's."""
    results = results or Evidence(panel)
    printed = {
        target.id.removeprefix("T_k-"): target.printed
        for target in TARGETS
        if target.place == "table 2A"
    }
    paper, model = results.paper_shifters.T_k, results.consistent_shifters.T_k
    return pd.DataFrame(
        {
            "occupation": list(printed),
            "printed": list(printed.values()),
            "as the paper computes it": [paper.get(name) for name in printed],
            "by the model": [model.get(name) for name in printed],
        }
    )


def table_2b(panel: Panel, results: Evidence | None = None) -> pd.DataFrame:
    """City shifters of 2019, as printed, in the paper's convention and the model's."""
    results = results or Evidence(panel)
    rows = _beside(panel, "table 2B", results)
    return pd.DataFrame(
        {
            "city": [
                next(
                    (c for c in results.paper_shifters.T_c.index if _key(c) == target), target
                ).split(",")[0]
                for target in rows["id"]
            ],
            "printed": rows["digits"].to_numpy(),
            "as the paper computes it": rows["computed"].to_numpy(),
            "by the model": rows["proper"].to_numpy(),
        }
    )


def _key(city: str) -> str:
    """Id of a city's target."""
    return f"T_c-{city.split('-')[0].lower().replace(' ', '-')}"


_CAPTIONS = {
    "table_1": "Table 1 of the paper: effect of wages on city shares, OLS and 2SLS.",
    "table_8_2_1": "Table 8.2.1 of the paper: first stage, wages on the shift-share instrument.",
    "table_2a": "Table 2A of the paper: occupation shifters, 2019.",
    "table_2b": "Table 2B of the paper: the eight largest city shifters, 2019.",
}


def caption(table: str, panel: Panel) -> str:
    """Caption of one of the paper's tables: what it is, its function and its data."""
    return f"{_CAPTIONS[table]} Function: helpers.exhibits.{table}. Data: {panel.describe()}."
