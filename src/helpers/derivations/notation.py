"""The symbols of the paper and what they are called in code: one table for page and test."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Symbol:
    """A symbol and its place.

    Attributes
    ----------
    tex : str
        As it is written.
    meaning : str
    shape : str
        Axes in order: C cities, K occupations, S sectors, L years, N rows.
    code : tuple of str
        Names of arguments and attributes.
    equation : str
        Where the paper introduces it.
    """

    tex: str
    meaning: str
    shape: str
    code: tuple[str, ...]
    equation: str


SYMBOLS = (
    Symbol(r"\pi_{ck}", "part of occupation k that lives in city c", "(C, K)", ("pi_ck",), "(3)"),
    Symbol(r"\omega_k", "share of all households in occupation k", "(K,)", ("omega_k",), "(5)"),
    Symbol(r"\pi_c", "share of all households in city c", "(C,)", ("pi_c",), "(7)"),
    Symbol(r"\phi_{ck}", "part of city c in occupation k", "(C, K)", ("phi_ck",), "(4)"),
    Symbol(
        r"\rho, \rho_k",
        "correlation of draws across cities within an occupation, from zero to below one",
        "() or (K,)",
        ("rho", "rho_k"),
        "(1)",
    ),
    Symbol(r"\theta", "shape: how alike households are, above zero", "()", ("theta",), "(1)"),
    Symbol("T_c", "productivity of a city", "(C,)", ("T_c",), "section 2.1"),
    Symbol(
        "z_c",
        r"scale of a city, $Z_c^{-\theta}$, in proportion to $T_c^\theta$",
        "(C,)",
        ("z_c",),
        "section 2.2",
    ),
    Symbol("T_k", "scale of an occupation everywhere", "(K,)", ("T_k",), "(2)"),
    Symbol("t_{ck}", "scale of an occupation in a city", "(C, K)", ("t_ck",), "(2)"),
    Symbol(r"\lambda_k", "appeal of occupation k", "(K,)", ("log_lambda",), "section 2.2"),
    Symbol(
        "G",
        "correlation function, the sum of all occupations' scales",
        "()",
        ("correlation_function",),
        "(2)",
    ),
    Symbol(r"\beta", r"slope of log shares on log wages, $1/(1-\rho)$", "()", ("beta",), "3.1"),
    Symbol(
        r"\ln\pi_{ckt}",
        "outcome of the regression",
        "(N,) or (C, K)",
        ("log_share", "log_pi_ck"),
        "3.1",
    ),
    Symbol(
        r"\ln w_{ckt}",
        "log of a cell's mean wage income, in dollars a year",
        "(N,)",
        ("log_wage",),
        "3.1",
    ),
    Symbol(
        r"\delta_c, \delta_k, \varepsilon_{ck}",
        "city effect, occupation effect, residual of log shares",
        "(C,), (K,), (C, K)",
        ("two_way",),
        "section 3.2",
    ),
    Symbol(r"\gamma_{ks}", "part of sector s in occupation k", "(K, S)", ("gamma_ks",), "3.1"),
    Symbol(r"\kappa_{cs}", "part of city c in sector s", "(C, S)", ("kappa_cs",), "3.1"),
    Symbol("A_{st}", "log total factor productivity of a sector", "(S, L)", ("log_tfp",), "3.1"),
    Symbol(
        r"W_{is}",
        "exposure of row i to sector s, or to a sector in a year",
        "(N, S)",
        ("W",),
        "beyond the paper",
    ),
    Symbol(
        r"\hat T_c, \hat T_k, \hat t_{ck}",
        "new value over old; as an argument named after what is shocked",
        "(C,), (K,), (C, K)",
        ("city_hat", "occupation_hat", "cell_hat", "hat", "city", "occupation", "city_occupation"),
        "section 5",
    ),
    Symbol("x'", "value after a shock", "as x", ("..._new",), "section 5"),
)


REMARKS = (
    r"We write $z_c = Z_c^{-\theta}$ for the city scale, since it enters every formula in this form.",
    r"Sums over occupations run over $l$ where the paper uses $k$ for the occupation at hand as well.",
    r"Exact elasticities stand beside the paper's, which take cities to be small; $c'$ is the city "
    r"that changes and $c$ the one that responds.",
    r"An elasticity is with respect to $z_c$ or to $T_c$, and says which: the second is $\theta$ "
    r"times the first.",
)
"""Where this book writes something otherwise than the paper."""


def names() -> set[str]:
    """Every name in code that stands for a symbol."""
    return {name for symbol in SYMBOLS for name in symbol.code}


def has_place(name: str) -> bool:
    """Whether a name in code stands on the page of the reference: an ending alone does not."""
    return not name.startswith("...")


def _name(name: str) -> str:
    """A name in code, with an anchor of its own and a link to what takes or has it."""
    if not has_place(name):
        return f"`{name}`"
    return f'<a id="symbol-{name}" href="reference.html#uses-{name}"><code>{name}</code></a>'


def _where(place: str) -> str:
    """A place in the paper, with the word for what it is."""
    what = "equation " if place.startswith("(") else "section " if place[0].isdigit() else ""
    return what + place


def markdown() -> str:
    """The table of the notation page, and where it departs from the paper's."""
    head = "| Symbol | Meaning | Shape | In code | Where |\n| --- | --- | --- | --- | --- |\n"
    table = head + "\n".join(
        f"| ${s.tex}$ | {s.meaning} | {s.shape} | "
        + ", ".join(map(_name, s.code))
        + f" | {_where(s.equation)} |"
        for s in SYMBOLS
    )
    return f"{table}\n\nWhere we write otherwise than the paper:\n\n" + "\n".join(
        f"- {remark}" for remark in REMARKS
    )
