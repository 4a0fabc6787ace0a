"""A reader's own table: any country's names, numbers and files, and what is wrong with them."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from helpers import counterfactuals, equilibrium, sources
from helpers.errors import DataError, PanelError, ParameterError
from helpers.estimation import estimate
from helpers.panel import Panel, capabilities
from helpers.panel.__main__ import main

FRENCH = {
    "place": "zone d'emploi", "group": "catégorie", "year": "année", "households": "ménages",
    "wage": "salaire",
}  # fmt: skip


def _table(years=(2015, 2019), seed=0, places=6) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    keys = itertools.product((f"Évry {i}" for i in range(places)), ("ouvriers", "cadres"), years)
    rows = [(*key, int(rng.integers(1, 9000)), round(rng.uniform(9000, 90000), 2)) for key in keys]
    names = ["zone d'emploi", "catégorie", "année", "ménages", "salaire"]
    return pd.DataFrame(rows, columns=names)


@pytest.fixture
def table():
    return _table()


def _same(one: Panel, other: Panel) -> None:
    pd.testing.assert_frame_equal(one.cells, other.cells, check_exact=False, rtol=1e-9)
    pd.testing.assert_frame_equal(one.cities, other.cities, check_exact=False, rtol=1e-9)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize(("sep", "decimal"), [(",", "."), (";", ","), ("\t", ","), ("|", ".")])
def test_a_file_is_read_whatever_its_signs(table, tmp_path, encoding, sep, decimal):
    file = tmp_path / "table.csv"
    table.to_csv(file, sep=sep, decimal=decimal, encoding=encoding, index=False)
    _same(Panel.from_table(file, FRENCH), Panel.from_table(table, FRENCH))


def test_an_encoding_that_bytes_do_not_tell_is_named(table, tmp_path):
    file = tmp_path / "table.csv"
    table.to_csv(file, encoding="mac_roman", index=False)
    _same(Panel.from_table(file, FRENCH, encoding="mac_roman"), Panel.from_table(table, FRENCH))
    with pytest.raises(DataError, match="cannot be read"):
        Panel.from_table(file, FRENCH, encoding="klingon")


@pytest.mark.filterwarnings("ignore:Not all pandas column names|ignore::UserWarning")
def test_parquet_and_stata_say_the_same_as_text(table, tmp_path):
    expected = Panel.from_table(table, FRENCH)
    table.to_parquet(tmp_path / "t.parquet")
    table.to_stata(tmp_path / "t.dta", write_index=False, version=118)
    _same(Panel.from_table(tmp_path / "t.parquet", FRENCH), expected)
    stata = {**FRENCH, "place": "zone_d_emploi"}
    _same(Panel.from_table(tmp_path / "t.dta", stata), expected)


def test_shares_are_the_table_s_and_every_order_of_rows_gives_them(table):
    panel = Panel.from_table(table, FRENCH)
    assert panel.occupations == ("ouvriers", "cadres")
    shares = panel.shares(2019)
    counts = table[table["année"] == 2019].pivot(
        index="zone d'emploi", columns="catégorie", values="ménages"
    )[["ouvriers", "cadres"]]
    np.testing.assert_allclose(shares.pi_ck, counts / counts.sum(), rtol=1e-12)
    np.testing.assert_allclose(shares.omega_k, counts.sum() / counts.to_numpy().sum())
    mixed = table.sample(frac=1, random_state=1)
    again = Panel.from_table(mixed, FRENCH).shares(2019)
    order = [again.occupations.index(name) for name in shares.occupations]
    np.testing.assert_allclose(again.pi_ck[:, order], shares.pi_ck)


def test_thousands_are_grouped_as_the_decimal_sign_tells(tmp_path):
    text = "city;group;households;wage\nA;x;1.200;1.234,5\nB;x;800;20.000,0\nA;y;5;7,5\nB;y;5;8,5\n"
    (tmp_path / "t.csv").write_text(text)
    panel = Panel.from_table(tmp_path / "t.csv")
    assert panel.cells["households"].sum() == 2010
    wages = np.exp(panel.cells.set_index(["city", "occupation"])["log_wage"])
    assert wages["A", "x"] == pytest.approx(1234.5)
    assert wages["B", "x"] == pytest.approx(20_000)


def test_one_year_one_group_and_codes_for_names_are_enough():
    frame = pd.DataFrame({"zone": [1001, 1002, 1003], "skill": [1, 1, 1], "people": [5, 3.5, 2]})
    columns = {"place": "zone", "group": "skill", "households": "people"}
    panel = Panel.from_table(frame, columns)
    shares = panel.shares(panel.years[0])
    assert shares.cities == ("1001", "1002", "1003")
    new = counterfactuals.shock(shares, 0.5, 3.0, city={"1001": 0.9})
    assert new.pi_c[0] < shares.pi_c[0]
    assert equilibrium.solve(shares, 0.5, 3.0, equilibrium.STANDARD, city={"1001": 0.9}).unique


def test_shares_may_stand_for_counts(table):
    year = table[table["année"] == 2019]
    counts = Panel.from_table(year, FRENCH).shares(2019)
    joint = year.assign(part=year["ménages"] / year["ménages"].sum())
    names = {**{k: FRENCH[k] for k in ("place", "group", "year")}, "share": "part"}
    of_all = Panel.from_table(joint, names).shares(2019)
    np.testing.assert_allclose(of_all.pi_ck, counts.pi_ck, rtol=1e-9)
    np.testing.assert_allclose(of_all.omega_k, counts.omega_k, rtol=1e-9)
    sums = year.groupby("catégorie")["ménages"].transform("sum")
    within = year.assign(part=year["ménages"] / sums)
    places = pd.DataFrame({"zone d'emploi": counts.cities, "année": 2019, "share": counts.pi_c})
    of_group = Panel.from_table(within, names, cities=places).shares(2019)
    np.testing.assert_allclose(of_group.omega_k, counts.omega_k, rtol=1e-6)
    with pytest.raises(DataError, match="how large groups are; give cities="):
        Panel.from_table(within, names)
    for off in (1.1, 1 + 1e-4, 1 - 1e-4):
        with pytest.raises(DataError, match="expected 1 in one of the two ways"):
            Panel.from_table(joint.assign(part=joint["part"] * off), names)
        odd = within.assign(part=within["part"] * off)
        with pytest.raises(DataError, match="expected 1 in one of the two ways"):
            Panel.from_table(odd, names, cities=places)
    moved = places["share"] * np.where(places.index == 0, 1.01, 1.0)
    with pytest.raises(PanelError, match="no sizes of groups in 2019"):
        Panel.from_table(within, names, cities=places.assign(share=moved / moved.sum()))


def test_gaps_are_empty_cells_and_are_said(table):
    short = table.drop(index=table.index[0])
    panel = Panel.from_table(short, FRENCH)
    assert np.isneginf(panel.cells["log_share"]).sum() == 1
    assert any("have no row and count as zero" in note for note in panel.provenance["understood"])
    shares = panel.shares(2015)
    new = counterfactuals.shock(shares, 0.6, 3.0, city={shares.cities[0]: 1.5})
    assert (new.pi_ck[shares.pi_ck == 0] == 0).all()
    lacks = {one.what: one.lacks for one in capabilities(panel)}
    assert "1 are empty" in lacks["shifters"]
    assert lacks["counterfactuals"] == ""


def test_a_saved_panel_of_ones_own_is_the_same(table, tmp_path):
    coordinates = pd.DataFrame(
        {"city": [f"Évry {i}" for i in range(6)], "lat": 48.0, "lon": np.linspace(1, 3, 6)}
    )
    panel = Panel.from_table(table.iloc[1:], FRENCH, coordinates=coordinates, name="essai")
    panel.save(tmp_path / "panel")
    back = sources.load(tmp_path / "panel")
    _same(back, panel)
    assert back.occupations == panel.occupations
    pd.testing.assert_frame_equal(back.coordinates, panel.coordinates)
    assert back.describe() == "the panel 'essai'"


BAD = [
    ({"ménages": "viele"}, DataError, "row 3: ménages is 'viele', expected a number"),
    ({"ménages": -4}, DataError, r"row 3: ménages is .*-4.*, expected a number of at least 0"),
    ({"ménages": None}, DataError, "row 3: ménages is empty"),
    ({"salaire": 0}, DataError, "row 3: salaire is .*0.*, expected a number above 0"),
    ({"année": 2015.5}, DataError, r"row 3: année is .*2015\.5.*, expected a whole year"),
    ({"année": 15}, DataError, "row 3: année is .*15.*, expected a whole year"),
    ({"catégorie": None}, DataError, "row 3: catégorie is empty, expected a name"),
    ({"zone d'emploi": None}, DataError, "row 3: zone d'emploi is empty"),
]


@pytest.mark.parametrize(("change", "error", "words"), BAD)
def test_a_bad_value_is_named_with_its_row(table, change, error, words):
    wrong = table.astype(object)
    ((column, value),) = change.items()
    wrong.loc[2, column] = value
    with pytest.raises(error, match=words):
        Panel.from_table(wrong, FRENCH)


def test_what_is_wrong_with_a_table_as_a_whole_is_said(table, tmp_path):
    twice = pd.concat([table, table.iloc[[4]]])
    with pytest.raises(DataError, match="row 25: Évry 1, ouvriers, 2015 stands in row 5 already"):
        Panel.from_table(twice, FRENCH)
    added = Panel.from_table(twice, FRENCH, add_up=True)
    assert added.cells["households"].sum() == table["ménages"].sum() + table["ménages"].iloc[4]
    with pytest.raises(DataError, match="no column 'metier'; nearest"):
        Panel.from_table(table, {**FRENCH, "group": "metier"})
    with pytest.raises(DataError, match="'town' is no meaning"):
        Panel.from_table(table, {**FRENCH, "town": "zone d'emploi"})
    with pytest.raises(DataError, match="which column is the place"):
        Panel.from_table(table)
    with pytest.raises(DataError, match="no rows"):
        Panel.from_table(table.iloc[:0], FRENCH)
    with pytest.raises(DataError, match="is not there"):
        Panel.from_table(tmp_path / "nowhere.csv")
    (tmp_path / "x.xlsx").write_bytes(b"PK")
    with pytest.raises(DataError, match="expected a file that ends in"):
        Panel.from_table(tmp_path / "x.xlsx")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(DataError, match=r"empty\.csv"):
        Panel.from_table(tmp_path / "empty.csv")
    (tmp_path / "both.csv").write_text('city,group,households\nA,x,1.5\nB,x,"1,25"\n')
    with pytest.raises(DataError, match="write them all one way"):
        Panel.from_table(tmp_path / "both.csv")
    with pytest.raises(ParameterError, match="decimal: expected"):
        Panel.from_table(table, FRENCH, decimal=";")
    with pytest.raises(ParameterError, match="name of a source"):
        Panel.from_table(table, FRENCH, name="replication")
    nobody = table.assign(ménages=np.where(table["catégorie"] == "cadres", 0, 5))
    with pytest.raises(DataError, match="nobody is in the group 'cadres'"):
        Panel.from_table(nobody, FRENCH)


def test_a_misspelt_occupation_of_the_paper_is_still_found(made):
    cells = made.cells.assign(occupation=made.cells["occupation"].replace("trades", "trade"))
    with pytest.raises(PanelError, match="occupation is 'trade', expected one of"):
        Panel(cells, made.cities)


def test_exposures_and_shifts_give_the_instrument_and_the_estimate(made):
    """The synthetic economy, written as a foreign table, gives the estimate that it gave."""
    cells = made.cells.assign(wage=np.exp(made.cells["log_wage"]))
    table = cells[["year", "city", "occupation", "households", "wage"]]
    panel = Panel.from_table(
        table, exposures=made.exposures, shifts=made.shifts.rename(columns={"log_tfp": "shift"})
    )
    np.testing.assert_allclose(estimate(panel).rho, estimate(made).rho, rtol=1e-6)
    assert all(one.possible for one in capabilities(panel) if one.what != "maps")


def test_the_shell_says_what_it_understood(table, tmp_path, capsys):
    file = tmp_path / "zones.csv"
    table.to_csv(file, sep=";", decimal=",", encoding="cp1252", index=False)
    named = [f"--{meaning}={column}" for meaning, column in FRENCH.items()]
    assert main([str(file), str(tmp_path / "panel"), *named]) == 0
    said = capsys.readouterr().out
    assert "6 places, 2 groups, 2 years" in said
    assert "decimal comma" in said
    assert "no   estimate: needs an instrument" in said
    _same(Panel.read(tmp_path / "panel"), Panel.from_table(table, FRENCH))
    assert main([str(file), str(tmp_path / "other")]) == 2
    assert "which column is the place" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()
