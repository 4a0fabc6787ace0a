"""Sweeps that execute notebooks: one task for each combination."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as arrow

from helpers.files import write_whole


def collect(runs: list[tuple[dict, str, dict]], results: Path) -> None:
    """One tidy table of what notebooks recorded.

    Parameters
    ----------
    runs : list of (parameters, notebook, records)
        In the order of the sweep.
    results : Path
        Parquet file with ``scenario``, the parameters (rho missing where it is the estimate),
        ``notebook``, ``name``, ``value`` (a
        number, or missing) and ``words`` (or missing).
    """
    rows = []
    order: dict[str, int] = {}
    for parameters, notebook, found in runs:
        scenario = order.setdefault(json.dumps(parameters, sort_keys=True), len(order))
        plain = {
            key: value
            if value is None or isinstance(value, (int, float, str))
            else json.dumps(value)
            for key, value in parameters.items()
        }
        for name in sorted(found):
            value = found[name]
            rows.append(
                {
                    "scenario": scenario,
                    **plain,
                    "notebook": notebook,
                    "name": name,
                    "value": value if isinstance(value, float) else None,
                    "words": value if isinstance(value, str) else None,
                }
            )
    write_whole(arrow.Table.from_pandas(pd.DataFrame(rows), preserve_index=False), results)


RESULTS = (
    *("scenario", "own", "lowest", "median", "highest", "moved"),
    *("notebook", "name", "value", "words"),
)


def recorded(table: pd.DataFrame, most: int = 12) -> Iterator[tuple[str, pd.DataFrame]]:
    """Numbers of a notebook sweep that vary, the first ``most``, with their rows.

    Parameters
    ----------
    table : DataFrame
        As :func:`collect` wrote it.
    most : int
    """
    numbers = table.dropna(subset=["value"])
    given = 0
    for (notebook, name), part in numbers.groupby(["notebook", "name"], sort=False):
        if given < most and len(set(part["value"])) > 1:
            given += 1
            yield f"{notebook}: {name}", part
