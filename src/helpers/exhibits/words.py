"""Names of variables in words, as the headings of tables and the rows of summaries say them."""

from __future__ import annotations

import html
import re

# what a reader is told instead of a variable's name; units stand in brackets
WORDS = {
    "alpha": "Weight",
    "alpha_k": "Weight of the occupation",
    "base": "Base-year instrument, slope",
    "beta": "Slope",
    "between": "Between cells",
    "bounded": "Sets that are bounded",
    "change": "Change with correlation",
    "change_independent": "Change without correlation",
    "city_occupation": "city × occupation",
    "cell_hat": "Factor on the cell",
    "city_hat": "Factor on the city",
    "critical": "Critical value",
    "diversion": "Diversion",
    "f": "F",
    "first_stage_f": "First-stage F",
    "form": "Form of the test",
    "gained": "Households gained, per 1,000",
    "hat": "Factor",
    "id": "Name",
    "instrument": "Instrument",
    "kilometres": "Distance (km)",
    "lambda_k": "λ of the occupation",
    "largest": "Largest statistic",
    "log_share": "ln share",
    "log_wage": "ln wage",
    "median_f": "Median first-stage F",
    "moved": "Households moved, per 1,000",
    "n": "Number",
    "n_clusters": "Number of clusters",
    "no_area": "Without an area",
    "no_industry": "Without an industry",
    "no_wage": "Without a wage",
    "occupation_hat": "Factor on the occupation",
    "ols": "OLS",
    "omega_k": "Share of the country's households",
    "outlay": "Outlay",
    "outlay_after": "Outlay after moves",
    "over_time": "Over time",
    "p-value": "p-value",
    "p_value": "p-value",
    "per_outlay": "Gained per unit of outlay",
    "phi_ck": "Share of the city's households",
    "pi_c": "Share of households",
    "pi_ck": "Share of the occupation's households",
    "r2": "R²",
    "ratio": "Change with over change without correlation",
    "relative": "Relative to its size",
    "rho": "ρ",
    "rho_high": "ρ, highest",
    "rho_k": "ρ of the occupation",
    "rho_low": "ρ, lowest",
    "sd": "Standard deviation",
    "se": "Standard error",
    "se of beta": "Standard error of the slope",
    "se_jackknife": "Standard error, jackknife",
    "set": "95% set",
    "shifts": "Shifts, slope",
    "shifts_f": "Shifts, first-stage F",
    "shifts_set": "Shifts, 95% set",
    "similarity": "Similarity",
    "t_ck": "Scale of the cell",
    "t_c": "Scale of the city",
    "t_k": "Scale of the occupation",
    "theta": "θ",
    "z_c": "Scale z of the city",
    # survey variables, as the codebook explains them
    "YEAR": "Year (YEAR)",
    "HHWT": "Household weight (HHWT)",
    "MET2013": "Metropolitan area (MET2013)",
    "OCC1990": "Occupation (OCC1990)",
    "INDNAICS": "Industry (INDNAICS)",
    "INCWAGE": "Wage income, dollars (INCWAGE)",
    # rows of a summary
    "count": "number",
    "mean": "mean",
    "std": "standard deviation",
    "min": "smallest",
    "25%": "lower quartile",
    "50%": "median",
    "75%": "upper quartile",
    "max": "largest",
}
SUMMARY = frozenset(("count", "mean", "std", "min", "25%", "50%", "75%", "max"))
_SCALES = {"T_k": "occupation", "T_c": "city", "t_ck": "cell"}
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+")


def heading(name: object) -> str:
    """Say a column's name in words: from :data:`WORDS`, else with spaces for underscores.

    Parameters
    ----------
    name : object
        A column's name; what is in words already stays as it is, with a capital.

    Examples
    --------
    >>> heading("change_independent"), heading("share of cities"), heading("T_k-management")
    ('Change without correlation', 'Share of cities', 'Scale of the occupation: management')
    """
    text = str(name).strip()
    if text in SUMMARY:
        return WORDS[text].capitalize()
    if text in WORDS:
        return _capital(WORDS[text])
    scale, mark, rest = text.partition("-")
    if mark and scale in _SCALES:
        return f"Scale of the {_SCALES[scale]}: {rest}"
    if scale in _SCALES and not mark:
        return f"Scale of the {_SCALES[scale]}"
    text = _IDENTIFIER.sub(_spoken, text)
    text = re.sub(r"\b(rho|theta)\b", lambda hit: WORDS[hit.group()], text)
    return _capital(text)


def _capital(text: str) -> str:
    """A capital for a word; ln, p at one, tF and z score keep their letter."""
    word = re.match(r"(?!ln\b)[a-z]{2,}|a\b", text)
    return text[:1].upper() + text[1:] if word else text


def row(name: object) -> str:
    """Say the name of a row or a value that is a variable's name; anything else stays.

    Examples
    --------
    >>> row("50%"), row("log_share"), row("Akron, OH")
    ('median', 'ln share', 'Akron, OH')
    """
    text = str(name)
    bare = text.strip()
    if bare in SUMMARY:
        return WORDS[bare]
    scale, mark, rest = bare.partition("-")
    if bare in _SCALES or (mark and scale in _SCALES and rest):
        return heading(bare)
    if _IDENTIFIER.fullmatch(bare):
        return WORDS.get(bare) or bare.replace("_", " ")
    return text


_GREEK = {"pi": "π", "phi": "φ", "omega": "ω", "lambda": "λ", "rho": "ρ", "theta": "θ"}
_INDEXED = re.compile(r"\b(pi|phi|omega|lambda|[TtZzGw])_(ck|c|k)\b")
_POWER = re.compile(r"(\d)e([+-])0*(\d+)\b")


def symbols(text: str) -> str:
    """Set the symbols and numbers that a sentence spells as code does, for a page in HTML.

    Examples
    --------
    >>> symbols("rank correlation of phi_ck and change -0.51 at rho = 0")
    'rank correlation of <i>φ<sub>ck</sub></i> and change −0.51 at ρ = 0'
    >>> symbols("theta ln T_c, where pi_ck < 1")
    'θ ln <i>T<sub>c</sub></i>, where <i>π<sub>ck</sub></i> &lt; 1'
    >>> symbols("largest minus smallest 7e-16"), symbols("they differ by 0e+00")
    ('largest minus smallest 7·10<sup>−16</sup>', 'they differ by 0')
    """
    text = _POWER.sub(_times_ten, html.escape(str(text), quote=False))
    text = re.sub(r"(?<![\w.)])-(?=\d)", "−", text)
    text = re.sub(r"(?<=\d) %", "%", text)
    text = _INDEXED.sub(lambda hit: f"<i>{_GREEK.get(hit[1], hit[1])}<sub>{hit[2]}</sub></i>", text)
    return re.sub(rf"\b({'|'.join(_GREEK)})\b", lambda hit: _GREEK[hit[1]], text)


def _times_ten(hit: re.Match) -> str:
    power = int(hit[3])
    sign = "−" if hit[2] == "-" else ""
    return f"{hit[1]}·10<sup>{sign}{power}</sup>" if power else hit[1]


def _spoken(hit: re.Match) -> str:
    inside = WORDS.get(hit.group())
    return inside[:1].lower() + inside[1:] if inside else hit.group().replace("_", " ")
