"""From records to the panel: by hand, on known truths, on two engines, and with bad input."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import extracts
from helpers import build, estimation, files, instrument
from helpers.build import __main__, attrition, build_panel, plan
from helpers.build.cells import POOLED
from helpers.errors import DataError, ParameterError, SampleError, TfpError, WrongCollectionError
from helpers.panel import OCCUPATIONS, Panel
from helpers.sources import groups, ipums, load, synthetic, tfp
from helpers.sources.synthetic.extract import LAYOUT


def by_hand(table: pd.DataFrame, weight: str) -> pd.DataFrame:
    """Shares and mean wages the plain way: every record in memory."""
    group = {code: name for name, code in extracts.CODES.items()}
    kept = table.assign(occupation=table["OCC1990"].map(group)).dropna(subset=["occupation"])
    kept = kept[kept["MET2013"] != 0]
    paid = kept[kept["INCWAGE"] < 999_998]
    keys = ["YEAR", "MET2013", "occupation"]
    cells = kept.groupby(keys)[weight].sum().rename("households").reset_index()
    total = cells.groupby(["YEAR", "occupation"])["households"].transform("sum")
    wages = (paid[weight] * paid["INCWAGE"]).groupby([paid[k] for k in keys]).sum()
    wages /= paid.groupby(keys)[weight].sum()
    return cells.assign(log_share=np.log(cells["households"] / total)).merge(
        np.log(wages).rename("log_wage").reset_index(), on=keys
    )


@pytest.mark.parametrize("weight", ["HHWT", "PERWT"])
def test_cells_are_what_adding_up_gives(tmp_path, weight):
    table = extracts.records()
    book, data = extracts.write(tmp_path, table)
    panel = build_panel(data, book, weight=weight)
    hand = by_hand(table, weight)
    names = dict(zip(sorted(set(hand["MET2013"])), extracts.CITIES, strict=True))
    hand = hand.assign(city=hand["MET2013"].map(names)).rename(columns={"YEAR": "year"})
    both = panel.cells.merge(hand, on=["year", "city", "occupation"], suffixes=("", "_hand"))
    assert len(both) == len(panel.cells) == 48
    for name in ("households", "log_share", "log_wage"):
        np.testing.assert_allclose(both[name], both[f"{name}_hand"], rtol=1e-12)
    shares = panel.shares(2010)
    assert shares.cities == extracts.CITIES
    assert np.isnan(panel.cells["instrument"]).all()


def test_exposures_and_instrument_are_their_formula(tmp_path):
    table = extracts.records()
    book, data = extracts.write(tmp_path, table)
    sectors = ("23", "31-33", "44-45", "52", "71")
    shifts = pd.DataFrame(
        [
            (s, y, 4.6 + 0.01 * i * (y - 2009))
            for i, s in enumerate(sectors)
            for y in extracts.YEARS
        ],
        columns=["sector", "year", "log_tfp"],
    )
    panel = build_panel(data, book, shifts)
    prefix = {"23": "23", "52": "52", "71": "71", "44": "44-45", "31": "31-33"}
    base = table[(table["YEAR"] == 2010) & (table["MET2013"] != 0) & (table["OCC1990"] != 313)]
    base = base.assign(sector=base["INDNAICS"].str[:2].map(prefix)).dropna(subset=["sector"])
    in_city = base[base["MET2013"] == base["MET2013"].min()]
    kappa = in_city.groupby("sector")["HHWT"].sum() / in_city["HHWT"].sum()
    managers = base[base["OCC1990"] == extracts.CODES["management"]]
    gamma = managers.groupby("sector")["HHWT"].sum() / base.groupby("sector")["HHWT"].sum()
    mine = panel.exposures.query("city == 'Akron, OH' and occupation == 'management'")
    np.testing.assert_allclose(mine.set_index("sector")["exposure"], kappa * gamma, rtol=1e-12)
    again = instrument.shift_share(panel.exposures, panel.shifts)
    both = panel.cells.merge(again, on=["year", "city", "occupation"], suffixes=("", "_again"))
    np.testing.assert_array_equal(both["instrument"], both["instrument_again"])


def test_the_ledger_adds_up_and_says_why(tmp_path):
    table = extracts.records()
    book, data = extracts.write(tmp_path, table)
    panel = build_panel(data, book)
    steps = attrition(panel).set_index("step")
    assert steps.at["all records", "rows_left"] == len(table)
    assert steps.at["metropolitan area", "rows_dropped"] == (table["MET2013"] == 0).sum()
    in_metro = table[table["MET2013"] != 0]
    assert steps.at["occupation", "rows_dropped"] == (in_metro["OCC1990"] == 313).sum()
    assert steps.at["all records", "weight_left"] == pytest.approx(table["HHWT"].sum())
    chain = steps.iloc[:-1]  # the last step is about exposures alone
    for name in ("rows", "weight", "cells", "cities"):
        left = chain[f"{name}_left"].to_numpy()
        np.testing.assert_allclose(left[:-1] - chain[f"{name}_dropped"].to_numpy()[1:], left[1:])
    assert chain["rows_left"].iloc[-1] == len(in_metro[in_metro["OCC1990"] != 313])
    assert (steps["reason"].iloc[1:] != "").all()
    assert panel.cells["households"].sum() == pytest.approx(chain["weight_left"].iloc[-1])
    assert panel.provenance["records without a wage"] == int(
        (in_metro[in_metro["OCC1990"] != 313]["INCWAGE"] >= 999_998).sum()
    )


def test_the_ledger_is_of_built_panels_alone(made):
    with pytest.raises(ParameterError, match="was not built from records"):
        attrition(made)


@pytest.fixture
def gap(tmp_path):
    """Boston has nobody in security in 2011, and its 2010 security households weigh nothing."""
    table = extracts.records()
    boston = table["MET2013"] == sorted(set(table["MET2013"]) - {0})[1]
    security = table["OCC1990"] == extracts.CODES["security"]
    return tmp_path, table, boston & security


def test_a_city_with_an_empty_cell_is_dropped_that_year_or_pooled(gap):
    folder, table, cell = gap
    book, data = extracts.write(folder, table[~(cell & (table["YEAR"] == 2011))])
    dropped = build_panel(data, book)
    assert set(dropped.year(2010)["city"]) == set(extracts.CITIES)
    assert set(dropped.year(2011)["city"]) == set(extracts.CITIES) - {"Boston, MA"}
    assert np.isfinite(dropped.cells["log_share"]).all()
    book, data = extracts.write(folder, table[~(cell & (table["YEAR"] == 2010))])
    assert "Boston, MA" not in set(build_panel(data, book).cells["city"])
    kept = build_panel(data, book, entrants="keep")
    assert set(kept.year(2010)["city"]) == set(extracts.CITIES) - {"Boston, MA"}
    assert set(kept.year(2011)["city"]) == set(extracts.CITIES)
    pooled = build_panel(data, book, zero_cells="pool")  # a pool of one lacks the cell as well
    assert set(pooled.cells["city"]) == set(extracts.CITIES) - {"Boston, MA"}


def test_a_cell_that_weighs_nothing_is_empty(gap):
    folder, table, cell = gap
    weightless = table.assign(HHWT=table["HHWT"].where(~cell, 0.0))
    book, data = extracts.write(folder, weightless)
    panel = build_panel(data, book)
    assert "Boston, MA" not in set(panel.cells["city"])
    assert np.isfinite(panel.cells["log_share"]).all()


def test_pooled_cities_keep_every_household(tmp_path):
    table = extracts.records()
    codes = sorted(set(table["MET2013"]) - {0})
    security = table["OCC1990"] == extracts.CODES["security"]
    trades = table["OCC1990"] == extracts.CODES["trades"]
    gone = (security & (table["MET2013"] == codes[0])) | (trades & (table["MET2013"] == codes[1]))
    book, data = extracts.write(tmp_path, table[~gone])
    panel = build_panel(data, book, zero_cells="pool")
    assert set(panel.cells["city"]) == {"Chicago, IL", POOLED}
    steps = attrition(panel).set_index("step")
    assert steps.at["empty cells", "weight_dropped"] == 0
    assert steps.at["pooled cities", "cities_dropped"] == 1
    assert steps.at["pooled cities", "weight_dropped"] == 0


def test_readers_own_groups_replace_the_tables(tmp_path):
    book, data = extracts.write(tmp_path)
    mine = groups.occupation_table()
    mine.loc[mine["first"] == 3, "last"] = 14  # managers with code 15 are nobody
    with pytest.raises(SampleError):
        build_panel(data, book, occupations=mine)
    broken = groups.occupation_table().replace({"occupation": {"sales": "shops"}})
    with pytest.raises(ParameterError, match="'shops' is not one of the eight"):
        build_panel(data, book, occupations=broken)
    twice = pd.concat([groups.occupation_table(), groups.occupation_table().head(1)])
    with pytest.raises(ParameterError, match="code 3 is in two ranges"):
        build_panel(data, book, occupations=twice)
    with pytest.raises(ParameterError, match="expected the columns prefix, sector"):
        build_panel(data, book, sectors=pd.DataFrame({"prefix": ["11"]}))


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"weight": "ASECWT"}, "weight: expected one of HHWT, PERWT"),
        ({"zero_cells": "log"}, "zero_cells: expected one of drop, pool"),
        ({"entrants": "some"}, "entrants: expected one of drop, keep"),
        ({"backend": "sqlite"}, "backend: expected duckdb"),
    ],
)
def test_options_outside_their_domain_are_refused(tmp_path, options, match):
    book, data = extracts.write(tmp_path)
    with pytest.raises(ParameterError, match=match):
        build_panel(data, book, **options)


def test_another_collection_is_refused(external):
    folder = external("ipums")
    with pytest.raises(WrongCollectionError, match="IPUMS CPS, expected IPUMS USA"):
        build_panel(folder / "cps_00157.dat.gz", folder / "cps_00157.xml")


def test_formats_give_the_same_panel(tmp_path):
    table = extracts.records()
    book, data = extracts.write(tmp_path, table)
    names = [name for name, *_ in LAYOUT]
    table[names].to_csv(tmp_path / "small.csv.gz", index=False)
    table[names].to_parquet(tmp_path / "small.parquet")
    first = build_panel(data)  # the codebook beside the data
    for other in ("small.csv.gz", "small.parquet"):
        pd.testing.assert_frame_equal(build_panel(tmp_path / other, book).cells, first.cells)


def test_a_panel_is_saved_with_where_it_came_from(tmp_path):
    import pyarrow.parquet

    book, data = extracts.write(tmp_path)
    panel = build_panel(data, book)
    folder = panel.save(tmp_path / "panel")
    again = load(folder)
    pd.testing.assert_frame_equal(again.cells, panel.cells)
    assert again.provenance == panel.provenance
    assert set(again.provenance["sha256"]) == {"small.xml", "small.dat.gz"}
    assert again.provenance["versions"]["engine"].startswith("duckdb")
    inside = pyarrow.parquet.read_schema(folder / "cells.parquet").metadata[b"companion"]
    assert again.provenance["sha256"]["small.dat.gz"].encode() in inside
    assert len(attrition(again)) == len(attrition(panel))


def test_the_command_line_builds_and_refuses(tmp_path, capsys):
    _, data = extracts.write(tmp_path)
    assert __main__.main([str(data), str(tmp_path / "panel")]) == 0
    assert "metropolitan area" in capsys.readouterr().out
    assert isinstance(load(tmp_path / "panel"), Panel)
    assert __main__.main([str(tmp_path / "none.dat.gz"), str(tmp_path / "other")]) == 2
    said = capsys.readouterr()
    assert "CodebookError" in said.err
    assert "Traceback" not in said.err
    assert not (tmp_path / "other").exists()


def test_a_bar_shows_while_records_are_scanned(tmp_path, capsys):
    book, data = extracts.write(tmp_path)
    build_panel(data, book, progress=True)
    assert "records: 100%" in capsys.readouterr().err
    build_panel(data, book)
    assert capsys.readouterr().err == ""


SPARK = """
import sys
from pyspark.sql import SparkSession
from helpers.build import build_panel
session = (
    SparkSession.builder.master("local[2]")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.shuffle.partitions", "4")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.driver.host", "127.0.0.1")
    .getOrCreate()
)
build_panel(*sys.argv[1:4], backend="pyspark").save(sys.argv[4])
session.stop()
"""


def _spark_or_skip() -> dict[str, str]:
    """Environment with Spark in it; skipped where there is none, but not in CI."""
    folder = files.ROOT / ".cluster"
    missing = "Java" if shutil.which("java") is None else "" if folder.is_dir() else "make cluster"
    if missing and os.environ.get("CI"):
        pytest.fail(f"no {missing}, which CI has to have")
    if missing:
        pytest.skip(f"no Spark here: {missing} is missing")
    return {**os.environ, "PYTHONPATH": str(folder)}


@pytest.mark.slow
def test_spark_gives_the_same_panel_to_the_last_bit(tmp_path):
    environment = _spark_or_skip()
    book, data = synthetic.write_extract(tmp_path, 200_000)
    workbook = synthetic.write_tfp(tmp_path / "tfp.xlsx")
    done = subprocess.run(
        [sys.executable, "-c", SPARK, data, book, workbook, tmp_path / "there"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    here, there = build_panel(data, book, workbook), load(tmp_path / "there")
    for name in ("cells", "cities", "exposures", "shifts"):
        pd.testing.assert_frame_equal(
            getattr(here, name), getattr(there, name), check_exact=True, obj=name
        )
    assert here.provenance["attrition"] == there.provenance["attrition"]
    assert there.provenance["versions"]["engine"].startswith("pyspark")


@pytest.fixture(scope="module")
def three_million(tmp_path_factory):
    folder = tmp_path_factory.mktemp("extract")
    book, data = synthetic.write_extract(folder, 3_000_000)
    workbook = synthetic.write_tfp(folder / "tfp.xlsx")
    yield build_panel(data, book, workbook)
    shutil.rmtree(folder)


@pytest.mark.slow
def test_three_million_records_recover_the_shares(three_million, truth):
    """Each share within sampling error of the truth, and the errors have the right spread."""
    for year in (2010, 2019):
        found, true = three_million.shares(year), truth.shares(year)
        rows = [true.cities.index(city) for city in found.cities]
        chance = (true.pi_ck * true.omega_k)[rows]
        chance /= chance.sum()
        cell = found.pi_ck * found.omega_k
        # weights vary, which makes n records worth n / (1 + their squared variation)
        n = 300_000 * 0.94 * 0.92
        variation = np.var(np.arange(4_000, 16_000)) / np.mean(np.arange(4_000, 16_000)) ** 2
        z = (cell - chance) / np.sqrt(chance * (1 - chance) * (1 + variation) / n)
        assert np.abs(z).max() < 5
        assert 0.93 < z.std() < 1.07
    assert len(three_million.shares(2019).cities) > 240


@pytest.mark.slow
def test_three_million_records_recover_rho_and_the_instrument(three_million, truth, made):
    found = estimation.estimate(three_million)
    low, high = found.rho_interval
    assert low < truth.rho < high
    assert found.first_stage.f > 50
    both = three_million.cells.merge(
        made.cells, on=["year", "city", "occupation"], suffixes=("", "_true")
    )
    assert np.corrcoef(both["instrument"], both["instrument_true"])[0, 1] > 0.98


def test_an_extract_of_the_same_seed_has_the_same_bytes(tmp_path):
    one, other = (synthetic.write_extract(tmp_path / name, 5_003) for name in ("a", "b"))
    assert one[1].read_bytes() == other[1].read_bytes()
    assert one[0].read_bytes() == other[0].read_bytes()
    different = synthetic.write_extract(tmp_path / "c", 5_003, seed=5)
    assert different[1].read_bytes() != one[1].read_bytes()
    with pytest.raises(ParameterError, match="n_rows"):
        synthetic.write_extract(tmp_path, -1)


YEARS = range(2010, 2020)


def test_the_workbook_gives_back_the_economys_productivity(tmp_path, truth):
    read = tfp.load(synthetic.write_tfp(tmp_path / "tfp.xlsx"), YEARS)
    both = read.shifts.merge(truth.shifts, on=["sector", "year"], suffixes=("", "_true"))
    np.testing.assert_allclose(both["log_tfp"], both["log_tfp_true"], rtol=1e-12)
    assert read.units == "Index (2010=100)"
    assert "92" not in set(read.shifts["sector"])
    assert set(truth.shifts["sector"]) - set(read.shifts["sector"]) == {"92"}


@pytest.mark.parametrize(
    ("name", "units", "years"),
    [
        ("bls_klems_mfp_sector_industry_1987_2018.csv", "mfp_2012_100", range(2010, 2019)),
        ("bls_official_tfp_industry_1997_2023.csv", "tfp_2017_100", YEARS),
    ],
)
def test_the_bureaus_tables_are_read_and_say_what_was_read(external, name, units, years):
    path = external("tfp") / name
    read = tfp.load(path, years)
    assert read.units == units
    assert len(read.shifts) == 19 * len(years)
    raw = pd.read_csv(path, dtype=str)
    one = raw[(raw["naics"] == "23") & (raw["year"] == "2012")].iloc[0, -1]
    mine = read.shifts.query("sector == '23' and year == 2012")["log_tfp"].iloc[0]
    assert mine == pytest.approx(np.log(float(one)))
    assert read.rows["23"] == ("23",)
    retail = {"44,45"} if "44,45" in set(raw["naics"]) else {"44-45"}
    assert set(read.rows["44-45"]) == retail
    if name.startswith("bls_official"):
        assert set(read.rows["51"]) == {"511", "512", "515,517", "518-519"}


def test_productivity_with_a_gap_is_refused(external):
    path = external("tfp") / "bls_klems_mfp_sector_industry_1987_2018.csv"
    with pytest.raises(TfpError, match="no value for 2019"):
        tfp.load(path, YEARS)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda t: t.rename(columns={"NAICS": "Code"}), "no sheet has the columns"),
        (lambda t: t[t["NAICS"] != "52"], "no row for sector 52"),
        (lambda t: t.drop(columns="2014"), "no value for 2014"),
        (lambda t: t.replace({"Measure": {"Total factor productivity": "Output"}}), "no row has"),
        (lambda t: t.assign(**{"2011": -1.0}), "no value for 2011"),
    ],
    ids=["layout", "sector", "year", "measure", "negative"],
)
def test_a_workbook_that_will_not_do_is_refused(tmp_path, change, match):
    good = pd.read_excel(synthetic.write_tfp(tmp_path / "tfp.xlsx"), header=2, dtype={"NAICS": str})
    good.columns = [str(name) for name in good.columns]
    change(good).to_excel(tmp_path / "bad.xlsx", index=False)
    book, data = extracts.write(tmp_path)
    with pytest.raises(TfpError, match=match):
        tfp.load(tmp_path / "bad.xlsx", YEARS)
    if match != "no value for 2014":  # the small extract has 2010 and 2011 alone
        with pytest.raises(TfpError):
            build_panel(data, book, tmp_path / "bad.xlsx")


def test_decimals_that_are_written_out_add_up_to_every_digit(tmp_path):
    """Sums against exact fractions, with a codebook that knows of no decimals."""
    layout = tuple((n, 18 if n == "HHWT" else w, 0, label) for n, w, _, label in LAYOUT)
    table = extracts.records(400)
    rng = np.random.default_rng(3)
    texts = [f"{w:.6f}" for w in rng.uniform(1e-4, 3e7, len(table))]
    texts[:4] = ["24588650.161504", "1.5e2", "+7", "000000000000.00025"]
    lines = extracts.lines(table.assign(HHWT=1.0, PERWT=1.0), layout)
    place = sum(width for _, width, *_ in layout[:3])
    lines = [x[:place] + f"{w:>18}" + x[place + 18 :] for x, w in zip(lines, texts, strict=True)]
    book, data = extracts.write(tmp_path, layout=layout, text=lines)
    panel = build_panel(data, book)
    exact = table.assign(weight=[Fraction(text) for text in texts])
    group = {code: name for name, code in extracts.CODES.items()}
    exact = exact[exact["OCC1990"].isin(group) & (exact["MET2013"] != 0)]
    sums = exact.groupby(["YEAR", "MET2013", "OCC1990"])["weight"].agg(lambda w: sum(w, Fraction()))
    names = dict(zip(sorted(set(exact["MET2013"])), extracts.CITIES, strict=True))
    found = panel.cells.set_index(["year", "city", "occupation"])["households"]
    for (year, code, occupation), total in sums.items():
        assert found[year, names[code], group[occupation]] == pytest.approx(float(total), rel=1e-14)
    places = panel.provenance["digits after the point"]
    assert places == {"weight": 6, "wage": 0}


def test_wages_may_have_cents(tmp_path):
    table = extracts.records(300)
    book, _ = extracts.write(tmp_path, table)
    data = tmp_path / "cents.csv"
    names = [name for name, *_ in LAYOUT]
    cents = table["INCWAGE"].where(table["INCWAGE"] > 900_000, table["INCWAGE"] + 0.25)
    table.assign(INCWAGE=cents)[names].to_csv(data, index=False)
    plain = build_panel(tmp_path / "small.dat.gz", book).cells
    np.testing.assert_allclose(
        np.exp(build_panel(data, book).cells["log_wage"]),
        np.exp(plain["log_wage"]).fillna(0) + 0.25,
        rtol=1e-12,
    )


def test_a_wide_extract_builds(tmp_path):
    fillers = [(f"REPWT{i}", 10, 2, "replicate weight") for i in range(1, 161)]
    table = extracts.records(400)
    more = pd.DataFrame(1.25, index=table.index, columns=[name for name, *_ in fillers])
    table = pd.concat([table, more], axis=1)
    narrow, wide = tmp_path / "narrow", tmp_path / "wide"
    for folder in (narrow, wide):
        folder.mkdir()
    book, data = extracts.write(wide, table, layout=(*LAYOUT[:4], *fillers, *LAYOUT[4:]))
    pd.testing.assert_frame_equal(
        build_panel(data, book).cells, build_panel(extracts.write(narrow, table)[1]).cells
    )


# --- samples and who counts

SAMPLES = {"201001": "2010 ACS", "201003": "2006-2010, ACS 5-year", "201101": "2011 ACS"}


def _labelled(book, labels):
    """Give SAMPLE its labels, as IPUMS does."""
    categories = "".join(
        f"<ns0:catgry><ns0:catValu>{code}</ns0:catValu><ns0:labl>{label}</ns0:labl></ns0:catgry>"
        for code, label in labels.items()
    )
    text = book.read_text()
    mark = "<txt>IPUMS sample identifier</txt>"
    assert mark in text
    book.write_text(text.replace(mark, mark + categories.replace("ns0:", "")))


def test_two_samples_of_one_year_are_refused_or_asked_for_by_name(tmp_path):
    table = extracts.records(600)
    again = table[table["YEAR"] == 2010].assign(SAMPLE=201003)
    book, data = extracts.write(tmp_path, pd.concat([table, again]))
    _labelled(book, SAMPLES)
    with pytest.raises(SampleError) as refused:
        build_panel(data, book)
    said = str(refused.value)
    assert "2010 has 2 samples, 201001 (2010 ACS) and 201003 (2006-2010, ACS 5-year)" in said
    assert "--samples 201001 201101" in said
    single = build_panel(data, book, samples=[201001, 201101])
    total = table[(table["MET2013"] != 0) & (table["OCC1990"] != 313)].groupby("YEAR")["HHWT"].sum()
    households = single.cells.groupby("year")["households"].sum()
    np.testing.assert_allclose(households, total, rtol=1e-12)
    assert single.provenance["samples"] == ["201001 (2010 ACS)", "201101 (2011 ACS)"]
    by_label = build_panel(data, book, samples=["2010 acs", "2011 ACS"])
    pd.testing.assert_frame_equal(by_label.cells, single.cells)
    both = build_panel(data, book, samples=[201001, 201003, 201101])
    double = both.cells.groupby("year")["households"].sum()
    np.testing.assert_allclose(double / households, [2, 1], rtol=1e-12)
    with pytest.raises(SampleError, match=r"201201 is not in .*it has 201001 \(2010 ACS\)"):
        build_panel(data, book, samples=201201)
    with pytest.raises(ParameterError, match="samples: expected values of SAMPLE"):
        build_panel(data, book, samples="2010 census")


def test_two_samples_of_one_year_are_seen_in_the_codebook_alone(tmp_path):
    layout = tuple(row for row in LAYOUT if row[0] != "SAMPLE")
    book, data = extracts.write(tmp_path, layout=layout)
    build_panel(data, book)
    note = "<notes>A synthetic sample in the shape of IPUMS-USA, ACS 2010</notes>"
    text = book.read_text()
    assert note in text
    book.write_text(text.replace(note, note + note.replace("ACS 2010", "2006-2010, ACS 5yr")))
    with pytest.raises(SampleError, match="lists 2 samples of 2010"):
        build_panel(data, book)


def test_heads_count_households_and_all_count_persons(tmp_path):
    table = extracts.records(600)
    members = table.assign(PERNUM=2, OCC1990=extracts.CODES["sales"])
    alone, family = tmp_path / "alone", tmp_path / "family"
    for folder in (alone, family):
        folder.mkdir()
    first = build_panel(extracts.write(alone, table)[1])
    _, data = extracts.write(family, pd.concat([table, members]))
    everybody, heads = build_panel(data), build_panel(data, persons="heads")
    pd.testing.assert_frame_equal(heads.cells, first.cells)
    assert everybody.cells["households"].sum() > 1.5 * heads.cells["households"].sum()
    steps = attrition(heads).set_index("step")
    assert steps.at["household heads", "rows_dropped"] == len(members)
    assert (
        f"{len(members):,} of {2 * len(members):,} records are not the first person"
        in (build.notes(everybody)[0])
    )
    assert "--persons heads" in build.notes(everybody)[0]
    assert "each is the first person" in build.notes(first)[0]
    assert "sums are of households" in build.notes(heads)[0]
    with pytest.raises(ParameterError, match="persons: expected one of all, heads"):
        build_panel(data, persons="some")


def test_notes_say_what_users_are_warned_of(tmp_path):
    table = extracts.records(1_500)
    table["YEAR"] = table["YEAR"].map({2010: 2011, 2011: 2018})
    table["SAMPLE"] = table["YEAR"] * 100 + 1
    poor = (table["MET2013"] == table["MET2013"].max()) & (table["OCC1990"] == 418)
    table["INCWAGE"] = table["INCWAGE"].where(~poor, 999_999)
    book, data = extracts.write(tmp_path, table)
    book.write_text(book.read_text().replace("ACS 2010", "ACS 2018"))
    panel = build_panel(data, book, base_year=2011)
    said = "\n".join(build.notes(panel))
    assert "replaced in 2012 and 2018" in said
    assert "Top codes: INCWAGE" in said
    assert "redrawn in 2012" in said
    assert "Cities by year: 2011 3, 2018 3" in said
    assert "2 of 48 cells have nobody with a wage above zero" in said
    assert "Chicago, IL, security, 2011; Chicago, IL, security, 2018" in said
    assert build.cities_by_year(panel)["cities"].tolist() == [3, 3]
    again = Panel.read(panel.save(tmp_path / "panel"))
    assert build.notes(again) == build.notes(panel)
    assert list(attrition(again).columns) == list(attrition(panel).columns) == list(plan.COLUMNS)
    pd.testing.assert_frame_equal(attrition(again), attrition(panel))


def test_cities_with_a_cell_without_a_wage_are_dropped_where_asked_for(tmp_path):
    table = extracts.records(1_500)
    poor = (table["MET2013"] == table["MET2013"].max()) & (table["OCC1990"] == 418)
    poor &= table["YEAR"] == 2011
    book, data = extracts.write(
        tmp_path, table.assign(INCWAGE=table["INCWAGE"].where(~poor, 999_999))
    )
    kept, dropped = build_panel(data, book), build_panel(data, book, wageless="drop")
    assert kept.cells["log_wage"].isna().sum() == kept.cities["log_city_wage"].isna().sum() == 1
    assert dropped.cells["log_wage"].notna().all()
    assert set(dropped.year(2010)["city"]) == set(extracts.CITIES)
    assert set(dropped.year(2011)["city"]) == set(extracts.CITIES) - {"Chicago, IL"}
    assert attrition(dropped).set_index("step").at["wages", "cities_dropped"] == 0
    assert attrition(dropped).set_index("step").at["wages", "cells_dropped"] == 8


# --- extracts from which there is nothing to build


def test_group_quarters_alone_are_said_to_be_so(tmp_path):
    table = extracts.records(300).assign(GQ=4)
    book, data = extracts.write(tmp_path, table, layout=(*LAYOUT, ("GQ", 1, 0, "group quarters")))
    with pytest.raises(SampleError, match="are of people in group quarters"):
        build_panel(data, book)
    book, data = extracts.write(tmp_path, table.assign(HHWT=0.0))
    with pytest.raises(SampleError, match=r"HHWT is 0 in all .* group quarters"):
        build_panel(data, book)


@pytest.mark.parametrize("code", ["", "0", "9999"])
def test_an_extract_without_industry_codes_is_said_to_be_so(tmp_path, code):
    book, data = extracts.write(tmp_path, extracts.records(300).assign(INDNAICS=code))
    with pytest.raises(SampleError, match=r"no record of 2010 has an industry .*INDNAICS is blank"):
        build_panel(data, book)


def test_messages_print_plain_numbers(tmp_path):
    book, data = extracts.write(tmp_path)
    with pytest.raises(SampleError, match="base year 2015, found 2010, 2011; choose"):
        build_panel(data, book, base_year=2015)
    for year in ("2010", 2010.5, None, True):
        with pytest.raises(ParameterError, match="base_year: expected a year such as 2010"):
            build_panel(data, book, base_year=year)
    with pytest.raises(ParameterError, match="tfp: no column log_tfp; expected"):
        build_panel(data, book, pd.DataFrame({"sector": [], "year": []}))


# --- the command

COMMANDS = {
    "no argument": [],
    "unknown flag": ["x.dat.gz", "panel", "--years", "2010"],
    "a year that is none": ["x.dat.gz", "panel", "--base-year", "soon"],
    "unknown weight": ["x.dat.gz", "panel", "--weight", "ASECWT"],
    "no such data": ["x.dat.gz", "panel"],
    "data that are a folder": ["folder", "panel"],
    "no codebook": ["small.dat.gz", "panel", "--codebook", "none.xml"],
    "a codebook that is none": ["small.dat.gz", "panel", "--codebook", "note.txt"],
    "a codebook that is a folder": ["small.dat.gz", "panel", "--codebook", "folder"],
    "no base year": ["small.dat.gz", "panel", "--base-year", "1999"],
    "another format": ["note.txt", "panel", "--codebook", "small.xml"],
    "not compressed": ["plain.dat.gz", "panel", "--codebook", "small.xml"],
    "no workbook": ["small.dat.gz", "panel", "--tfp", "none.xlsx"],
    "a workbook that is none": ["small.dat.gz", "panel", "--tfp", "note.txt"],
    "a basis that is none": ["small.dat.gz", "panel", "--tfp", "tfp.xlsx", "--tfp-basis", "x"],
    "a sample that is none": ["small.dat.gz", "panel", "--samples", "7"],
    "the extract's own folder": ["small.dat.gz", "."],
    "a folder below a file": ["small.dat.gz", "note.txt/panel"],
    "a file": ["small.dat.gz", "note.txt"],
    "a link to nothing": ["gone.dat.gz", "panel", "--codebook", "small.xml"],
}  # fmt: skip


def test_commands_that_cannot_work_say_what_to_do_and_change_nothing(tmp_path, capsys, monkeypatch):
    """Twenty of them: no traceback, one line, an advice at its end, every file as it was."""
    folder = tmp_path / "Größe, with a space"
    (folder / "folder").mkdir(parents=True)
    monkeypatch.chdir(folder)
    extracts.write(folder)
    (folder / "plain.dat.gz").write_bytes(b"2010" * 16)
    (folder / "note.txt").write_text("mine")
    (folder / "gone.dat.gz").symlink_to("nowhere")
    synthetic.write_tfp(folder / "tfp.xlsx")
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    for case, arguments in COMMANDS.items():
        try:
            code = __main__.main(arguments)
        except SystemExit as ended:
            code = ended.code
        said = capsys.readouterr()
        assert code == 2, case
        assert said.out == "", case
        assert len(said.err.strip().splitlines()) == 1, (case, said.err)
        assert re.search(r"[;:,] [^;]{8,}$", said.err.strip()), (case, said.err)
        assert "fault of the package" not in said.err, (case, said.err)
        assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before, case


def test_the_extract_survives_a_command_that_names_its_folder(tmp_path):
    """The folder of the extract as the target, run as a reader runs it."""
    (tmp_path / "extract").mkdir()
    extracts.write(tmp_path / "extract")
    before = {p.name: p.read_bytes() for p in (tmp_path / "extract").iterdir()}
    done = subprocess.run(
        [sys.executable, "-m", "helpers.build", "extract/small.dat.gz", "extract"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2
    assert "nothing was removed: name another folder" in done.stderr
    assert "Traceback" not in done.stderr
    assert {p.name: p.read_bytes() for p in (tmp_path / "extract").iterdir()} == before


@pytest.mark.slow
def test_the_page_from_an_account_to_table_1_works_as_it_is_printed(tmp_path, monkeypatch):
    """Every command of the page, in order, with the package's own extract as what is fetched."""
    text = (files.BOOK / "microdata.md").read_text("utf-8")
    blocks = re.findall(r"^```(python|bash)\n(.*?)^```$", text, re.M | re.S)
    assert len(blocks) >= 8
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios").mkdir()

    def deliver(folder):
        book, data = synthetic.write_extract(tmp_path / "made", 300_000)
        (tmp_path / folder).mkdir()
        return tuple(
            shutil.copy(path, tmp_path / folder / f"usa_00001{ending}")
            for path, ending in ((book, ".xml"), (data, ".dat.gz"))
        )

    def publish(folder):
        return synthetic.write_tfp(tmp_path / folder / tfp.ADDRESS.rsplit("/", 1)[-1])

    monkeypatch.setattr(ipums, "fetch", deliver)
    monkeypatch.setattr(tfp, "fetch", publish)
    space = {}
    for language, code in blocks:
        if language == "python":
            exec(code, space)  # what a reader types
            continue
        for line in code.strip().replace("\\\n", " ").splitlines():
            if line.startswith("make "):
                name = line.split("SCENARIO=")[1]
                assert (tmp_path / name).read_text().splitlines()[1] == "source: acs-panel"
                continue
            run = line.replace(".venv/bin/python ", f"{shlex.quote(sys.executable)} ")
            assert line.startswith((".venv/bin/python -m", "export", "printf")), line
            done = subprocess.run(["sh", "-c", run], capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
    trial, mine = load(tmp_path / "trial-panel"), load(tmp_path / "acs-panel")
    pd.testing.assert_frame_equal(trial.cells, mine.cells)
    assert mine.cells["log_wage"].notna().all()
    assert 0 <= estimation.estimate(mine).rho < 1


# --- what the package writes for trials


def test_an_extract_or_a_workbook_that_others_made_is_not_written_over(tmp_path):
    for name in ("synthetic.dat.gz", "synthetic.xml"):
        folder = tmp_path / name.split(".")[1]
        folder.mkdir()
        (folder / name).write_text("mine")
        with pytest.raises(DataError, match=f"{name}: not made by this package"):
            synthetic.write_extract(folder, 100)
        assert [p.name for p in folder.iterdir()] == [name]
        assert (folder / name).read_text() == "mine"
    workbook = tmp_path / "tfp.xlsx"
    pd.DataFrame({"a": [1]}).to_excel(workbook, index=False)
    before = workbook.read_bytes()
    with pytest.raises(DataError, match="not made by this package"):
        synthetic.write_tfp(workbook)
    assert workbook.read_bytes() == before
    synthetic.write_extract(tmp_path / "mine", 100)
    synthetic.write_extract(tmp_path / "mine", 200)
    synthetic.write_tfp(tmp_path / "mine" / "tfp.xlsx")
    synthetic.write_tfp(tmp_path / "mine" / "tfp.xlsx")
    assert sorted(p.name for p in (tmp_path / "mine").iterdir()) == [
        "synthetic.dat.gz", "synthetic.xml", "tfp.xlsx",
    ]  # fmt: skip


# --- productivity


@pytest.fixture
def workbook(tmp_path):
    table = pd.read_excel(synthetic.write_tfp(tmp_path / "t.xlsx"), header=2, dtype={"NAICS": str})
    return table.rename(columns=str)


def test_two_bases_of_one_industry_are_chosen_by_name_or_refused(tmp_path, workbook):
    years = [str(year) for year in YEARS]
    gross = workbook.assign(Basis="Gross output")
    gross[years] = gross[years] * 1.5
    both = tmp_path / "both.xlsx"
    pd.concat([gross, workbook]).to_excel(both, index=False)
    with pytest.raises(TfpError, match=r"NAICS 11 .*Gross output; Sectoral output.*basis="):
        tfp.load(both, YEARS)
    read = tfp.load(both, YEARS, "sectoral output")
    plain = tfp.load(tmp_path / "t.xlsx", YEARS)
    pd.testing.assert_frame_equal(read.shifts, plain.shifts)
    assert read.about()["basis"] == "sectoral output"
    with pytest.raises(TfpError, match=r"no row has the basis 'net'; found Gross output, Sectoral"):
        tfp.load(both, YEARS, "net")
    book, data = extracts.write(tmp_path)
    panel = build_panel(data, book, both, tfp_basis="Gross output")
    assert panel.provenance["productivity"]["basis"] == "Gross output"
    pd.concat([workbook, workbook.head(1)]).to_excel(both, index=False)
    with pytest.raises(TfpError, match="NAICS 11 has 2 rows; keep one"):
        tfp.load(both, YEARS)


def test_a_long_sheet_for_machines_is_read(tmp_path, workbook):
    years = [str(year) for year in YEARS]
    keys = ["NAICS", "Basis", "Measure", "Units"]
    long = workbook.melt(keys, years, var_name="Year", value_name="Value")
    with pd.ExcelWriter(tmp_path / "long.xlsx") as file:
        pd.DataFrame({"notes": ["about"]}).to_excel(file, sheet_name="Notes", index=False)
        long.to_excel(file, sheet_name="MachineReadable", index=False)
    read = tfp.load(tmp_path / "long.xlsx", YEARS)
    pd.testing.assert_frame_equal(read.shifts, tfp.load(tmp_path / "t.xlsx", YEARS).shifts)
    assert read.units == "Index (2010=100)"


def test_a_sector_of_which_a_part_is_missing_is_said(tmp_path):
    codes = [c.split()[0] for c in groups.sector_table()["tfp"].unique() if c and c != "48-49"]
    rows = [(code, year, 100.0) for code in [*codes, "481", "484-488"] for year in extracts.YEARS]
    table = pd.DataFrame(rows, columns=["naics", "year", "tfp"])
    path = tmp_path / "parts.csv"
    table.to_csv(path, index=False)
    read = tfp.load(path, extracts.YEARS)
    assert read.rows["48-49"] == ("481", "484-488")
    assert read.missing == {"48-49": ("482", "483", "491", "492", "493")}
    book, data = extracts.write(tmp_path)
    panel = build_panel(data, book, path)
    about = panel.provenance["productivity"]
    assert about["parts without a row"]["48-49"] == ["482", "483", "491", "492", "493"]
    assert about["rows"]["48-49"] == ["481", "484-488"]
    assert about["units"] == "tfp"
    assert "no row covers 482, 483, 491, 492, 493 of 48-49" in build.notes(panel)[-1]
    pd.concat([table, table.tail(1)]).to_csv(path, index=False)
    with pytest.raises(TfpError, match="NAICS 484-488 has 2 rows for 2011; keep one"):
        tfp.load(path, extracts.YEARS)


def test_the_eight_groups_are_the_papers(tmp_path):
    table = groups.occupation_table()
    assert set(table["occupation"]) == set(OCCUPATIONS)
    assert (table["first"] <= table["last"]).all()
    sectors = groups.sector_table()
    assert tuple(dict.fromkeys(sectors["sector"])) == synthetic.SECTORS
