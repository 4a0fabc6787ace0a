"""A table too long for memory goes to the panel that the same table makes in memory."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from pyarrow import parquet

from helpers import files
from helpers.build import __main__, build_table, read_shares
from helpers.counterfactuals import shock
from helpers.errors import DataError, ParameterError, UnknownNameError
from helpers.panel import Panel


def long_table(seed: int = 1, places: int = 7, groups: int = 4) -> pd.DataFrame:
    """Places of two years with gaps, an empty place, wages that are not all known."""
    rng = np.random.default_rng(seed)
    full = pd.MultiIndex.from_product(
        [[f"Zürich {p}" for p in range(places)], [f"group {g}" for g in range(groups)][::-1],
         [2001, 2011]],
        names=["zone", "skill", "year"],
    ).to_frame(index=False)  # fmt: skip
    table = full.assign(
        people=rng.integers(1, 900, len(full)) / 4,
        pay=np.where(rng.random(len(full)) < 0.1, np.nan, rng.integers(9_000, 70_000, len(full))),
        instrument=rng.normal(size=len(full)),
    )
    table.loc[(table["zone"] == "Zürich 2") & (table["year"] == 2001), "people"] = 0.0
    table.loc[table.index[-1], "people"] = 0.0
    keep = rng.random(len(table)) > 0.15
    keep[: groups * 2] = True
    return table[keep].sample(frac=1, random_state=seed).reset_index(drop=True)


def same(folder, panel: Panel) -> None:
    found = Panel.read(folder)
    for name in ("cells", "cities"):
        one, other = getattr(found, name), getattr(panel, name)
        pd.testing.assert_frame_equal(one, other, rtol=1e-13, check_exact=False)
        keys = [key for key in ("year", "city", "occupation") if key in one]
        pd.testing.assert_frame_equal(one[keys], other[keys])
    assert found.source == panel.source
    for note in panel.provenance["understood"]:
        assert note in found.provenance["understood"]
    for year in panel.years:
        shares, whole = read_shares(folder, year), panel.shares(year)
        assert (shares.cities, shares.occupations) == (whole.cities, whole.occupations)
        np.testing.assert_allclose(shares.pi_ck, whole.pi_ck, rtol=1e-13)
        np.testing.assert_allclose(shares.omega_k, whole.omega_k, rtol=1e-13)


@pytest.mark.parametrize("ending", ["parquet", "csv", "tsv", "txt", "csv.gz", "dta"])
def test_a_file_of_any_kind_gives_the_panel_of_from_table_cell_for_cell(tmp_path, ending):
    table = long_table()
    path = tmp_path / f"table.{ending}"
    match ending:
        case "parquet":
            table.to_parquet(path, index=False)
        case "dta":
            table.to_stata(path, write_index=False, version=118)
        case "tsv":
            table.to_csv(path, sep="\t", index=False)
        case "txt":  # a decimal comma, and an encoding that is not Unicode
            table.to_csv(path, sep=";", decimal=",", index=False, encoding="cp1252")
        case _:
            table.to_csv(path, index=False)
    columns = {"place": "zone", "wage": "pay"}
    folder = build_table(path, tmp_path / "panel", columns)
    same(folder, Panel.from_table(path, columns))


@pytest.mark.parametrize(
    ("seed", "places", "groups"), [(11, 40, 6), (12, 3, 2), (13, 5, 1), (14, 200, 2)]
)
def test_tables_of_any_size_agree(tmp_path, seed, places, groups):
    folder = tmp_path
    table = long_table(seed, places, groups)
    path = folder / "table.parquet"
    table.to_parquet(path, index=False)
    columns = {"wage": "pay"}
    same(build_table(path, folder / "panel", columns), Panel.from_table(path, columns))


def test_blocks_of_years_and_places_change_nothing(tmp_path, monkeypatch):
    from helpers.build import dense
    from helpers.build import table as room

    table = long_table(5, 60, 3)
    path = tmp_path / "table.parquet"
    table.to_parquet(path, index=False)
    monkeypatch.setattr(room, "_AT_ONCE", 1)
    monkeypatch.setattr(room, "_BATCH", 7)
    monkeypatch.setattr(dense, "_ROWS", 11)
    folder = build_table(path, tmp_path / "panel", {"wage": "pay"})
    assert parquet.ParquetFile(folder / "cells.parquet").num_row_groups > 4
    same(folder, Panel.from_table(path, {"wage": "pay"}))


def test_rows_of_a_cell_are_added_up_where_asked_for(tmp_path):
    table = pd.concat([long_table(), long_table(2)], ignore_index=True)
    path = tmp_path / "table.parquet"
    table.to_parquet(path, index=False)
    folder = build_table(path, tmp_path / "panel", {"wage": "pay"}, add_up=True)
    panel = Panel.from_table(path, {"wage": "pay"}, add_up=True)
    found = Panel.read(folder)
    pd.testing.assert_frame_equal(found.cells, panel.cells, rtol=1e-12)
    pd.testing.assert_frame_equal(found.cities, panel.cities, rtol=1e-12)


def test_shares_in_place_of_households(tmp_path):
    table = long_table()[["zone", "skill", "year", "people"]]
    table["share"] = table["people"] / table.groupby("year")["people"].transform("sum")
    path = tmp_path / "table.csv"
    table.drop(columns="people").to_csv(path, index=False)
    same(build_table(path, tmp_path / "panel"), Panel.from_table(path))
    for off in (1 + 1e-4, 1 - 1e-4):  # not the rounding of any file
        table.assign(share=table["share"] * off).drop(columns="people").to_csv(path, index=False)
        with pytest.raises(DataError, match=r"shares: all of \d+ sum to (1\.0001|0\.9999)"):
            build_table(path, tmp_path / "other")


def _fault(table: pd.DataFrame, row: int, column: str, value: object) -> pd.DataFrame:
    table = table.astype({column: object})
    table.loc[row, column] = value
    return table


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda t: _fault(t, 4, "people", -3), "row 5: people is .*-3.*, expected a number of at"),
        (lambda t: _fault(t, 6, "people", "many"), "row 7: people is 'many', expected a number"),
        (lambda t: _fault(t, 6, "people", None), "row 7: people is empty, expected a number"),
        (lambda t: _fault(t, 2, "pay", 0), "row 3: pay is .*0.*, expected a number above 0, or"),
        (lambda t: _fault(t, 8, "year", 2001.5), "row 9: year is .*2001.5.*, expected a whole y"),
        (lambda t: _fault(t, 1, "zone", None), "row 2: zone is empty, expected a name; mend"),
        (lambda t: pd.concat([t, t.iloc[[3]]]), r"row \d+: .* stands in row 4 already; drop one"),
        (lambda t: t.head(0), "the table has no rows; expected one for each place"),
        (lambda t: t.rename(columns={"zone": "where"}), "which column is the place"),
        (lambda t: t.assign(people=t["people"].where(t["skill"] != "group 1", 0)),
         "2001: nobody is in the group 'group 1'; leave it out"),
    ],
)  # fmt: skip
def test_what_will_not_do_is_refused_with_its_row_and_nothing_is_written(tmp_path, change, match):
    path = tmp_path / "table.csv"
    change(long_table()).to_csv(path, index=False)
    columns = {"wage": "pay"}
    with pytest.raises(DataError, match=match):
        build_table(path, tmp_path / "panel", columns)
    with pytest.raises(DataError, match=match):  # the same words
        Panel.from_table(path, columns)
    assert [p.name for p in tmp_path.iterdir()] == ["table.csv"]


def test_options_and_files_that_will_not_do(tmp_path):
    with pytest.raises(DataError, match="is not there; name a file"):
        build_table(tmp_path / "none.csv", tmp_path / "panel")
    (tmp_path / "table.xlsx").write_text("x")
    with pytest.raises(DataError, match=r"expected a file that ends in \.csv"):
        build_table(tmp_path / "table.xlsx", tmp_path / "panel")
    with pytest.raises(ParameterError, match="'synthetic' is the name of a source"):
        build_table(tmp_path / "none.csv", tmp_path / "panel", name="synthetic")
    (tmp_path / "mine.txt").write_text("mine")
    table = tmp_path / "table.parquet"
    long_table().to_parquet(table, index=False)
    with pytest.raises(DataError, match="nothing was removed"):
        build_table(table, tmp_path, {"wage": "pay"})
    folder = build_table(table, tmp_path / "panel", {"wage": "pay"})
    with pytest.raises(UnknownNameError, match="2001"):
        read_shares(folder, 2003)
    with pytest.raises(DataError, match=r"found no cells\.parquet; name the folder"):
        read_shares(tmp_path / "none", 2001)


def test_a_saved_panel_is_exchanged_and_marked(tmp_path):
    table = tmp_path / "table.parquet"
    long_table().to_parquet(table, index=False)
    for _ in range(2):
        folder = build_table(table, tmp_path / "panel", {"wage": "pay"})
    assert sorted(p.name for p in folder.iterdir()) == [
        "about.json", "cells.parquet", "cities.parquet",
    ]  # fmt: skip
    about = json.loads((folder / "about.json").read_text())
    for name in ("cells", "cities"):
        schema = parquet.read_schema(folder / f"{name}.parquet")
        assert json.loads(schema.metadata[b"companion"]) == about
    Panel.from_table(table, {"wage": "pay"}).save(folder)  # a panel may take its place


def test_the_command_makes_the_folder_and_shares_are_shocked(tmp_path, capsys):
    table = tmp_path / "table.csv"
    long_table().to_csv(table, index=False)
    out = tmp_path / "panel"
    assert __main__.main(["table", str(table), str(out), "--place", "zone", "--wage", "pay"]) == 0
    assert "saved in" in capsys.readouterr().out
    shares = read_shares(out, 2011)
    new = shock(shares, 0.6, 2.0, city={shares.cities[0]: 0.9})
    assert new.pi_c[0] < shares.pi_c[0]
    assert __main__.main(["table", "none.csv", str(out)]) == 2
    assert "none.csv is not there; name a file" in capsys.readouterr().err


SPARK = """
import sys
from helpers.build import build_table
build_table(sys.argv[1], sys.argv[2], {"wage": "pay"}, backend="pyspark")
"""


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_spark_gives_the_same_folder(tmp_path, ending):
    folder = files.ROOT / ".cluster"
    missing = "Java" if shutil.which("java") is None else "" if folder.is_dir() else "make cluster"
    if missing and os.environ.get("CI"):
        pytest.fail(f"no {missing}, which CI has to have")
    if missing:
        pytest.skip(f"no Spark here: {missing} is missing")
    path = tmp_path / f"table.{ending}"
    table = long_table()
    if ending == "csv":
        table.to_csv(path, index=False)
    else:
        table.to_parquet(path, index=False)
    done = subprocess.run(
        [sys.executable, "-c", SPARK, path, tmp_path / "there"],
        env={**os.environ, "PYTHONPATH": str(folder)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    here = Panel.read(build_table(path, tmp_path / "here", {"wage": "pay"}))
    there = Panel.read(tmp_path / "there")
    pd.testing.assert_frame_equal(here.cells, there.cells, check_exact=True)
    pd.testing.assert_frame_equal(here.cities, there.cities, check_exact=True)
