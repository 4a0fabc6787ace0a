"""Does the estimator work? Economies drawn again and again, estimated, compared with the truth.

Exposures are those of the synthetic economy; tastes and wages are drawn anew. The designs:

* ``as assumed``: tastes are independent between cells and of the exposures;
* ``shared exposures``: tastes follow the city's sector mix, occupation by occupation, so that
  errors are correlated between cities that are alike, and few clusters hold them;
* ``base-year shares``: the instrument is base-year exposures and nothing else, and lasting tastes
  go along with them, as they do where people have long moved to what they like;
* ``survey error``: shares and wages come from samples of the size of the survey's;
* ``base-year tastes, strong shifts``: lasting tastes go along with base-year exposures, and the
  shifts move the instrument and wages enough to be seen.

Standard errors, statistics and sets are the package's own functions on these arrays.
"""

from __future__ import annotations

import ast
import hashlib
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from helpers import files
from helpers.errors import ParameterError, find_name
from helpers.inference import clusters as clustering
from helpers.inference import sign_patterns, strength
from helpers.inference.clusters import hansen
from helpers.inference.worlds import CLUSTERINGS, DESIGNS, draw, frame_of, instrument
from helpers.sources import synthetic

LEVEL = 0.95
_WILD_DRAWS = 99
_PAIRS_DRAWS = 399
_CELL_DRAWS, _CELL_EVERY = 99, 10
INTERVALS = (
    "heteroskedastic",
    *CLUSTERINGS,
    "tF, occupation",
    "pairs, occupation",
    *(f"{form}, {name}" for name in CLUSTERINGS for form in ("AR", "AR unrestricted", "wild AR")),
    "wild t, occupation",
    "AKM, by sector",
)
TESTS = ("J, city x occupation", "J, city", "J, occupation")
"""Whether Hansen's J rejects that the base-year and the actual instrument agree."""


def one(design: str, seed: int, rho: float = synthetic.RHO) -> dict[str, float]:
    """Estimate one drawn economy: slopes, standard errors, and which intervals hold the truth.

    Whether tests reject that the base-year and the actual instrument agree (:data:`TESTS`) is
    there as well. The wild test with a cluster a cell is run in every tenth economy.
    """
    find_name("design", design, DESIGNS)
    frame = frame_of()
    y, x, z = draw(design, np.random.default_rng([DESIGNS.index(design), seed]), rho)
    moved = float((z * x).sum())
    beta, ols = float((z * y).sum()) / moved, float((x * y).sum() / (x * x).sum())
    truth = 1 / (1 - rho)
    score = (z * (y - beta * x)).ravel()
    null = (z * (y - truth * x)).ravel()
    row: dict[str, float] = {"design": design, "seed": seed, "ols": ols, "beta": beta}

    def judge(name: str, sums: np.ndarray, degrees: int) -> None:
        error = np.sqrt(frame.factors[name] * (sums @ sums)) / abs(moved)
        row[f"se {name}"] = error
        row[name] = abs(beta - truth) <= _t_quantile(degrees) * error

    judge("heteroskedastic", score, frame.degrees)
    first = moved / float((z * z).sum())
    left = (z * (x - first * z)).ravel()
    for name, codes in frame.codes.items():
        n = int(codes.max()) + 1
        judge(name, clustering.sums(score, codes), n - 1)
        critical = _t_quantile(n - 1) ** 2
        s_null = clustering.sums(null, codes)
        along = clustering.sums((z * z).ravel(), codes)
        s_free = s_null - along / along.sum() * s_null.sum()
        for form, s in (("AR", s_null), ("AR unrestricted", s_free)):
            statistic = s_null.sum() ** 2 / (n / (n - 1) * (s @ s))
            row[f"{form}, {name}"] = statistic <= critical
        if name == "city x occupation" and seed % _CELL_EVERY:
            continue
        draws = _CELL_DRAWS if name == "city x occupation" else _WILD_DRAWS
        signs = sign_patterns.sign_patterns(n, max(draws, 256 if n == 8 else 0), seed)
        S_y, S_x = (scores(v, z, name, signs) for v in (y, x))
        s_y, s_x = (clustering.sums((z * v).ravel(), codes) for v in (y, x))
        row[f"wild AR, {name}"] = _held(
            sign_patterns.AndersonRubin(s_y, s_x, S_y, S_x, along), truth
        )
        if name == "occupation":
            error = (
                frame.factors[name] * clustering.sums(left, codes) @ clustering.sums(left, codes)
            )
            strong = moved**2 / error
            reach = strength.tf_critical(strong) * row[f"se {name}"]
            row["first_stage_f"] = strong
            row["tF, occupation"] = abs(beta - truth) <= reach
            low, high = np.quantile(_pairs(y, x, z, seed), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
            row["pairs, occupation"] = low <= truth <= high
            S_z = scores(z, z, name, signs)
            flat = (v.ravel() for v in (y, x, z))
            efficient = sign_patterns.Efficient(
                *flat, along, S_y, S_x, S_z, clustering.sums(score, codes)
            )
            row["wild t, occupation"] = _held(efficient, truth)
    _overidentified(row, design, y, x)
    if not design.startswith("base-year"):
        n_years, n_cities, n_occupations = z.shape
        residual = (y - beta * x).reshape(n_years, -1)
        exposure = frame.W[: n_cities * n_occupations, : frame.kappa.shape[1]]
        by_year = frame.shock.reshape(n_years, -1) * (residual @ exposure)
        parts = by_year.sum(axis=0)  # a sector's years together
        error = np.sqrt(parts @ parts) / abs(moved)
        row["se AKM, by sector"] = error
        row["AKM, by sector"] = abs(beta - truth) <= stats.norm.ppf((1 + LEVEL) / 2) * error
    return row


@lru_cache
def _t_quantile(degrees: int) -> float:
    return float(stats.t.ppf((1 + LEVEL) / 2, degrees))


def _held(bootstrap: sign_patterns.AndersonRubin | sign_patterns.Efficient, truth: float) -> bool:
    """Whether the test does not reject the truth."""
    return bool(bootstrap.p_value(truth) >= 1 - LEVEL)


def _overidentified(row: dict, design: str, y: np.ndarray, x: np.ndarray) -> None:
    """Hansen's J of the base-year instrument and the one that moves, in each clustering."""
    frame = frame_of()
    z = frame.z if design == "base-year shares" else instrument(design)
    base = np.broadcast_to(z[0], z.shape).ravel()
    added = z.ravel() - base * (base @ z.ravel()) / (base @ base)
    for name, codes in frame.codes.items():
        J, _ = hansen(y.ravel(), x.ravel(), np.column_stack([base, added]), codes)
        row[f"J, {name}"] = float(stats.chi2.sf(J, 1) < 1 - LEVEL)


def scores(values: np.ndarray, z: np.ndarray, clustering: str, signs: np.ndarray) -> np.ndarray:
    """Sums by cluster of z times a variable whose signs a pattern changed, effects out anew.

    In a full rectangle taking effects out is taking means out, and z has no means: what is left
    are a few matrix products.

    Parameters
    ----------
    values, z : arrays (T, C, K)
        Net of effects.
    clustering : str
        A key of :data:`CLUSTERINGS`.
    signs : array (patterns, G)

    Returns
    -------
    array (patterns, G)
    """
    find_name("clustering", clustering, tuple(CLUSTERINGS))
    _, n_cities, n_occupations = z.shape
    if clustering == "city x occupation":
        s = signs.reshape(-1, n_cities, n_occupations)
        own = s * np.einsum("tck,tck->ck", z, values)
        by_city = np.einsum("tck,pck->ptc", values, s, optimize=True) / n_occupations
        by_occupation = np.einsum("tck,pck->ptk", values, s, optimize=True) / n_cities
        own -= np.einsum("tck,ptc->pck", z, by_city, optimize=True)
        own -= np.einsum("tck,ptk->pck", z, by_occupation, optimize=True)
        overall = by_city.mean(axis=2)
        own += np.einsum("tck,pt->pck", z, overall, optimize=True)
        return own.reshape(len(signs), -1)
    axis = 1 if clustering == "city" else 2
    flat = [np.moveaxis(v, axis, 0).reshape(v.shape[axis], -1) for v in (z, values)]
    n = len(flat[0])
    return signs @ ((flat[0] @ flat[1].T) * (np.eye(n) - 1 / n)).T


def _pairs(y: np.ndarray, x: np.ndarray, z: np.ndarray, seed: int) -> np.ndarray:
    """2SLS slopes with occupations drawn with replacement, effects estimated anew."""
    n = z.shape[2]
    drawn = np.random.default_rng([seed, 1]).multinomial(n, np.full(n, 1 / n), size=_PAIRS_DRAWS)
    weight = drawn.astype(float)
    moments = []
    for v in (y, x):
        products = z.reshape(-1, n).T @ v.reshape(-1, n)
        shared = np.einsum("bk,kl,bl->b", weight, products, weight, optimize=True) / n
        moments.append(weight @ np.diag(products) - shared)
    usable = np.abs(moments[1]) > 1e-9 * np.abs(moments[1]).max()  # not one occupation alone
    return moments[0][usable] / moments[1][usable]


def _some(arguments: tuple[str, range, float]) -> list[dict[str, float]]:
    design, seeds, rho = arguments
    return [one(design, seed, rho) for seed in seeds]


def uses(module: str) -> dict[str, Path]:
    """Files of the package that a module's results rest on: itself, what it imports, and so on.

    Data that a package ships beside its modules count as well.
    """
    root = Path(__file__).parents[1]
    found: dict[str, Path] = {}
    todo = [module]
    while todo:
        name = todo.pop()
        place = root.joinpath(*name.split(".")[1:])
        path = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
        if name in found or not path.is_file():
            continue
        found[name] = path
        if path.stem == "__init__" and place != root:  # a face hands on what it is asked for
            todo += [f"{name}.{each.stem}" for each in path.parent.glob("*.py")]
        for beside in sorted(path.parent.glob("*.csv")) if place.parent != root else ():
            found[f"{name}: {beside.name}"] = beside
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("helpers"):
                todo += [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
            elif isinstance(node, ast.Import):
                todo += [each.name for each in node.names if each.name.startswith("helpers")]
    return dict(sorted(found.items()))


def run(
    draws: int = 500,
    designs: tuple[str, ...] = DESIGNS,
    rho: float = synthetic.RHO,
    *,
    cache: Path | None = files.BUILD / "cache",
    workers: int | None = None,
    progress: bool | None = None,
) -> pd.DataFrame:
    """Draw and estimate many economies, in parallel; results are kept for the next time.

    Parameters
    ----------
    draws : int
        Of each design.
    designs : tuple of str
    rho : float, in [0, 1)
    cache : Path or None
        Folder for results, by arguments and by the code of all modules of the package that
        this one uses (:func:`uses`); None keeps nothing.
    workers : int, optional
        Processes; by default one a processor.
    progress : bool, optional
        Show a bar; by default where standard error is a terminal.

    Returns
    -------
    DataFrame
        One row a draw: ``design``, ``seed``, ``ols``, ``beta``, standard errors, for each of
        :data:`INTERVALS` whether it holds the truth and for each of :data:`TESTS` whether it
        rejects.
    """
    if isinstance(draws, bool) or draws < 1:
        raise ParameterError(f"draws: expected a whole number above 0, found {draws!r}")
    for design in designs:
        find_name("design", design, DESIGNS)
    code = {name: path.read_bytes() for name, path in uses(__name__).items()}
    key = hashlib.sha256(repr((code, draws, designs, rho)).encode()).hexdigest()[:16]
    kept = None if cache is None else Path(cache) / f"montecarlo-{key}.parquet"
    if kept is not None and kept.is_file():
        return pd.read_parquet(kept)
    batch = 20
    jobs = [
        (design, range(start, min(start + batch, draws)), rho)
        for design in designs
        for start in range(0, draws, batch)
    ]
    from tqdm import tqdm

    show = sys.stderr.isatty() if progress is None else progress
    rows: list[dict[str, float]] = []
    with (
        ProcessPoolExecutor(workers or os.cpu_count()) as pool,
        tqdm(total=len(jobs) * batch, desc="economies", disable=not show) as bar,
    ):
        for part in pool.map(_some, jobs):
            rows += part
            bar.update(len(part))
    table = pd.DataFrame(rows)
    held = [name for name in (*INTERVALS, *TESTS) if name in table]
    table = table.astype(dict.fromkeys(held, float))  # missing where a design has no such interval
    if kept is not None:
        with files.whole(kept) as beside:
            table.to_parquet(beside, index=False)
    return table


def summary(results: pd.DataFrame, rho: float = synthetic.RHO) -> pd.DataFrame:
    """Bias and coverage by design.

    Returns
    -------
    DataFrame
        One row a design: ``truth``, mean of ``ols`` and of ``beta``, ``bias`` of 2SLS, ``sd`` of
        2SLS over draws, and for each interval the share that hold the truth, for each of
        :data:`TESTS` the share that reject.
    """
    rows = []
    truth = 1 / (1 - rho)
    for design, part in results.groupby("design", sort=False):
        rows.append(
            {
                "design": design,
                "truth": truth,
                "ols": part["ols"].mean(),
                "beta": part["beta"].mean(),
                "bias": part["beta"].mean() - truth,
                "sd": part["beta"].std(),
                **{
                    name: part[name].mean()
                    for name in (*INTERVALS, *TESTS)
                    if name in part and part[name].notna().any()
                },
            }
        )
    return pd.DataFrame(rows)
