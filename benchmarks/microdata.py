"""Building the panel from microdata, against ipumspy with pandas and against the gzip itself.

``python benchmarks/microdata.py [ROWS]`` (30 million by default; 3 million and 1 million are
measured as well). Each build runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from helpers.sources import synthetic

BUILD = """
import json, resource, sys, time
import ibis, openpyxl
ibis.duckdb.connect()  # imports are no part of either time
from helpers.build import build_panel
started = time.perf_counter()
panel = build_panel(sys.argv[1], tfp=sys.argv[2])
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "peak_mb": peak, "cells": len(panel.cells)}))
"""
RIVAL = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import numpy as np
import pandas as pd
from ipumspy import readers
from helpers.build import NO_WAGE
from helpers.sources.groups import occupation_table, sector_table
started = time.perf_counter()
ddi = readers.read_ipums_ddi(sys.argv[1])
ranges = occupation_table()
group = np.full(1000, -1)
for position, row in enumerate(ranges.itertuples()):
    group[row.first : row.last + 1] = position
sector = sector_table().set_index("prefix")["sector"]
keys = ["YEAR", "MET2013", "group", "sector"]
parts = []
for chunk in readers.read_microdata_chunked(ddi, sys.argv[2], chunksize=200_000):
    known = ~chunk["INCWAGE"].isin(NO_WAGE)
    chunk = chunk.assign(
        group=group[chunk["OCC1990"].to_numpy(int)],
        sector=chunk["INDNAICS"].str[:2].map(sector).fillna(""),
        paid=chunk["HHWT"].where(known, 0),
        n=1,
    )
    chunk["paid_wage"] = chunk["paid"] * chunk["INCWAGE"].where(known, 0)
    parts.append(chunk.groupby(keys)[["n", "HHWT", "paid", "paid_wage"]].sum())
table = pd.concat(parts).groupby(level=keys).sum()
print(json.dumps({"seconds": time.perf_counter() - started, "groups": len(table)}))
"""


def run(code: str, *arguments: object) -> dict:
    """Run a program in a process of its own and read what it measured."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def unzip(data: Path) -> float:
    """Seconds to decompress a file to nothing, the better of two."""
    times = []
    for _ in range(2):
        started = time.perf_counter()
        subprocess.run(["zcat", str(data)], stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - started)
    return min(times)


def main() -> None:
    """Measure and print ratios."""
    largest = int(sys.argv[1]) if len(sys.argv) > 1 else 30_000_000
    with tempfile.TemporaryDirectory() as folder:
        tfp = synthetic.write_tfp(Path(folder) / "tfp.xlsx")
        rates, peaks = {}, {}
        for n_rows in (1_000_000, 3_000_000, largest):
            place = Path(folder) / str(n_rows)
            codebook, data = synthetic.write_extract(place, n_rows)
            gzip = unzip(data)
            ours = run(BUILD, data, tfp)
            rates[n_rows], peaks[n_rows] = n_rows / ours["seconds"], ours["peak_mb"]
            print(
                f"{n_rows:>11,} rows: zcat {gzip:.1f} s, build {ours['seconds']:.1f} s "
                f"({ours['seconds'] / gzip:.2f} times), peak {ours['peak_mb']:.0f} MB",
                flush=True,
            )
            if n_rows == 1_000_000:
                theirs = run(RIVAL, codebook, data)
                rate = n_rows / theirs["seconds"]
                print(
                    f"{n_rows:>11,} rows: ipumspy and pandas {theirs['seconds']:.1f} s", flush=True
                )
        print(f"rows a second over ipumspy's, at {largest:,} rows: {rates[largest] / rate:.1f}")
        growth = peaks[largest] / peaks[3_000_000]
        print(f"memory at {largest:,} rows over that at 3,000,000: {growth:.2f}")


if __name__ == "__main__":
    main()
