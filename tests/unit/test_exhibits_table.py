"""Tables and results that leave the page: the words and digits shown, in LaTeX and Markdown."""

import re

import numpy as np
import pandas as pd
import pytest

from helpers import counterfactuals, equilibrium, estimation, inference, shifters, shiftshare
from helpers.book import public
from helpers.build.replicates import Replicates
from helpers.exhibits import show
from helpers.inference import alternatives, history, rho_by_occupation
from helpers.model import Shares
from helpers.panel.writing import as_latex
from helpers.sources import synthetic

FRAME = pd.DataFrame(
    {"city": ["Évry & Corbeil", "50% town_1"], "change": [0.12345, np.nan], "rho": [0.5, -0.25]}
)
PAIR = Shares([[0.6, 0.2], [0.4, 0.8]], [0.5, 0.5], ("East", "West"), ("makers", "sellers"))


@pytest.fixture(scope="module")
def panel():
    return synthetic.load()


def _cells(shown: str, mark: str) -> list[list[str]]:
    return [
        [cell.strip() for cell in line.removesuffix("\\\\").strip(" |").split(mark)]
        for line in shown.splitlines()
        if mark in line
    ]


def _html(table) -> list[list[str]]:
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(table.to_html(), "html.parser")
    return [[c.get_text() for c in row.find_all(["th", "td"])] for row in soup.find_all("tr")]


def test_a_table_has_the_same_words_and_digits_in_every_form():
    table = show(FRAME, {"change": ".1%", "rho": 2}, "Loss of 5%")
    page = _html(table)
    assert page[1] == ["Évry & Corbeil", "12.3%", "0.50"]
    markdown = _cells(table.to_markdown(), "|")
    assert [markdown[0], *markdown[2:]] == page
    # numbers to the right
    assert [cell.endswith(":") for cell in markdown[1]] == [False, True, True]
    latex = table.to_latex()
    plain = re.sub(r"\\(?=[&%_])", "", latex).replace(r"$\rho$", "ρ")
    head = plain.partition(r"\toprule")[2].partition(r"\\")[0]
    assert [cell.strip() for cell in head.split(" & ")] == page[0]
    assert r"Évry \& Corbeil & 12.3\% & 0.50 \\" in latex
    assert r"50\% town\_1 &  & -0.25 \\" in latex
    assert r"\caption{Loss of 5\%}" in latex


def test_numbers_beside_printed_ones_leave_with_the_digits_printed():
    table = show(pd.DataFrame({"printed": ["0.64", "2.787"], "computed": [0.6412, 2.78749]}))
    assert _cells(table.to_markdown(), "|")[2:] == [["0.64", "0.64"], ["2.787", "2.787"]]


@pytest.mark.parametrize(
    ("words", "latex"),
    [
        ("a^b", r"a\textasciicircum{}b"),
        ("x\\y", r"x\textbackslash{}y"),
        ("θ × λ²", r"$\theta$ $\times$ $\lambda$\textsuperscript{2}"),
        ("Σ", r"$\Sigma$"),
        (r"$\pi_{ck}$ of 3%", r"$\pi_{ck}$ of 3\%"),
        ("$5 and $6", r"\$5 and \$6"),
    ],
)
def test_words_are_written_as_latex_prints_them(words, latex):
    table = as_latex(pd.DataFrame({"a": [words], "b": [1]}))
    assert f"{latex} & 1" in table


def test_regressions_stand_beside_each_other_in_a_table_for_a_paper(panel):
    """Maketables reads our fits as it does pyfixest's: same slope, error, stars and effects."""
    import pyfixest
    from maketables import ETable

    found = estimation.estimate(panel, years=[2018, 2019])
    data = estimation.sample(panel, [2018, 2019])
    rival = pyfixest.feols(
        "log_share ~ log_wage | city_year + occupation_year",
        data,
        vcov={"CRV1": "city_occupation"},
    )
    latex = ETable([found.ols, found, rival]).make("tex")
    (row,) = [line for line in latex.splitlines() if line.startswith("ln wage")]
    ours, two_stage, theirs = re.findall(r"makecell\{(.+?)\}", row)
    assert ours == theirs
    assert f"{found.beta:.3f}" in two_stage
    assert f"({found.se:.3f})" in two_stage
    assert f"{found.rho:.3f}" in latex
    assert "_" not in re.sub(r"\\_", "", latex.partition("toprule")[2].partition("bottomrule")[0])


def _results(panel) -> dict[str, object]:
    rng = np.random.default_rng(0)
    W = rng.dirichlet(np.full(60, 0.1), size=300)
    shifts = rng.normal(size=60)
    z = W @ shifts
    x, y = z + rng.normal(size=300), z + rng.normal(size=300)
    data = estimation.sample(panel)
    names = ("log_share", "log_wage", "instrument", ("city_year", "occupation_year"))
    closure, hats = equilibrium.STANDARD, np.array([[0.9, 1.0], [1.0, 1.1]])
    two = panel.shares(2019)
    n_ck = two.pi_ck * two.omega_k
    again = {year: np.stack([n_ck, n_ck[::-1]]) for year in panel.years}
    return {
        "Replicates": Replicates(panel, again, 0),
        "Shares": PAIR,
        "Fit": estimation.fit(data, "log_wage", "instrument"),
        "RhoEstimate": estimation.estimate(panel),
        "Net": estimation.net_of_effects(data, *names),
        "Shifters": shifters.recover(panel, 2019, 0.6, 3.0),
        "ShiftShareFit": shiftshare.regress(y, z, W, x=x, controls=np.ones(300)),
        "ShockLevelFit": shiftshare.shock_level(y, x, W, shifts),
        "ConfidenceSet": inference.anderson_rubin(panel),
        "WildTest": inference.wild_test(panel, 1.0),
        "Overidentification": inference.overidentification(panel),
        "Within": inference.within(panel),
        "History": history.between(panel, 2010, 2019),
        "Slopes": alternatives.least_squares_slopes(panel),
        "RhoByOccupation": rho_by_occupation.estimate_rho_k(panel),
        "Equilibrium": equilibrium.solve(PAIR, 0.5, 3.0, closure, city={"East": 0.9}),
        "Equilibria": equilibrium.solve_many(PAIR, 0.5, 3.0, closure, city=hats),
        "Margin": equilibrium.at_the_margin(PAIR, 0.5, 3.0, closure, city={"East": 1.01}),
    }  # fmt: skip


def test_every_result_becomes_a_tidy_table(panel):
    """What public functions return, apart from panels, inputs that are read, and files' layouts."""
    results = _results(panel)
    made = {"Panel", "Closure", "Resolution", "Codebook", "Economy", "Path"}
    rooms = ("model", "elasticities", "counterfactuals", "shifters", "instrument", "estimation",
             "shiftshare", "equilibrium", "inference", "sources", "build", "panel")  # fmt: skip
    members = public.rooms()
    classes = {each.name for _, names in members.values() for each in names
               if each.kind == "class"}  # fmt: skip
    returned = {
        each.types.get("return", "")
        for room in rooms
        for each in members[room][1]
        if each.kind == "function"
    }
    assert (returned & classes) | {"Margin"} <= set(results) | made
    for name, result in results.items():
        table = result.to_frame()
        assert len(table) > 0, name
        assert isinstance(table.index, pd.RangeIndex), name
        assert all(isinstance(column, str) for column in table), name
        assert table.columns.is_unique, name
        # a table is written and read again without loss of shape
        some = table.iloc[:300]
        assert show(some).to_markdown().count("\n") == len(some) + 2


def test_tables_of_results_hold_their_numbers(panel):
    found = estimation.estimate(panel)
    table = found.to_frame().set_index("regression")
    assert table.loc["2SLS", "coefficient"] == found.beta
    product = table.loc["2SLS", "coefficient"] * table.loc["first stage", "coefficient"]
    assert product == pytest.approx(table.loc["reduced form", "coefficient"])
    assert 1 - 1 / found.beta == pytest.approx(table.loc["2SLS", "rho"])

    scales = shifters.recover(panel, 2019, 0.6, 3.0)
    cell = scales.to_frame().set_index(["city", "occupation"]).loc[("Akron, OH", "trades")]
    assert cell["T_c"] == scales.T_c["Akron, OH"]
    assert cell["T_k"] == scales.T_k["trades"]
    assert cell["t_ck"] == scales.t_ck.loc["Akron, OH", "trades"]

    rays = inference.ConfidenceSet(((-np.inf, 1.0), (3.0, np.inf)), 0.9).to_frame()
    assert rays["low"].tolist() == [-np.inf, 3.0]
    assert inference.ConfidenceSet((), 0.9).to_frame().empty

    many = equilibrium.solve_many(
        PAIR, 0.5, 3.0, equilibrium.STANDARD, city=np.array([[0.9, 1.0], [1.0, 1.1]])
    )
    second = many.to_frame().query("scenario == 1").reset_index(drop=True)
    pd.testing.assert_frame_equal(
        second.drop(columns=["scenario", "welfare_hat"]), many[1].to_frame()
    )
    margin = equilibrium.at_the_margin(
        PAIR, 0.5, 3.0, equilibrium.PAPER, city={"East": np.exp(1e-6)}
    ).to_frame()
    shocked = counterfactuals.shock(PAIR, 0.5, 3.0, city={"East": np.exp(1e-6)})
    change = np.log(shocked.pi_ck * shocked.omega_k / (PAIR.pi_ck * PAIR.omega_k)).ravel()
    np.testing.assert_allclose(margin["households"], change, rtol=1e-4)
    assert margin["city"].tolist() == ["East", "East", "West", "West"]


def test_tables_of_one_shape_on_a_page_keep_their_own_alignment():
    """A rule for cells of numbers does not reach a column of words of the table beside."""
    numbers = show(pd.DataFrame({"rate": [0.1, 0.2], "gain": [1.0, 2.0]})).to_html()
    words = show(pd.DataFrame({"part": ["half", "all"], "gain": [1.0, 2.0]})).to_html()
    marks = [set(re.findall(r"T_table-[0-9a-f]+", html)) for html in (numbers, words)]
    assert [len(mark) for mark in marks] == [1, 1]
    assert not marks[0] & marks[1]
    again = show(pd.DataFrame({"part": ["half", "all"], "gain": [1.0 + 1e-12, 2.0]}))
    assert again.to_html() == words  # the same table, whatever its last digits
