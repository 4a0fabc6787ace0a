"""The paper's numbers and words against its own data; and that the checks can fail."""

import numpy as np
import pandas as pd
import pytest

from helpers import claims, figures, tables, targets
from helpers.estimation import estimate
from helpers.panel import Panel


@pytest.fixture(scope="module")
def evidence(published):
    return claims.Evidence(published)


def test_every_printed_number_but_one_is_reproduced(published, evidence):
    report = targets.compare(published, evidence).set_index("id")
    assert report.index[~report["ok"]].tolist() == ["first-f"]
    assert np.isnan(report.loc["first-f", "computed"])


@pytest.mark.parametrize(
    ("target", "proper"),
    [("iv-se", 0.2528), ("ols-r2", 0.9459), ("iv-f", 204.1), ("first-f", 204.1)],
)
def test_numbers_that_stand_in_the_wrong_place(published, evidence, target, proper):
    """What the place asks for, from pyfixest, to four digits; and it is not what is printed."""
    row = targets.compare(published, evidence).set_index("id").loc[target]
    assert row["proper"] == pytest.approx(proper, rel=5e-4)
    assert abs(row["proper"] - row["printed"]) > 5 * row["tolerance"]


def test_another_panel_does_not_pass_as_the_papers(made):
    """The comparison can fail: on the synthetic economy nearly nothing agrees."""
    assert targets.compare(made)["ok"].sum() <= 2


def test_a_small_error_in_the_data_is_seen(published):
    cells = published.cells.copy()
    cells["log_wage"] = cells["log_wage"] * 1.002
    report = targets.compare(Panel(cells, published.cities)).set_index("id")
    assert not report.loc["iv-beta", "ok"]


def test_tolerances_are_half_a_unit_of_the_last_digit():
    by_id = {target.id: target for target in targets.TARGETS}
    assert by_id["rho"].tolerance == 0.005
    assert by_id["first-n"].tolerance == 0.5
    assert by_id["T_k-security"].tolerance == pytest.approx(5e-7)
    assert len(by_id) == len(targets.TARGETS)


def test_verdicts_on_the_papers_claims(published, evidence):
    """Those that the paper's own data contradict, whole or in part, and why."""
    verdicts = claims.check(published, evidence).set_index("id")["verdict"]
    assert set(verdicts.index[verdicts == "does not hold"]) == {
        "sales", "three-times", "figure-5", "place-based",
    }  # fmt: skip
    assert verdicts["lowest-occupation"] == "holds in part"
    assert verdicts["large-gain"] == "holds in part"
    assert verdicts["stable"] == "holds"
    assert (verdicts == "holds").sum() >= 15


def test_a_claim_can_fail(made):
    """Swap two cities' names and claims about them turn."""
    swap = {figures.NEW_YORK: figures.VISALIA, figures.VISALIA: figures.NEW_YORK}
    swapped = Panel(
        made.cells.assign(city=made.cells["city"].replace(swap)),
        made.cities.assign(city=made.cities["city"].replace(swap)),
    )
    verdicts = claims.check(swapped).set_index("id")["verdict"]
    assert verdicts["top-cities"] != "holds"
    assert verdicts["visalia-small"] == "does not hold"


def test_tables_hold_the_printed_digits(panel):
    shared = targets.Results(panel)
    first = tables.table_1(panel, shared)
    assert first["printed"].tolist() == ["0.291", "0.023", "2.777", "0.041", "0.956", "145.8"]
    assert len(tables.table_8_2_1(panel, shared)) == 9
    assert len(tables.table_2a(panel, shared)) == len(tables.table_2b(panel, shared)) == 8
    html = tables.show(first).to_html()
    assert "0.041" in html
    assert html == tables.show(first).to_html()


def test_figures_draw_what_counterfactuals_say(panel):
    """Data of figures 2-5 against the identities that they illustrate."""
    rho = estimate(panel).rho
    second = figures.figure_2(panel, rho).data
    assert len(second) == len(panel.shares(2019).cities) - 1
    assert figures.NEW_YORK not in set(second["city"])
    assert second["change"].corr(second["similarity"]) > 0.5
    np.testing.assert_allclose(second["change_independent"], second["change_independent"][0])
    third = figures.figure_3(panel, rho).data
    np.testing.assert_allclose(third["ratio"], third["change"] / third["change_independent"])
    fourth = figures.figure_4(panel, rho).data
    mix = panel.shares(2019)
    assert ((fourth["management"] > 1) == (mix.phi_ck[:, 0] > mix.omega_k[0])).all()
    fifth = figures.figure_5(panel, rho).data
    np.testing.assert_allclose(fifth["change"], fifth["change_independent"], rtol=1e-12)


def test_a_figure_is_the_same_bytes_for_the_same_data(made):
    one, other = figures.figure_2(made, 0.64), figures.figure_2(made, 0.64)
    assert one.svg() == other.svg()
    assert "<svg" in one.svg()
    assert repr(one) == repr(other)
    assert repr(one) != repr(figures.figure_2(made, 0.63))


def test_shares_drawn_in_figure_1_sum_to_one(panel):
    assert figures.figure_1a(panel).data["pi_c"].sum() == pytest.approx(1)
    mix = figures.figure_1b(panel).data
    np.testing.assert_allclose(mix.groupby("city")["phi_ck"].sum(), 1)
    assert isinstance(mix, pd.DataFrame)
