"""Sweeps: what is refused, the order of combinations, and the numbers."""

import numpy as np
import pandas as pd
import pytest
from pyarrow import parquet

from helpers import counterfactuals, paths, sweep
from helpers.errors import DataError, ParameterError, UnknownNameError
from helpers.estimation import estimate

DETROIT = "Detroit-Warren-Dearborn, MI"


@pytest.fixture
def file(tmp_path):
    def write(text: str):
        path = tmp_path / "grid.yml"
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize("name", ["policy-grid", "notebook-grid"])
def test_sweeps_that_ship_are_valid(name, made):
    sweep.read(paths.SCENARIOS / f"{name}.yml", ("07_city_shocks",)).check_panel(made)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("rho: 0.5", ParameterError, "at least two"),
        ("rho: [0.5]\ntheta: [2]", ParameterError, "at least two"),
        ("rho: []", ParameterError, "empty"),
        ("rho: [0.5, 0.5]", ParameterError, "twice"),
        ("rho: [0.5, 1.5]", ParameterError, "rho"),
        ("roh: [0.5]", UnknownNameError, "nearest: rho"),
        ("city_hat: [1, -1]", ParameterError, "city_hat"),
        ("occupation: [trade]", UnknownNameError, "trades"),
        ("rho: {from: 0, to: 1, number: 1}", ParameterError, "2 steps"),
        ("rho: {from: 0, to: 1, number: 3}", ParameterError, "rho"),
        ("clusters: [city, occupation]", ParameterError, "name the notebooks"),
        ("notebooks: [07_city]\nrho: [0, 0.5]", UnknownNameError, "07_city_shocks"),
        ("- 1", DataError, "keys and values"),
    ],
)
def test_a_wrong_sweep_is_refused_by_name(file, text, error, message):
    with pytest.raises(error, match=message):
        sweep.read(file(text), ("07_city_shocks",))


def test_a_misspelt_city_in_a_list_is_refused_with_the_nearest(file, made):
    with pytest.raises(UnknownNameError, match=DETROIT):
        sweep.read(file(f"city: ['{DETROIT}', 'Detroit']")).check_panel(made)


def test_a_sweep_too_large_for_a_table_is_refused(file, made):
    text = "rho: {from: 0, to: 0.9, number: 100}\ntheta: {from: 1, to: 9, number: 100}\ncity: all"
    with pytest.raises(ParameterError, match="split the sweep"):
        sweep.points(sweep.read(file(text)), made)


def test_only_what_is_named_is_shocked_and_rho_is_estimated(file, made):
    table = sweep.points(sweep.read(file("theta: [2, 3]\ncity_hat: [0.9, 1.1]")), made)
    assert list(table["theta"]) == [2, 2, 3, 3]
    assert list(table["city_hat"]) == [0.9, 1.1, 0.9, 1.1]
    assert (table[["occupation_hat", "cell_hat"]] == 1).all(axis=None)
    assert table["rho"].unique() == pytest.approx(estimate(made).rho)


def test_results_are_those_of_one_shock_after_another(file, made, tmp_path):
    text = (
        f"rho: [0.0, 0.64, estimated]\ntheta: [1.5, 4.0]\ncity: ['{DETROIT}', 'Akron, OH']\n"
        "city_hat: 0.9\noccupation: [trades, service]\noccupation_hat: [1.0, 1.2]\ncell_hat: 1.1\n"
    )
    wanted = sweep.read(file(text))
    table = sweep.points(wanted, made)
    results = pd.read_parquet(sweep.run(wanted, made, tmp_path / "out"))
    shares = made.shares(2019)
    assert len(results) == len(table) * 260
    for row in table.itertuples():
        new = counterfactuals.shock(
            shares,
            row.rho,
            row.theta,
            city={row.city: row.city_hat},
            occupation={row.occupation: row.occupation_hat},
            city_occupation={(row.city, row.occupation): row.cell_hat},
        )
        mine = results[results["scenario"] == row.scenario]
        np.testing.assert_allclose(mine["share"], new.pi_c, rtol=1e-12)
        np.testing.assert_allclose(mine["change"], new.pi_c / shares.pi_c, rtol=1e-12)
        assert list(mine["responding_city"]) == list(shares.cities)


def test_blocks_leave_no_trace_in_the_table(file, made, tmp_path, monkeypatch):
    wanted = sweep.read(file("rho: {from: 0, to: 0.9, number: 7}\ncity_hat: [0.9, 1.1, 1.2]"))
    one = pd.read_parquet(sweep.run(wanted, made, tmp_path / "one"))
    monkeypatch.setattr(sweep, "BLOCK", 4)
    pd.testing.assert_frame_equal(pd.read_parquet(sweep.run(wanted, made, tmp_path / "many")), one)


def test_a_second_run_computes_nothing_and_another_sweep_does(file, made, tmp_path, monkeypatch):
    wanted = sweep.read(file("rho: [0.1, 0.2]\ncity_hat: 0.9"))
    first = sweep.run(wanted, made, tmp_path / "out").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(sweep, "solve", None)
        assert sweep.run(wanted, made, tmp_path / "out").read_bytes() == first
    other = sweep.read(file("rho: [0.1, 0.3]\ncity_hat: 0.9"))
    assert sweep.run(other, made, tmp_path / "out").read_bytes() != first
    assert len(list((tmp_path / "out").glob("parts-*"))) == 1


def test_the_summary_has_a_row_a_scenario(file, made, tmp_path):
    wanted = sweep.read(file("rho: [0.0, 0.5]\ncity: all\ncity_hat: 0.95"))
    results = sweep.run(wanted, made, tmp_path / "out")
    assert parquet.ParquetFile(results).num_row_groups == 1
    table = sweep.summarise(results)
    assert len(table) == 520
    assert (table["own"] < 1).all()
    zero = table[table["rho"] == 0]
    np.testing.assert_allclose(zero["lowest"], zero["highest"], rtol=1e-12)
    drawn = sweep.small_multiples(table, "own", "change")
    assert set(drawn.data["rho"]) == {0.0, 0.5}
    assert "rho" in drawn.svg()


def test_a_scenario_is_never_split_between_row_groups(file, made, tmp_path, monkeypatch):
    """Blocks of more rows than parquet puts into a group by itself."""
    monkeypatch.setattr(sweep, "BLOCK", 5_000)
    text = "rho: {from: 0, to: 0.9, number: 20}\ncity: all\ncity_hat: 0.95"
    results = sweep.run(sweep.read(file(text)), made, tmp_path / "out")
    assert parquet.ParquetFile(results).num_row_groups == 2
    table = sweep.summarise(results)
    assert list(table["scenario"]) == list(range(5_200))
    assert table.notna().all(axis=None)


def test_the_estimate_among_other_correlations_is_a_missing_number(tmp_path):
    runs = [({"rho": rho}, "07", {"x": 1.0}) for rho in (0.3, None)]
    sweep.collect(runs, tmp_path / "results.parquet")
    table = pd.read_parquet(tmp_path / "results.parquet")
    assert table["rho"].iloc[0] == 0.3
    assert table["rho"].isna().tolist() == [False, True]
    assert list(table["scenario"]) == [0, 1]


def test_recorded_numbers_become_rows_and_words_stay_words(tmp_path):
    runs = [
        ({"rho": 0.1, "policies": {"a": 1}}, "07", {"x": 1.0, "who": "Akron"}),
        ({"rho": 0.2, "policies": {"a": 1}}, "07", {"x": 2.0, "who": "Akron"}),
    ]
    sweep.collect(runs, tmp_path / "results.parquet")
    table = pd.read_parquet(tmp_path / "results.parquet")
    assert list(table["scenario"]) == [0, 0, 1, 1]
    assert list(table.loc[table["name"] == "who", "words"]) == ["Akron", "Akron"]
    ((name, part),) = sweep.recorded(table)
    assert name == "07: x"
    assert list(part["value"]) == [1.0, 2.0]
