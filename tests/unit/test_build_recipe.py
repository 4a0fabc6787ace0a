"""Other groups, weights, places and years than the paper's: each against adding up by hand."""

from __future__ import annotations

import io
import re
import shlex
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import extracts
from helpers import files
from helpers.build import __main__, attrition, build_panel, build_replicates, notes
from helpers.counterfactuals import shock
from helpers.errors import DataError, MissingVariableError, ParameterError, SampleError
from helpers.model import Shares
from helpers.panel import Panel
from helpers.sources import groups
from helpers.sources.synthetic.extract import LAYOUT

WIDE = (
    *LAYOUT,
    ("OCC2010", 4, 0, "Occupation, 2010 basis"),
    ("OCCSOC", 6, 0, "Occupation, SOC classification"),
    ("SLWT", 8, 3, "Sample-line weight"),
    ("STATEFIP", 2, 0, "State"),
    ("PUMA", 5, 0, "Public use microdata area"),
)
SOC = {"teachers": ["252021", "25204X"], "cooks": ["352011"], "drivers": ["533032", "533033"]}
NEAR = {"teachers": (2310, 2320), "cooks": (4000, 4020), "drivers": (9130, 9142)}


def records(n: int = 4_000, seed: int = 3, years: tuple[int, ...] = (2005, 2022)) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    table = extracts.records(n, seed)
    size = len(table)
    group = rng.choice([*NEAR, ""], size, p=[0.3, 0.3, 0.3, 0.1])
    near = [rng.integers(*NEAR[g], endpoint=True) if g else 5000 for g in group]
    spelt = [rng.choice(SOC[g]) if g else "999999" for g in group]
    year = rng.choice(years, size)
    return table.assign(
        YEAR=year,
        SAMPLE=year * 100 + 1,
        GROUP=group,
        OCC2010=near,
        OCCSOC=spelt,
        SLWT=rng.integers(1, 900_000, size) / 1000,
        STATEFIP=rng.choice([1, 12], size),
        PUMA=rng.choice([100, 200, 300], size),
    )


@pytest.fixture
def wide(tmp_path, monkeypatch):
    """An extract with other occupations, weights and places, of 2005 and 2022."""
    table = records()
    text = [
        "".join(
            f"{value:<{width}}"
            if name in ("INDNAICS", "OCCSOC")
            else f"{round(value * 10**places):0{width}d}"
            for name, width, places, _ in WIDE
            for value in [row[name]]
        )
        for row in table.to_dict("records")
    ]
    monkeypatch.setattr(extracts, "YEARS", (2005, 2022))
    book, data = extracts.write(tmp_path, table, layout=WIDE, text=text)
    plain = book.read_text("utf-8")
    at = plain.index('name="OCCSOC"')
    book.write_text(
        plain[:at] + plain[at:].replace('type="numeric"', 'type="character"', 1), "utf-8"
    )
    return table, book, data


def by_hand(table: pd.DataFrame, weight: str, place: str = "MET2013") -> pd.Series:
    kept = table[(table["GROUP"] != "") & (table[place] != 0)]
    units = (kept[weight] * 1000).round().astype(int)
    sums = units.groupby([kept["YEAR"], kept[place], kept["GROUP"]]).sum()
    return (sums / 1000).sort_index()


def households(panel: Panel) -> np.ndarray:
    return panel.cells.sort_values(["year", "city", "occupation"])["households"].to_numpy()


@pytest.mark.parametrize("weight", ["HHWT", "SLWT"])
@pytest.mark.parametrize(
    ("variable", "rows"),
    [
        ("OCC2010", [("2310-2320", "teachers"), ("4000-4020", "cooks"), ("9130-9142", "drivers")]),
        ("OCCSOC", [("25-2021", "teachers"), ("25204X", "teachers"), ("35*", "cooks"),
                    ("533000-533999", "drivers")]),
    ],
)  # fmt: skip
def test_groups_of_any_occupation_variable_add_up(wide, tmp_path, variable, rows, weight):
    table, book, data = wide
    file = tmp_path / "groups.csv"
    pd.DataFrame(rows, columns=["code", "group"]).to_csv(file, index=False)
    panel = build_panel(data, book, occupation=variable, occupations=file, weight=weight)
    assert panel.occupations == ("teachers", "cooks", "drivers")
    assert panel.years == (2005, 2022)
    assert panel.provenance["options"]["base_year"] == 2005
    np.testing.assert_allclose(households(panel), by_hand(table, weight).to_numpy(), rtol=1e-14)
    steps = attrition(panel).set_index("step")
    metro = table[table["MET2013"] != 0]
    assert steps.at["occupation", "rows_dropped"] == (metro["GROUP"] == "").sum()
    assert steps.at["occupation", "reason"].startswith(f"{variable} is in none of the 3 groups")
    if weight == "SLWT":
        assert "SLWT" in steps.at["weight", "reason"]
        assert "by SLWT" in notes(panel)[0]


def test_a_long_list_of_codes_is_the_same_as_its_ranges(wide):
    _, book, data = wide
    ranges = pd.DataFrame([(a, b, name) for name, (a, b) in NEAR.items()],
                          columns=["first", "last", "group"])  # fmt: skip
    listed = pd.DataFrame(
        [(code, name) for name, (a, b) in NEAR.items() for code in range(a, b + 1)],
        columns=["code", "group"],
    )
    assert len(listed) > 40
    a, b = (
        build_panel(data, book, occupation="OCC2010", occupations=each) for each in (ranges, listed)
    )
    pd.testing.assert_frame_equal(a.cells, b.cells)


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        ([("5-9", "a"), ("9", "b")], r"code 9 is in two ranges, in row 1 \(a\) and row 2 \(b\)"),
        ([("9-5", "a")], "row 1: the range ends at 5, before 9"),
        ([("11-1021", "a"), ("x1", "b")], "row 1: the range|row 2: the code is 'x1', expected a"),
        ([("5", "")], "row 1: group is empty"),
        ([("", "a")], "row 1: the code is empty"),
    ],
)
def test_tables_of_groups_that_will_not_do_are_refused_by_row(rows, match):
    table = pd.DataFrame(rows, columns=["code", "group"])
    with pytest.raises((DataError, ParameterError), match=match):
        groups.read_groups(table)


def test_a_record_is_spread_over_the_zones_of_its_place(wide, tmp_path):
    """Exact fractions by hand: a third of a place, and a place that lies in one zone alone."""
    table, book, data = wide
    third = "0.333333"
    rows = [("0100100", "Plain", third), ("0100100", "Hills", "0.666667"), (100200, "Hills", 1),
            ("1200100", "Plain", "0.25"), ("1200100", "Coast", "0.75"), (1200200, "Coast", 1),
            (1200300, "Coast", 1)]  # fmt: skip
    file = tmp_path / "crosswalk.csv"
    pd.DataFrame(rows, columns=["from", "to", "share"]).to_csv(file, index=False)
    mine = pd.DataFrame([(f"{a}-{b}", g) for g, (a, b) in NEAR.items()], columns=["code", "group"])
    panel = build_panel(
        data, book, occupation="OCC2010", occupations=mine, place=["STATEFIP", "PUMA"],
        crosswalk=file,
    )  # fmt: skip
    sums: dict[tuple, Fraction] = {}
    for row in table[table["GROUP"] != ""].to_dict("records"):
        code = row["STATEFIP"] * 100_000 + row["PUMA"]
        for start, zone, share in rows:
            if int(start) == code:
                key = (row["YEAR"], zone, row["GROUP"])
                weight = Fraction(round(row["HHWT"] * 100), 100)
                sums[key] = sums.get(key, Fraction(0)) + weight * Fraction(str(share))
    cells = panel.cells.set_index(["year", "city", "occupation"])["households"]
    assert set(cells.index) == set(sums)
    for key, exact in sums.items():
        assert cells[key] == pytest.approx(float(exact), rel=1e-14), key
    steps = attrition(panel).set_index("step")
    assert "1 place not in it left out, 100300 the first" in steps.at["crosswalk", "reason"]
    outside = (table["STATEFIP"] == 1) & (table["PUMA"] == 300)
    assert steps.at["crosswalk", "rows_dropped"] == outside.sum()
    assert panel.cells["households"].sum() == pytest.approx(
        table.loc[~outside & (table["GROUP"] != ""), "HHWT"].sum(), rel=1e-12
    )


def test_shares_of_a_place_that_were_rounded_are_made_one():
    given = pd.DataFrame({"from": [7] * 3, "to": list("abc"), "share": ["0.3333"] * 3})
    found = groups.read_crosswalk(given)
    assert sum(found["share"]) == 1
    assert found["share"].max() == Decimal("0.3334")


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        ([(7, "a", 0.4), (7, "b", 0.4)], "the shares of 7 sum to 0.8, expected 1; give every zone"),
        ([(7, "a", 1.4)], "row 1: share is 1.4, expected a number from 0 to 1"),
        ([("x", "a", 1)], "row 1: from is 'x', expected the number of a place"),
        ([(7, "", 1)], "row 1: to is empty, expected the name of a zone"),
        ([(7, "a", 0.5), (7, "a", 0.5)], "row 2: 7 to a is there already; add the shares up"),
        ([], "the table has no rows; expected from, to, share"),
    ],
)
def test_crosswalks_that_will_not_do_are_refused_by_row(rows, match):
    with pytest.raises(DataError, match=match):
        groups.read_crosswalk(pd.DataFrame(rows, columns=["from", "to", "share"]))


def test_a_crosswalk_of_other_codes_is_refused(wide):
    _, book, data = wide
    other = pd.DataFrame({"from": [3], "to": ["a"], "share": [1]})
    with pytest.raises(SampleError, match="no record's place is in the table: MET2013 has 10020"):
        build_panel(data, book, crosswalk=other)


def test_a_crosswalk_may_change_from_year_to_year(wide):
    table, book, data = wide
    codes = sorted(set(table["MET2013"]) - {0})
    rows = [(c, f"zone {'AB'[i % 2]}", 1, 2005) for i, c in enumerate(codes)]
    rows += [(c, f"zone {'BA'[i % 2]}", 1, 2022) for i, c in enumerate(codes)]
    mine = pd.DataFrame([(f"{a}-{b}", g) for g, (a, b) in NEAR.items()], columns=["code", "group"])
    panel = build_panel(
        data, book, occupation="OCC2010", occupations=mine,
        crosswalk=pd.DataFrame(rows, columns=["from", "to", "share", "year"]),
    )  # fmt: skip
    zone = {(year, code): to for code, to, _, year in rows}
    kept = table[(table["GROUP"] != "") & (table["MET2013"] != 0)]
    kept = kept.assign(
        zone=[zone[pair] for pair in zip(kept["YEAR"], kept["MET2013"], strict=True)]
    )
    np.testing.assert_allclose(households(panel), by_hand(kept, "HHWT", "zone"), rtol=1e-14)


def test_samples_that_are_left_out_have_a_line(wide):
    table, book, data = wide
    mine = pd.DataFrame([(f"{a}-{b}", g) for g, (a, b) in NEAR.items()], columns=["code", "group"])
    panel = build_panel(data, book, occupation="OCC2010", occupations=mine, samples=202201)
    assert panel.years == (2022,)
    steps = attrition(panel).set_index("step")
    assert steps.at["all records", "rows_left"] == len(table)
    assert steps.at["samples", "rows_dropped"] == (table["YEAR"] == 2005).sum()


def test_years_before_industry_codes_build_without_sectors(wide):
    _, book, data = wide
    mine = pd.DataFrame([(f"{a}-{b}", g) for g, (a, b) in NEAR.items()], columns=["code", "group"])
    options = {"occupation": "OCC2010", "occupations": mine, "industry": None}
    panel = build_panel(data, book, **options)
    assert panel.exposures is None
    assert panel.cells["instrument"].isna().all()
    assert "no exposures" in attrition(panel).set_index("step").at["sectors", "reason"]
    with pytest.raises(ParameterError, match="industry is None; name the variable"):
        build_panel(data, book, pd.DataFrame(), **options)


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"occupation": "OCC2010"}, ParameterError, "OCC2010 has no groups in this package; give"),
        ({"occupation": "OCC1950", "occupations": pd.DataFrame({"code": [1], "group": ["a"]})},
         MissingVariableError, "occupation: OCC1950 is not in .*order the extract with OCC1950"),
        ({"place": "CONSPUMA"}, MissingVariableError, "place: CONSPUMA is not in .*PUMA"),
        ({"place": "INDNAICS"}, ParameterError, "place: INDNAICS is text"),
        ({"weight": "INCWAGE"}, ParameterError, "expected one of HHWT, PERWT, SLWT, .*'INCWAGE'"),
        ({"occupations": "none.csv"}, DataError, "occupations: none.csv is not there; name a file"),
        ({"crosswalk": "none.csv"}, DataError, "crosswalk: none.csv is not there; name a file"),
    ],
)  # fmt: skip
def test_what_the_extract_lacks_is_said_with_what_to_order(wide, options, error, match):
    _, book, data = wide
    with pytest.raises(error, match=match):
        build_panel(data, book, **options)


def test_the_command_takes_every_option(wide, tmp_path, capsys):
    _, _, data = wide
    table = tmp_path / "groups.csv"
    pd.DataFrame([(f"{a}-{b}", g) for g, (a, b) in NEAR.items()], columns=["code", "group"]).to_csv(
        table, index=False
    )
    zones = tmp_path / "zones.csv"
    pd.DataFrame(
        [(s * 100_000 + p, f"zone {p}", 1) for s in (1, 12) for p in (100, 200, 300)],
        columns=["from", "to", "share"],
    ).to_csv(zones, index=False)
    out = str(tmp_path / "panel")
    asked = [str(data), out, "--occupation", "occ2010", "--occupations", str(table), "--place",
             "STATEFIP", "PUMA", "--crosswalk", str(zones), "--weight", "SLWT", "--persons",
             "heads", "--samples", "200501", "202201", "--industry", "none"]  # fmt: skip
    assert __main__.main(asked) == 0
    said = capsys.readouterr().out
    for line in ("weight", "sectors", "household heads", "crosswalk", "occupation"):
        assert line in said
    panel = Panel.read(out)
    assert panel.source == "microdata"
    assert set(panel.cells["city"]) == {"zone 100", "zone 200", "zone 300"}
    panel.shares(2022)


REPLICATED = (*LAYOUT, *((f"REPWT{r}", 6, 0, "Replicate weight") for r in range(1, 81)))


@pytest.fixture(scope="module")
def replicated(tmp_path_factory):
    """An extract with 80 replicates of HHWT, some of them negative."""
    rng = np.random.default_rng(8)
    table = extracts.records(1_500, 8)
    around = np.round(
        table["HHWT"].to_numpy()[:, None] * (1 + rng.normal(0, 0.3, (len(table), 80)))
    )
    around[:, 1:-1][rng.random((len(table), 78)) < 0.01] = -7
    more = pd.DataFrame(around.astype(int), columns=[f"REPWT{r}" for r in range(1, 81)])
    table = pd.concat([table, more], axis=1)
    text = [
        "".join(
            f"{value:<{width}}" if name == "INDNAICS" else f"{round(value * 10**places):{width}d}"
            for name, width, places, _ in REPLICATED
            for value in [row[name]]
        )
        for row in table.to_dict("records")
    ]
    folder = tmp_path_factory.mktemp("replicated")
    return table, *extracts.write(folder, table, layout=REPLICATED, text=text)


def _shares_by_hand(table: pd.DataFrame, weight: str, year: int, whole: Shares) -> Shares:
    group = {code: name for name, code in extracts.CODES.items()}
    kept = table.assign(group=table["OCC1990"].map(group)).dropna(subset=["group"])
    kept = kept[(kept["MET2013"] != 0) & (kept["YEAR"] == year)]
    sums = kept.pivot_table(index="MET2013", columns="group", values=weight, aggfunc="sum")
    counts = sums[list(whole.occupations)].clip(lower=0).to_numpy()
    return Shares(counts / counts.sum(axis=0), counts.sum(axis=0) / counts.sum())


def test_sampling_errors_are_those_of_eighty_panels_one_by_one(replicated):
    table, book, data = replicated
    made = build_replicates(data, book)
    pd.testing.assert_frame_equal(made.panel.cells, build_panel(data, book).cells)
    whole = made.panel.shares(2011)
    each = [_shares_by_hand(table, f"REPWT{r}", 2011, whole) for r in range(1, 81)]
    errors = made.standard_errors(2011)
    for name in ("pi_ck", "phi_ck"):
        squares = sum((getattr(one, name) - getattr(whole, name)) ** 2 for one in each)
        expected = np.sqrt(4 / 80 * squares).ravel()
        np.testing.assert_allclose(errors[f"se_{name}"], expected, rtol=1e-9)
    omega = np.sqrt(4 / 80 * sum((one.omega_k - whole.omega_k) ** 2 for one in each))
    np.testing.assert_allclose(errors["se_omega_k"].to_numpy()[:8], omega, rtol=1e-9)
    assert (errors[["se_pi_ck", "se_phi_ck", "se_omega_k"]] > 0).all(axis=None)


def test_a_replicate_is_the_panel_of_its_weight(replicated):
    _, book, data = replicated
    made = build_replicates(data, book)
    for r in (1, 80):
        alone = build_panel(data, book, weight=f"REPWT{r}").shares(2010)
        one = list(made.shares(2010))[r - 1]
        np.testing.assert_allclose(one.pi_ck, alone.pi_ck, rtol=1e-12)
        np.testing.assert_allclose(one.omega_k, alone.omega_k, rtol=1e-12)


def test_the_interval_of_a_counterfactual_is_its_spread_over_replicates(replicated):
    table, book, data = replicated
    made = build_replicates(data, book)
    whole = made.panel.shares(2010)
    city = extracts.CITIES[0]

    def after(shares):
        hats = np.array([0.9, 1.0, 1.0])
        return shock(shares, 0.6, 4.0, city=hats).pi_c / shares.pi_c - 1

    found = made.interval(2010, after, level=0.9)
    each = [after(_shares_by_hand(table, f"REPWT{r}", 2010, whole)) for r in range(1, 81)]
    error = np.sqrt(4 / 80 * sum((one - after(whole)) ** 2 for one in each))
    np.testing.assert_allclose(found["estimate"], after(whole), rtol=1e-12)
    np.testing.assert_allclose(found["standard_error"], error, rtol=1e-7)
    np.testing.assert_allclose(found["high"] - found["low"], 2 * 1.6448536 * error, rtol=1e-6)
    assert found["city"].tolist() == list(extracts.CITIES)
    by_name = made.interval(2010, lambda s: shock(s, 0.6, 4.0, city={city: 0.9}).pi_c[0])
    assert by_name.shape == (1, 4)
    constant = made.interval(2010, lambda shares: 3.0)
    assert constant["standard_error"].item() == 0
    for level in (0, 1, "high"):
        with pytest.raises(ParameterError, match="level: expected a number between 0 and 1"):
            made.interval(2010, after, level)
    with pytest.raises(ParameterError, match="expected a function that gives numbers"):
        made.interval(2010, lambda shares: "x")


def test_replicates_that_are_not_there_are_said_with_what_to_order(replicated, wide):
    _, book, data = wide
    with pytest.raises(
        MissingVariableError, match=r"lacks 80 of the 80 .*order the extract with R"
    ):
        build_replicates(data, book)
    with pytest.raises(ParameterError, match="expected one of HHWT, PERWT, of which the survey"):
        build_replicates(data, book, weight="SLWT")
    with pytest.raises(ParameterError, match="'wieght' is not known; nearest: weight"):
        build_replicates(data, book, wieght="HHWT")
    _, book, data = replicated
    with pytest.raises(MissingVariableError, match="order the extract with REPWTP"):
        build_replicates(data, book, weight="PERWT")


def test_replicates_spread_over_zones(replicated):
    table, book, data = replicated
    codes = sorted(set(table["MET2013"]) - {0})
    rows = [(codes[0], "West", "0.3"), (codes[0], "East", "0.7"), (codes[1], "West", 1),
            (codes[2], "East", 1)]  # fmt: skip
    crosswalk = pd.DataFrame(rows, columns=["from", "to", "share"])
    made = build_replicates(data, book, crosswalk=crosswalk)
    plain = build_replicates(data, book)
    a, b, c = np.moveaxis(plain.households[2010], 1, 0)
    west = made.panel.shares(2010).cities.index("West")
    order = [plain.panel.shares(2010).occupations.index(name)
             for name in made.panel.shares(2010).occupations]  # fmt: skip
    np.testing.assert_allclose(made.households[2010][:, west], (0.3 * a + b)[:, order], rtol=1e-12)
    np.testing.assert_allclose(
        made.households[2010][:, 1 - west], (0.7 * a + c)[:, order], rtol=1e-12
    )


def test_the_command_writes_standard_errors(replicated, tmp_path, capsys):
    _, _, data = replicated
    asked = [str(data), str(tmp_path / "panel"), "--standard-errors", str(tmp_path / "errors.csv")]
    assert __main__.main(asked) == 0
    errors = pd.read_csv(tmp_path / "errors.csv")
    assert set(errors["year"]) == {2010, 2011}
    assert (errors["se_pi_ck"] > 0).all()
    assert __main__.main([*asked[:3], str(tmp_path / "errors.xyz")]) == 2
    assert "expected a file that ends in" in capsys.readouterr().err


def test_commands_of_the_page_on_microdata_are_ones_that_the_program_understands():
    text = (files.BOOK / "microdata.md").read_text("utf-8")
    text = text.replace("\\\n", " ")  # one command over more than one line
    blocks = re.findall(r"^```\{code-block\} bash\n(.*?)^```$", text, re.M | re.S)
    said = [shlex.split(line) for block in blocks for line in block.strip().splitlines()]
    assert len(said) >= 4
    named = set()
    for program, module, name, *arguments in said:
        assert (program, module, name) == (".venv/bin/python", "-m", "helpers.build")
        if arguments[0] == "table":
            __main__.table_parser().parse_args(arguments[1:])
        else:
            __main__.records_parser().parse_args(arguments)
            named |= {word for word in arguments if word.startswith("--")}
    assert named >= {"--occupation", "--occupations", "--place", "--crosswalk", "--standard-errors"}


def test_the_tables_of_the_page_on_microdata_are_ones_that_are_read():
    text = (files.BOOK / "microdata.md").read_text("utf-8")
    first, second = re.findall(r"^```text\n(.*?)^```$", text, re.M | re.S)
    assert len(groups.read_groups(pd.read_csv(io.StringIO(first), dtype=str))) == 3
    crosswalk = groups.read_crosswalk(pd.read_csv(io.StringIO(second), dtype=str))
    assert crosswalk.groupby("from")["share"].sum().eq(1).all()
