"""Sweeps: what is refused, the order of combinations, and the numbers."""

import json
import tracemalloc
from itertools import product

import numpy as np
import pandas as pd
import pytest
from pyarrow import parquet

from helpers import counterfactuals, equilibrium, exhibits, files
from helpers.errors import DataError, ParameterError, UnknownNameError
from helpers.estimation import estimate
from helpers.names import NEW_YORK
from helpers.panel import Panel
from helpers.runs import forecast, grid, notebook_sweep, sweep, sweep_file

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
    sweep_file.read_sweep(files.SCENARIOS / f"{name}.yml", ("07_city_shocks",)).check_panel(made)


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
        ("rho: {from: 0, to: 1}", ParameterError, "line 1: rho: expected a value, a list or"),
        ("rho: {from: 0.9, to: 0, number: 3}", ParameterError, "from below to"),
        ("rho: {from: 0.5, to: 0.5, number: 3}", ParameterError, "from below to"),
        ("rho: {from: a, to: 0.5, number: 3}", ParameterError, "rho, from: expected a number"),
        ("rho: {from: 0, to: .inf, number: 3}", ParameterError, "rho, to: expected a number"),
        ("rho: {from: 0, to: 0.5, number: 3.0}", ParameterError, "rho, number"),
        ("rho: {from: 0, to: 0.5, number: 1000000000000}", ParameterError, "at most 100,000"),
        ("rho: {from: 0, to: 0.5, number: 3, log: true}", ParameterError, "from: a, to: b"),
        ("rho: {from: 0, to: 1e-12, number: 9}", ParameterError, "twice"),
        ("rho: [0, 0.0]", ParameterError, "twice"),
        ("rho: [0, '0.5']", ParameterError, "without quotes"),
        ("rho: [0, 1:30]", ParameterError, "the text '1:30'"),
        ("city_hat: 0.9\nrho: [0, 0.5]\nrho: [0, 0.6]", DataError, "line 3: .* twice"),
        ("title: [a, b]\nrho: [0, 0.5]", ParameterError, "line 1: title"),
        ("source: [synthetic, auto]\nrho: [0, 0.5]", ParameterError, "one source"),
        ("second_city: Akron\nrho: [0, 0.5]", ParameterError, "no effect in a numerical sweep"),
        ("notebooks: 7\nrho: [0, 0.5]", ParameterError, "expected names of notebooks"),
        ("notebooks: []\nrho: [0, 0.5]", ParameterError, "expected names of notebooks"),
        ("notebooks: [07_city_shocks, 07_city_shocks]", ParameterError, "twice"),
        (
            "notebooks: 07_city_shocks\nyear: {from: 2010, to: 2013, number: 3}",
            ParameterError,
            "whole years",
        ),
        ("", DataError, "holds no key"),
    ],
)
def test_a_wrong_sweep_is_refused_by_name(file, text, error, message):
    with pytest.raises(error, match=message):
        sweep_file.read_sweep(file(text), ("07_city_shocks",))


DECLARED = {"07_city_shocks": ["source", "rho", "city", "city_hat"], "09_discussion": ["rho"]}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("notebooks: 07_city_shocks\ntheta: [2, 3]", "line 2: theta: 07_city_shocks takes no"),
        ("notebooks: 07_city_shocks\nrho: [0, 0.5]\ncell_hat: 1.1", "line 3: cell_hat"),
        ("notebooks: [07_city_shocks, 09_discussion]\ncity_hat: [0.9, 1.1]", "09_discussion takes"),
    ],
)
def test_a_parameter_that_no_notebook_takes_is_refused(file, text, words):
    with pytest.raises(ParameterError, match=words):
        sweep_file.read_sweep(file(text), DECLARED)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rho: [0, 0.5]", "line 1: rho: nothing is shocked"),
        ("city_hat: 1\nrho: [0, 0.5]", "rho: nothing is shocked"),
        (
            "occupation_hat: 1.1\nrho: [0, 0.5]",
            "line 2: rho: has no effect .* cell_hat",
        ),
        ("cell_hat: 1.1\ntheta: [2, 3]", "theta: has no effect .* city_hat"),
        ("city: all\noccupation_hat: 1.1", "city: has no effect"),
        ("city_hat: [0.9, 1.1]\noccupation: [sales, trades]", "occupation: has no effect"),
    ],
)
def test_a_sweep_in_which_nothing_varies_is_refused(file, made, text, words):
    with pytest.raises(ParameterError, match=words):
        sweep_file.read_sweep(file(text)).check_panel(made)


def test_what_varies_by_the_papers_model_is_not_refused(file, made):
    """Each axis moves some share: the table of which shock it needs is the model's."""
    for key, values in {"rho": [0.1, 0.6], "theta": [2.0, 4.0], "city": ["Akron, OH", DETROIT],
                        "occupation": ["sales", "trades"]}.items():  # fmt: skip
        for hat in ("city_hat", "occupation_hat", "cell_hat"):
            text = f"rho: 0.5\n{hat}: 1.2\n"
            text = text.replace("rho: 0.5\n", "") if key == "rho" else text
            wanted = sweep_file.read_sweep(file(f"{text}{key}: {json.dumps(values)}"))
            shares = made.shares(2019)
            base = {"rho": 0.5, "theta": 3.0, "city": DETROIT, "occupation": "sales"}
            rows = pd.DataFrame([base | {key: value} for value in values])
            rows = rows.assign(**dict.fromkeys(("city_hat", "occupation_hat", "cell_hat"), 1.0))
            new = sweep.solve(rows.assign(**{hat: 1.2}), shares)
            varies = not np.allclose(new[0], new[1], rtol=1e-9)
            if varies:
                wanted.check_panel(made)
            else:
                with pytest.raises(ParameterError, match=f"{key}: has no effect"):
                    wanted.check_panel(made)


def test_combinations_of_notebooks_that_cannot_run_are_refused_with_their_values(file, made):
    text = f"notebooks: [07_city_shocks]\nsecond_city: {DETROIT}\nrho: 0.5\ncity: ['Akron, OH', "
    with pytest.raises(ParameterError, match=f"with city = {DETROIT}: second_city"):
        sweep_file.read_sweep(file(f"{text}'{DETROIT}']")).check_panel(made)
    text = "notebooks: [07_city_shocks]\nrho: [0.5, 0.99]\ntheta: 100\ncity_hat: 1.5"
    with pytest.raises(ParameterError, match=r"with rho = 0\.99: city_hat.* leaves nobody"):
        sweep_file.read_sweep(file(text)).check_panel(made)


def test_every_city_of_the_panel_is_a_run_of_a_notebook(file, made):
    wanted = sweep_file.read_sweep(file("notebooks: [07_city_shocks]\nrho: 0.5\ncity: all"))
    runs = grid.settings(wanted, made)
    assert [run["city"] for run in runs] == list(made.shares(2019).cities)
    assert all(run.get("second_city") != run["city"] for run in runs)
    wanted.check_panel(made)


@pytest.mark.slow
def test_what_would_not_fit_is_refused_before_it_is_formed(file, made, monkeypatch):
    many = "{from: %s, to: %s, number: 100000}"
    text = (
        f"rho: {many % (0, 0.9)}\ntheta: {many % (1, 9)}\ncity_hat: {many % (0.5, 0.9)}\ncity: all"
    )
    wanted = sweep_file.read_sweep(file(text))
    assert wanted.count(made) == 260 * 10**15
    tracemalloc.start()
    with pytest.raises(ParameterError, match="260,000,000,000,000,000 combinations by 260 cities"):
        wanted.check_panel(made)
    with pytest.raises(ParameterError, match="split the sweep"):
        grid.points(wanted, made)
    assert tracemalloc.get_traced_memory()[1] < 50_000_000
    tracemalloc.stop()
    runs = sweep_file.read_sweep(file(f"notebooks: [07_city_shocks]\nrho: {many % (0, 0.9)}"))
    with pytest.raises(ParameterError, match="more than 10,000 runs"):
        runs.check_panel(made)
    ahead = forecast.Forecast("x", 1.0, 10**18, 10**18)
    with pytest.raises(ParameterError, match="GB are free; make room"):
        ahead.check_disk(files.BUILD / "sweeps" / "nowhere")


def test_the_forecast_is_near_what_comes(file, made, tmp_path):
    wanted = sweep_file.read_sweep(
        file("rho: {from: 0, to: 0.9, number: 10}\ncity_hat: [0.9, 1.1]\ncity: all")
    )
    ahead = forecast.forecast(wanted, made)
    assert str(ahead).startswith("5,200 combinations by 260 cities, 1,352,000 rows: about ")
    size = sweep.run(wanted, made, tmp_path / "out").stat().st_size
    assert 0.6 * size < ahead.size < 1.6 * size
    runs = sweep_file.read_sweep(file("notebooks: [07_city_shocks]\nrho: [0, 0.5]"))
    known = tmp_path / "07_city_shocks.ipynb"
    known.write_text(json.dumps({"metadata": {"companion": {"seconds": 88}}}))
    said = str(forecast.forecast_runs(runs, made, [known], 2))
    assert (
        said.startswith("2 combinations of 1 notebook, 2 runs: about 90 s and ") or "2 min" in said
    )


def test_points_that_are_formed_in_part_are_rows_of_the_whole(file, made):
    wanted = sweep_file.read_sweep(file("rho: [0, 0.3, 0.6]\ncity: all\ncity_hat: [0.9, 1.1]"))
    whole, some = grid.points(wanted, made), grid.points(wanted, made, most=7)
    pd.testing.assert_frame_equal(whole.loc[some.index], some)
    order = list(product([0, 0.3, 0.6], made.shares(2019).cities, [0.9, 1.1]))
    assert list(whole[["rho", "city", "city_hat"]].itertuples(index=False, name=None)) == order


def test_an_occupation_or_city_that_a_panel_lacks_is_needed_only_where_it_is_shocked(file, made):
    cells = made.cells.assign(city=made.cells["city"].replace(NEW_YORK, "Gotham"))
    cities = made.cities.assign(city=made.cities["city"].replace(NEW_YORK, "Gotham"))
    own = Panel(cells=cells, cities=cities)
    wanted = sweep_file.read_sweep(file("occupation: [sales, trades]\noccupation_hat: 1.1"))
    assert len(grid.points(wanted, own)) == 2
    with pytest.raises(UnknownNameError, match="the paper's, since the file names none"):
        grid.points(sweep_file.read_sweep(file("city_hat: [0.9, 1.1]")), own)


def test_a_misspelt_city_in_a_list_is_refused_with_the_nearest(file, made):
    with pytest.raises(UnknownNameError, match=DETROIT):
        sweep_file.read_sweep(file(f"city: ['{DETROIT}', 'Detroit']")).check_panel(made)


def test_a_sweep_too_large_for_a_table_is_refused(file, made):
    text = "rho: {from: 0, to: 0.9, number: 100}\ntheta: {from: 1, to: 9, number: 100}\ncity: all"
    with pytest.raises(ParameterError, match="split the sweep"):
        grid.points(sweep_file.read_sweep(file(text)), made)


def test_only_what_is_named_is_shocked_and_rho_is_estimated(file, made):
    table = grid.points(sweep_file.read_sweep(file("theta: [2, 3]\ncity_hat: [0.9, 1.1]")), made)
    assert list(table["theta"]) == [2, 2, 3, 3]
    assert list(table["city_hat"]) == [0.9, 1.1, 0.9, 1.1]
    assert (table[["occupation_hat", "cell_hat"]] == 1).all(axis=None)
    assert table["rho"].unique() == pytest.approx(estimate(made).rho)


def test_results_are_those_of_one_shock_after_another(file, made, tmp_path):
    text = (
        f"rho: [0.0, 0.64, estimated]\ntheta: [1.5, 4.0]\ncity: ['{DETROIT}', 'Akron, OH']\n"
        "city_hat: 0.9\noccupation: [trades, service]\noccupation_hat: [1.0, 1.2]\ncell_hat: 1.1\n"
    )
    wanted = sweep_file.read_sweep(file(text))
    table = grid.points(wanted, made)
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


def test_closures_are_an_axis_and_each_is_the_equilibrium(file, made, tmp_path):
    text = (
        f"rho: [0.3, 0.64]\ncity: ['{DETROIT}', 'Akron, OH']\ncity_hat: 0.95\n"
        "occupation: trades\ncell_hat: 1.1\n"
        "closure: [paper, standard, {housing_share: 0.3, supply_elasticity: 1.0}]\n"
    )
    wanted = sweep_file.read_sweep(file(text))
    wanted.check_panel(made)
    table = grid.points(wanted, made)
    assert len(table) == 12
    results = pd.read_parquet(sweep.run(wanted, made, tmp_path / "out"))
    shares, wages = made.shares(2019), equilibrium.panel_wages(made, 2019)
    rents = equilibrium.Closure(housing_share=0.3, supply_elasticity=1.0)
    for row in table.itertuples():
        shock = {"city": {row.city: 0.95}, "city_occupation": {(row.city, "trades"): 1.1}}
        closure = {"paper": equilibrium.PAPER, "standard": equilibrium.STANDARD}
        new = equilibrium.solve(
            shares, row.rho, 3.0, closure.get(row.closure, rents), wages=wages, **shock
        )
        mine = results[results["scenario"] == row.scenario]
        np.testing.assert_allclose(mine["share"], new.shares.pi_c, rtol=1e-10)
        if row.closure == "paper":
            plain = counterfactuals.shock(shares, row.rho, 3.0, **shock)
            np.testing.assert_allclose(mine["share"], plain.pi_c, rtol=1e-10)
    about = sweep.summarise(tmp_path / "out" / "results.parquet")
    assert about.groupby("closure")["own"].mean().nunique() == 3
    assert forecast.forecast(wanted, made).size > 0


def test_without_a_closure_a_table_has_no_column_for_it(file, made):
    table = grid.points(sweep_file.read_sweep(file("rho: [0.1, 0.2]\ncity_hat: 0.9")), made)
    assert "closure" not in table


def test_blocks_leave_no_trace_in_the_table(file, made, tmp_path, monkeypatch):
    wanted = sweep_file.read_sweep(
        file("rho: {from: 0, to: 0.9, number: 7}\ncity_hat: [0.9, 1.1, 1.2]")
    )
    one = pd.read_parquet(sweep.run(wanted, made, tmp_path / "one"))
    monkeypatch.setattr(sweep, "BLOCK", 4)
    pd.testing.assert_frame_equal(pd.read_parquet(sweep.run(wanted, made, tmp_path / "many")), one)


def test_a_second_run_computes_nothing_and_another_sweep_does(file, made, tmp_path, monkeypatch):
    wanted = sweep_file.read_sweep(file("rho: [0.1, 0.2]\ncity_hat: 0.9"))
    first = sweep.run(wanted, made, tmp_path / "out").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(sweep, "solve", None)
        assert sweep.run(wanted, made, tmp_path / "out").read_bytes() == first
    other = sweep_file.read_sweep(file("rho: [0.1, 0.3]\ncity_hat: 0.9"))
    assert sweep.run(other, made, tmp_path / "out").read_bytes() != first
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "about.json",
        "results.parquet",
    ]


def test_the_summary_has_a_row_a_scenario(file, made, tmp_path):
    wanted = sweep_file.read_sweep(file("rho: [0.0, 0.5]\ncity: all\ncity_hat: 0.95"))
    results = sweep.run(wanted, made, tmp_path / "out")
    assert parquet.ParquetFile(results).num_row_groups == 1
    table = sweep.summarise(results)
    assert len(table) == 520
    assert (table["own"] < 1).all()
    zero = table[table["rho"] == 0]
    np.testing.assert_allclose(zero["lowest"], zero["highest"], rtol=1e-12)
    drawn = exhibits.small_multiples(table, "own", "change")
    assert set(drawn.data["rho"]) == {0.0, 0.5}
    assert "rho" in drawn.svg()


@pytest.mark.slow
def test_a_scenario_is_never_split_between_row_groups(file, made, tmp_path, monkeypatch):
    """Blocks of more rows than parquet puts into a group by itself."""
    monkeypatch.setattr(sweep, "BLOCK", 5_000)
    text = "rho: {from: 0, to: 0.9, number: 20}\ncity: all\ncity_hat: 0.95"
    results = sweep.run(sweep_file.read_sweep(file(text)), made, tmp_path / "out")
    assert parquet.ParquetFile(results).num_row_groups == 2
    table = sweep.summarise(results)
    assert list(table["scenario"]) == list(range(5_200))
    assert table.notna().all(axis=None)


def test_the_estimate_among_other_correlations_is_a_missing_number(tmp_path):
    runs = [({"rho": rho}, "07", {"x": 1.0}) for rho in (0.3, None)]
    notebook_sweep.collect(runs, tmp_path / "results.parquet")
    table = pd.read_parquet(tmp_path / "results.parquet")
    assert table["rho"].iloc[0] == 0.3
    assert table["rho"].isna().tolist() == [False, True]
    assert list(table["scenario"]) == [0, 1]


def test_recorded_numbers_become_rows_and_words_stay_words(tmp_path):
    runs = [
        ({"rho": 0.1, "policies": {"a": 1}}, "07", {"x": 1.0, "who": "Akron"}),
        ({"rho": 0.2, "policies": {"a": 1}}, "07", {"x": 2.0, "who": "Akron"}),
    ]
    notebook_sweep.collect(runs, tmp_path / "results.parquet")
    table = pd.read_parquet(tmp_path / "results.parquet")
    assert list(table["scenario"]) == [0, 0, 1, 1]
    assert list(table.loc[table["name"] == "who", "words"]) == ["Akron", "Akron"]
    ((name, part),) = notebook_sweep.recorded(table)
    assert name == "07: x"
    assert list(part["value"]) == [1.0, 2.0]


def test_a_sweep_over_the_unit_of_the_wage_is_one_over_the_rho_that_it_implies(file, made):
    text = "wage_exponent: {from: 0.5, to: 1.5, number: 3}\ncity_hat: 0.9"
    wanted = sweep_file.read_sweep(file(text))
    wanted.check_panel(made)
    table = grid.points(wanted, made)
    beta = estimate(made).beta
    np.testing.assert_allclose(table["rho"], 1 - np.array([0.5, 1.0, 1.5]) / beta, rtol=1e-12)
    fixed = sweep_file.read_sweep(file("wage_exponent: 2\ntheta: [2, 3]\ncity_hat: 0.9"))
    np.testing.assert_allclose(grid.points(fixed, made)["rho"], 1 - 2 / beta, rtol=1e-12)
    for text, message in (
        ("wage_exponent: [1, 9]\ncity_hat: 0.9", "wage exponent of 9"),
        ("wage_exponent: [1, 2]\nrho: 0.5\ncity_hat: 0.9", "no effect where rho is given"),
        ("wage_exponent: [1, 2]\noccupation_hat: 0.9", "has no effect on any share"),
        ("wage_exponent: [1, 0]", "wage_exponent: expected a number above 0"),
    ):
        with pytest.raises(ParameterError, match=message):
            sweep_file.read_sweep(file(text)).check_panel(made)
