"""Shocks and tables from the shell: the numbers of the functions, in files that papers take."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from helpers import counterfactuals, equilibrium
from helpers.counterfactuals.__main__ import main as shock_main
from helpers.equilibrium.__main__ import main as solve_main
from helpers.errors import DataError, ParameterError
from helpers.names import DETROIT
from helpers.panel import Panel, shell, writing

ZONES = pd.DataFrame(
    {
        "place": ["Lyon", "Lyon", "Lille", "Lille", "Évry & Corbeil", "Évry & Corbeil"],
        "group": ["cadres", "ouvriers"] * 3,
        "households": [50, 30, 20, 60, 10, 15],
    }
)


@pytest.fixture
def own(tmp_path):
    panel = Panel.from_table(ZONES, name="zones")
    return panel, str(panel.save(tmp_path / "panel"))


def test_a_shock_from_the_shell_is_the_function_s(own, tmp_path, capsys):
    panel, folder = own
    out = tmp_path / "out.csv"
    # in the order of a reader who remembers the file last
    given = [folder, "--city", "Lyon=0.95", "--cell=Lille/cadres=1.2", "--rho", "0.6", str(out)]
    assert shock_main(given) == 0
    found = pd.read_csv(out).set_index("city")
    shares = panel.shares(2000)
    new = counterfactuals.shock(
        shares, 0.6, 3.0, city={"Lyon": 0.95}, city_occupation={("Lille", "cadres"): 1.2}
    )
    np.testing.assert_allclose(found.loc[list(shares.cities), "share_after"], new.pi_c)
    np.testing.assert_allclose(found.loc[list(shares.cities), "change"], new.pi_c / shares.pi_c - 1)
    assert "rho 0.6" in capsys.readouterr().out


def test_diversion_and_an_equilibrium_from_the_shell(own, tmp_path, capsys):
    panel, folder = own
    shares = panel.shares(2000)
    assert shock_main([folder, "-", "--what", "diversion", "--rho", "0.3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    ratio = counterfactuals.diversion(shares, 0.3)
    assert float(lines[1].split(",")[2]) == pytest.approx(ratio[0, 1])
    out = tmp_path / "out.parquet"
    given = [folder, str(out), "--occupation", "cadres=0.9", "--rho", "0.5", "--substitution", "2"]
    assert solve_main(given) == 0
    closure = equilibrium.Closure(
        1.0, 0.24, 1.75, substitution=2.0, demand_elasticity=4.0, agglomeration=0.05
    )
    new = equilibrium.solve(shares, 0.5, 3.0, closure, occupation={"cadres": 0.9})
    np.testing.assert_allclose(pd.read_parquet(out)["pi_ck"], new.shares.pi_ck.ravel())


def test_stayers_from_the_shell(tmp_path):
    out = tmp_path / "kept.csv"
    assert shock_main(["synthetic", str(out), "--what", "stayers", "--rho", "0.64"]) == 0
    table = pd.read_csv(out)
    assert table.shape == (260, 9)
    assert table.drop(columns="city").to_numpy().min() > 0


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--city", "Lyn=0.9", "--rho", "0.5"], "nearest: Lyon"),
        (["--city", "Lyon", "--rho", "0.5"], "expected a name and the new over the old value"),
        (["--city", "Lyon=-1", "--rho", "0.5"], "expected a name and the new over the old value"),
        (["--cell", "Lyon=1.1", "--rho", "0.5"], "expected a city and an occupation"),
        (["--city", "Lyon=0.9", "--city", "Lyon=0.8", "--rho", "0.5"], "Lyon: shocked twice"),
        (["--rho", "0.5"], "nothing is shocked"),
        (["--city", "Lyon=0.9", "--rho", "1.5"], "rho"),
        (["--city", "Lyon=0.9", "--rho", "half"], "expected a number"),
        (["--city", "Lyon=0.9"], "estimation: no cell has a share, a wage and an instrument"),
        (["--city", "Lyon=0.9", "--rho", "0.5", "--year", "1999"], "year"),
        (["--what", "diversion", "--city", "Lyon=0.9", "--rho", "0.5"], "takes no shock"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(own, tmp_path, capsys, given, words):
    out = tmp_path / "out.csv"
    assert shock_main([own[1], str(out), *given]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert not out.exists()


def test_a_table_is_written_as_its_ending_says(tmp_path):
    table = pd.DataFrame({"city": ["Évry & Corbeil", "Lyon"], "n_ck": [1200, 3], "x": [0.5, None]})
    csv = pd.read_csv(writing.write_frame(table, tmp_path / "t.csv"))
    pd.testing.assert_frame_equal(csv, table)
    latex = writing.write_frame(table, tmp_path / "t.tex").read_text("utf-8")
    assert r"Évry \& Corbeil & 1,200 & 0.5000" in latex
    assert r"n\_ck" in latex
    assert r"\toprule" in latex
    text = writing.write_frame(table, tmp_path / "t.md", digits=1).read_text("utf-8")
    assert [cell.strip() for cell in text.splitlines()[2].strip("|").split("|")] == [
        "Évry & Corbeil", "1,200", "0.5",
    ]  # fmt: skip
    for bad in ("t.xlsx", "t", "no/t.csv"):
        with pytest.raises(DataError):
            writing.write_frame(table, tmp_path / bad)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t.csv", "t.md", "t.tex"]


def test_names_with_signs_in_them_are_shocked():
    assert shell.hat("A=B=0.5") == ("A=B", 0.5)
    assert shell.cell("Louisville/Jefferson/trades=2") == (("Louisville/Jefferson", "trades"), 2)
    with pytest.raises(ParameterError):
        shell.hat(f"{DETROIT}=inf")
