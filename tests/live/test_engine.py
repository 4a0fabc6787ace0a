"""The model in the page is the model in Python: sixty random settings and the corners."""

import json

import numpy as np
import pytest
from scipy.stats import chisquare, invweibull, kendalltau, kstest

from helpers import counterfactuals, exhibits, model
from helpers.exhibits.live.sampler import Uniform, log_draws
from helpers.model import Shares

pytestmark = pytest.mark.browser

DONE = "globalThis.companion && companion.engine"


@pytest.fixture(scope="module")
def run(browser, folder):
    """Call a function of JavaScript with the engine and data, in a page that is a file."""
    page = folder / "engine.html"
    page.write_text(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>engine</title>'
        '<script src="_static/companion/engine.js"></script></head><body></body></html>'
    )
    tab = browser.new_page()
    tab.goto(page.as_uri())
    assert tab.evaluate(DONE)

    def call(body, **data):
        plain = json.loads(json.dumps(data, default=lambda array: array.tolist()))
        return tab.evaluate(f"(d) => {{ const e = companion.engine; {body} }}", plain)

    yield call
    tab.close()


def _economy(rng, n_cities, n_occupations):
    return {
        "t_ck": rng.lognormal(0, 0.7, (n_cities, n_occupations)),
        "T_k": rng.lognormal(0, 0.5, n_occupations),
        "z_c": rng.lognormal(0, 1, n_cities),
    }


def _close(found, expected, rtol=1e-9, atol=1e-15):
    np.testing.assert_allclose(np.asarray(found, dtype=float), np.ravel(expected), rtol, atol)


SHARES = """
const s = e.shares(d.t_ck.flat(), d.T_k, d.z_c, d.rho);
return [Array.from(s.pi), Array.from(s.omega), Array.from(s.pi_c)];
"""
AFTER = """
const before = e.fromShares(d.pi_ck.flat(), d.omega_k);
const s = e.shock(before, d.rho, d.theta, {
  city: d.city, occupation: d.occupation, cell: d.cell && d.cell.flat() });
return [Array.from(s.pi), Array.from(s.omega), Array.from(s.pi_c)];
"""


@pytest.mark.parametrize("seed", range(60))
def test_shares_hats_diversion_and_similarity_are_those_of_python(run, seed):
    rng = np.random.default_rng(seed)
    n_cities, n_occupations = int(rng.integers(2, 40)), int(rng.integers(2, 9))
    economy = _economy(rng, n_cities, n_occupations)
    rho = rng.uniform(0, 0.98, n_occupations) if seed % 2 else float(rng.uniform(0, 0.98))
    expected = model.shares(**economy, rho=rho)
    for found, array in zip(
        run(SHARES, **economy, rho=rho),
        (expected.pi_ck, expected.omega_k, expected.pi_c),
        strict=True,
    ):
        _close(found, array)
    theta = float(rng.uniform(0.5, 10))
    hats = {
        "city": rng.lognormal(0, 0.2, n_cities),
        "occupation": rng.lognormal(0, 0.2, n_occupations),
        "city_occupation": rng.lognormal(0, 0.2, (n_cities, n_occupations)),
    }
    after = counterfactuals.shock(expected, rho, theta, **hats)
    shares = {"pi_ck": expected.pi_ck, "omega_k": expected.omega_k}
    found = run(
        AFTER, **shares, rho=rho, theta=theta, city=hats["city"],
        occupation=hats["occupation"], cell=hats["city_occupation"],
    )  # fmt: skip
    for one, array in zip(found, (after.pi_ck, after.omega_k, after.pi_c), strict=True):
        _close(one, array)
    start = "const before = e.fromShares(d.pi_ck.flat(), d.omega_k);"
    _close(
        run(f"{start} return Array.from(e.diversion(before, d.rho));", **shares, rho=rho),
        counterfactuals.diversion(expected, rho),
    )
    c = int(rng.integers(n_cities))
    _close(
        run(f"{start} return Array.from(e.similarity(before, d.c));", **shares, c=c),
        model.similarity(expected, c),
        atol=1e-9,
    )
    _close(run(f"{start} return Array.from(e.mix(before));", **shares), expected.phi_ck)


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.95, 1 - 1e-9])
@pytest.mark.parametrize("hat", [1e-300, 1e-3, 1.0, 1e3, 1e300])
def test_extreme_hats_neither_overflow_nor_lose_a_household(run, rho, hat):
    """One city changes by any factor: shares stay shares, and are Python's."""
    base = model.shares(np.ones((5, 3)) + np.eye(5, 3), np.ones(3), np.arange(1.0, 6.0), 0.3)
    city = np.array([hat, 1, 1, 1, 1])
    with np.errstate(under="ignore", over="ignore"):
        expected = counterfactuals.shock(base, rho, 3.0, city=city)
    found = run(AFTER, pi_ck=base.pi_ck, omega_k=base.omega_k, rho=rho, theta=3.0, city=city)
    for one, array in zip(found, (expected.pi_ck, expected.omega_k, expected.pi_c), strict=True):
        # where a city nearly empties its share has no digits left in either
        _close(one, array, atol=1e-13)
    assert np.sum(found[2]) == pytest.approx(1, abs=1e-12)


def test_no_shock_gives_the_shares_back(run, truth):
    shares = truth.panel().shares(2019)
    found = run(AFTER, pi_ck=shares.pi_ck, omega_k=shares.omega_k, rho=0.9, theta=3.0)
    for one, array in zip(found, (shares.pi_ck, shares.omega_k, shares.pi_c), strict=True):
        _close(one, array, rtol=1e-13)


def test_one_city_one_occupation_and_cells_that_nobody_chose(run):
    found = run(AFTER, pi_ck=[[1.0]], omega_k=[1.0], rho=0.5, theta=2.0, city=[0.5])
    assert [list(map(float, part)) for part in found] == [[1.0], [1.0], [1.0]]
    shares = Shares(np.array([[0.0, 0.4], [1.0, 0.6], [0.0, 0.0]]), np.array([0.7, 0.3]))
    with np.errstate(divide="ignore", under="ignore"):
        expected = counterfactuals.shock(shares, 0.64, 3.0, city=np.array([1e6, 0.5, 1e9]))
    found = run(
        AFTER, pi_ck=shares.pi_ck, omega_k=shares.omega_k, rho=0.64, theta=3.0,
        city=[1e6, 0.5, 1e9],
    )  # fmt: skip
    _close(found[0], expected.pi_ck)
    _close(found[2], expected.pi_c)
    assert found[0][0] == found[0][4] == found[0][5] == 0
    # what happens to a city where nobody lives moves nobody, however much it is
    empty = {"pi_ck": [[0.6, 0.4], [0.4, 0.6], [0.0, 0.0]], "omega_k": [0.7, 0.3], "rho": 0.9}
    for hat in (1e-300, 1e300):
        found = run(AFTER, **empty, theta=3.0, city=[1.1, 1.0, hat])
        _close(found[2], run(AFTER, **empty, theta=3.0, city=[1.1, 1.0, 1.0])[2])


@pytest.mark.parametrize(
    ("what", "named"),
    [
        ({"rho": 1.0}, "rho"),
        ({"rho": -0.1}, "rho"),
        ({"rho": [0.1]}, "rho"),
        ({"theta": 0}, "theta"),
        ({"city": [1.0, 0.0]}, "city"),
        ({"city": [1.0]}, "city"),
        ({"occupation": [1.0, None]}, "occupation"),
        ({"pi_ck": [[0.5, 0.5, 0.5]]}, "pi_ck"),
    ],
)
def test_what_is_outside_its_domain_is_refused_by_name(run, what, named):
    data = {"pi_ck": [[0.5, 0.4], [0.5, 0.6]], "omega_k": [0.5, 0.5], "rho": 0.5, "theta": 3.0}
    body = (
        f"try {{ {AFTER} }} catch (problem) {{ return `${{problem.name}} ${{problem.message}}`; }}"
    )
    said = run(body, **{**data, **what})
    assert said.startswith(f"RangeError {named}: expected")


def test_uniform_numbers_are_the_same_to_the_last_bit(run):
    for seed in (0, 1, 64, 2**31 + 5):
        draw = Uniform(seed)
        mine = [draw() for _ in range(500)]
        theirs = run(
            "const r = e.generator(d.seed); return Array.from({ length: 500 }, r);", seed=seed
        )
        assert mine == theirs
    draw = Uniform(7)
    assert kstest([draw() for _ in range(5_000)], "uniform").pvalue > 0.001


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.64, 0.95])
def test_households_are_those_of_python(run, rho):
    found = run(
        "return Array.from(e.draws([1, 1, 1], [1], d.z, d.rho, d.theta, 200, e.generator(5)));",
        z=[1.5, 1.0, 0.4], rho=rho, theta=3.0,
    )  # fmt: skip
    _close(found, log_draws(np.array([1.5, 1.0, 0.4]), rho, 3.0, 200, 5), atol=1e-10)


@pytest.mark.parametrize("rho", [0.0, 0.64, 0.9])
def test_households_choose_as_the_formula_says(run, rho):
    """Twenty thousand draws of equation (1) by cell, against equations (3), (5) and (7)."""
    rng = np.random.default_rng(3)
    economy = _economy(rng, 4, 3)
    n = 20_000
    best = run(
        "return Array.from(e.choices(e.draws(d.t_ck.flat(), d.T_k, d.z_c, d.rho, 3, d.n,"
        " e.generator(11)), 12));",
        **economy, rho=rho, n=n,
    )  # fmt: skip
    expected = model.shares(**economy, rho=rho)
    share_ck = (expected.pi_ck * expected.omega_k).ravel()
    seen = np.bincount(best, minlength=12)
    often = share_ck * n >= 5  # the test needs a few in each
    seen = [*seen[often], seen[~often].sum()]
    wanted = [*share_ck[often] * n, share_ck[~often].sum() * n]
    if wanted[-1] < 5:
        seen, wanted = (np.array([*v[:-2], v[-2] + v[-1]]) for v in (seen, wanted))
    assert chisquare(seen, wanted).pvalue > 0.001


def test_rank_correlation_of_draws_is_rho_within_an_occupation_and_none_across(run):
    body = """
    const log_Z = e.draws([1, 1, 1, 1], [1, 1], [1, 1], d.rho, 3, 8000, e.generator(2));
    const cell = (j) => log_Z.filter((_, i) => i % 4 === j);
    return [e.kendall(cell(0), cell(2)), e.kendall(cell(0), cell(1))];
    """
    for rho in (0.0, 0.4, 0.9):
        within, across = run(body, rho=rho)
        # the standard error of Kendall's tau is at most 2 / (3 sqrt n) under independence
        assert within == pytest.approx(rho, abs=4 * np.sqrt(2 * (1 - rho**2) / 8000) + 0.005)
        assert across == pytest.approx(0, abs=0.03)


@pytest.mark.parametrize("seed", range(12))
def test_kendall_is_scipy_s_with_ties_and_without(run, seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 300))
    x, y = rng.normal(size=(2, n))
    if seed % 3:
        x, y = np.round(x, seed % 3 - 1), np.round(y + 0.5 * x)
    expected = kendalltau(x, y).statistic
    found = run("return e.kendall(d.x, d.y);", x=x, y=y)
    if np.isnan(expected):
        assert found is None or np.isnan(found)
    else:
        assert found == pytest.approx(expected, abs=1e-12)


def test_density_and_quantiles_are_those_of_scipy(run):
    x = np.array([1e-3, 0.2, 0.7, 1.0, 3.0, 50.0])
    for theta, scale in ((1.2, 1.0), (3.0, 2.5), (9.0, 0.4)):
        draw = invweibull(theta, scale=scale ** (1 / theta))
        found = run("return d.x.map((v) => e.density(v, d.theta, d.T));", x=x, theta=theta, T=scale)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            expected = draw.pdf(x)
        _close(found, np.nan_to_num(expected), atol=1e-300)
        p = np.array([0.1, 0.5, 0.9])
        found = run(
            "return d.p.map((v) => e.quantile(v, d.theta, d.T));", p=p, theta=theta, T=scale
        )
        _close(found, draw.ppf(p))
    assert run("return e.density(0, 3) + e.density(-1, 3);") == 0


def test_the_shared_files_are_small_and_ask_for_nothing(folder):
    files = list((folder / "_static" / "companion").iterdir())
    assert {f.name for f in files} >= {"engine.js", "live.js", "live.css", "outline.js"}
    assert sum(f.stat().st_size for f in files) < 200_000
    for file in files:
        text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "://" not in text, f"{file.name} names an address"
        assert "import " not in text, f"{file.name} is no classic script"


def test_colours_of_occupations_stay_apart_for_every_kind_of_sight():
    """Machado, Oliveira and Fernandes (2009), full severity; differences in CIELAB."""
    sight = {
        "usual": np.eye(3),
        "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                       [-0.003882, -0.048116, 1.051998]],
        "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                         [-0.011820, 0.042940, 0.968881]],
        "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                       [0.004733, 0.691367, 0.303900]],
    }  # fmt: skip
    to_xyz = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
                       [0.0193339, 0.1191920, 0.9503041]])  # fmt: skip

    def linear(colour):
        rgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)

    def lab(rgb):
        x, y, z = np.cbrt(to_xyz @ rgb.clip(0, 1) / [0.95047, 1, 1.08883])
        return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])

    def contrast(colour, ground):
        light, deep = sorted((to_xyz[1] @ linear(c) + 0.05 for c in (colour, ground)), reverse=True)
        return light / deep

    eight = (
        "management", "professional", "sales", "trades", "primary", "cleaners", "security",
        "service",
    )  # fmt: skip
    colours = exhibits.occupation_colours(eight)
    assert len(set(colours.values())) == 8
    for name, matrix in sight.items():
        seen = [lab(np.asarray(matrix) @ linear(colour)) for colour in colours.values()]
        apart = [np.linalg.norm(a - b) for i, a in enumerate(seen) for b in seen[:i]]
        assert min(apart) > 11, name
    for colour in colours.values():
        assert contrast(colour, "#ffffff") >= 2.99
        assert contrast(colour, "#14181e") >= 2
    # the order of a chart changes nobody's colour
    assert exhibits.occupation_colours(eight[::-1]) == colours
    assert exhibits.occupation_colours(["trades"])["trades"] == colours["trades"]
