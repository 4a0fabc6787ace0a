"""Scenario files as people write them: what is read, what is refused, and in which words."""

import json
import math
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from helpers import estimation, files, names, sources
from helpers import panel as panel_room
from helpers.book import worked_scenarios
from helpers.counterfactuals import policy
from helpers.equilibrium import Closure, read_closure
from helpers.errors import (
    CompanionError,
    DataError,
    EquilibriumError,
    ParameterError,
    UnknownNameError,
)
from helpers.exhibits import whatif
from helpers.runs import own_data, reading, scenario, strict_yaml

ENDS = ("write", "give", "choose", "name", "save", "take", "mend", "expected", "nearest", "check")


@pytest.fixture
def file(tmp_path):
    def write(content: str | bytes, name: str = "mine.yml") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def test_names_that_are_known_without_loading_are_those_of_the_modules():
    assert names.SOURCES == sources.NAMES
    assert names.OCCUPATIONS == panel_room.OCCUPATIONS
    assert names.CLUSTERS == estimation.CLUSTERS


def test_cities_that_defaults_name_are_cities_of_either_source(panel):
    shares = panel.shares(2019)
    assert {names.NEW_YORK, names.VISALIA, names.DETROIT} <= set(shares.cities)
    assert shares.cities[shares.pi_c.argmax()] == names.NEW_YORK


def test_reading_loads_neither_drawings_nor_estimators(file):
    code = (
        "import sys; from helpers.runs import reading; reading.read(sys.argv[1]);"
        "print([m for m in ('matplotlib', 'pyfixest', 'pandas', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(files.SCENARIOS / "detroit.yml")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('rho: "0.5"', 1, "the text '0.5'; write a plain number, without quotes"),
        ("theta: 2\nrho: '1e-1'", 2, "without quotes"),
        ("rho: 1:30", 1, "the text '1:30'"),
        ("rho: 1_0", 1, "the text '1_0'"),
        ("rho: yes", 1, "the text 'yes'"),
        ("rho: true", 1, "the truth value True"),
        ("rho: .nan", 1, "found nan"),
        ("rho: 0.9999", 1, "from 0 to 0.99"),
        ("rho:\ntheta: 3", 1, "nothing stands behind the colon; write estimated"),
        ("theta: 1e300", 1, "from 0.1 to 100"),
        ("theta: 1" + "0" * 400, 1, "from 0.1 to 100"),
        ("theta: 1e-9", 1, "from 0.1 to 100"),
        ("city_hat: 1e300", 1, "from 0.001 to 1000"),
        ("cell_hat: '1.1'", 1, "without quotes"),
        ("year: 2019.0", 1, "found 2019.0"),
        ("year: '2019'", 1, "the text '2019'"),
        ("year: 2019-01-01", 1, "the text '2019-01-01'"),
        ("year: 19", 1, "four digits"),
        ("years: [2010, 2012, 2010]", 1, "2010 is there twice"),
        ("years: [2010, '2012']", 1, "the text '2012'"),
        ("years: []", 1, "a list of years"),
        ("years: 2010-2012", 1, "a list of years"),
        ("city: 10420", 1, "10420; write it in quotes"),
        ("title: 2020", 1, "in quotes"),
        ('title: "a\\nb"', 1, "on one line"),
        ("title: ' '", 1, "expected words"),
        ("source: 3", 1, "in quotes"),
        ("source: ''", 1, "expected a name"),
        ("closure: standrad", 1, "nearest: standard"),
        ("closure: 3", 1, "expected paper, standard or parameters"),
        ("rho: 0.5\nclosure: {housing: 0.3}", 2, "nearest: housing_share"),
        ("closure: {housing_share: 1.5}", 1, "closure, housing_share: expected a share"),
        ("closure: {wage_floor: yes}", 1, "closure, wage_floor: expected a number"),
        ("closure: {substitution: '2'}", 1, "closure, substitution: expected a number"),
        ("source: replicate", 1, "nearest: replication"),
        ("city: A\nsecond_city: A", 2, "is the first city already"),
        ("occupation: sales\nsecond_occupation: sales", 2, "the first occupation already"),
        ("policies: {a: {city: {X: '1.1'}}}", 1, "policies, a, X: expected a number"),
        ("policies: {a: {city: {1: 1.1}}}", 1, "expected a name, found 1"),
        ("policies: {a: {city: {X: 0}}}", 1, "above 0"),
        ("policies: {1: {city: {X: 1.1}}, '1': {city: {X: 1.2}}}", 1, "'1' is there twice"),
        ("policies:\n  tar", 1, "the text 'tar'"),
        ("policies: {}", 1, "expected names and shocks"),
        ("rho: 0.5\nthetta: 2", 2, "nearest: theta"),
        ("1: 2", 1, "the key 1 is not known"),
        ("rho: {from: 0, to: 0.9, number: 3}", 1, "make sweep SWEEP="),
        ("notebooks: [07_city_shocks]\nrho: [0, 0.5]", 1, "make sweep SWEEP="),
        ("city: all\ncity_hat: 0.9", 1, "make sweep SWEEP="),
    ],
)
def test_a_wrong_value_is_refused_with_file_line_and_key(file, text, line, words):
    with pytest.raises(ParameterError) as refused:
        reading.read(file(text))
    said = str(refused.value)
    assert said.startswith(f"mine.yml, line {line}: ")
    assert words in said
    assert any(word in said for word in ENDS)


def test_a_closure_reaches_the_chapters_as_it_is_written(file, made):
    """Infinity survives the way through JSON and into a cell, as a word."""
    found = reading.read(file("closure: {substitution: .inf, supply_elasticity: {Akron: 1}}"))
    assert found.closure == {"substitution": "inf", "supply_elasticity": {"Akron": 1.0}}
    kept = json.loads(json.dumps(found.parameters()["closure"]))
    assert read_closure(kept) == Closure(supply_elasticity={"Akron": 1})
    with pytest.raises(UnknownNameError, match="supply_elasticity: 'Akron' is not among"):
        found.check_panel(made)
    strong = reading.read(file("closure: {agglomeration: 0.36}\nrho: 0.64"))
    with pytest.raises(EquilibriumError, match="closure: "):
        strong.check_panel(made)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "holds no key"),
        ("# a comment\n", "holds no key"),
        ("- rho", "found a list"),
        ("rho", "found text"),
        ("3", "found 3"),
        ("rho: [", "line 1: not YAML"),
        ('rho: 0.5\ncity: "Akron', "line 2: not YAML"),
        ("rho: 0.5\n\ttheta: 2", "line 2: not YAML"),
        ("rho: 0.5\n---\nrho: 0.6", "line 2: not YAML"),
        ("rho: 0.1\ntheta: 2\nrho: 0.2", "line 3: not YAML: the key 'rho' is there twice"),
        ("policies: {a: {city: {X: 1.1, X: 1.2}}}", "the key 'X' is there twice, first in line 1"),
        ("rho: !!python/object:os.system 3", "line 1: not YAML"),
        ("policies: &a {b: *a}", "line 1: not YAML"),
        ("city: 'Akron'\ncity_hat: M\xe9xico".encode("latin-1"), "line 2: the byte 0xe9"),
        ("rho: 0.5".encode("utf-16"), "saved as UTF-16; save it as UTF-8"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "line 1: the byte 0x89"),
        (b"PK\x03\x04\x00\x00", "not a text file"),
        (b"rho: 0.5\n" * 200_000, "is this the right file?"),
    ],
)
def test_a_file_that_is_no_scenario_is_refused_by_name(file, content, words):
    path = file(content)
    with pytest.raises(DataError) as refused:
        reading.read(path)
    assert str(refused.value).startswith(str(path))
    assert words in str(refused.value)


def test_a_file_that_is_not_there_is_refused_with_those_that_are(file, tmp_path):
    file("rho: 0.5")
    with pytest.raises(DataError, match=r"in that folder: mine\.yml"):
        reading.read(tmp_path / "other.yml")
    with pytest.raises(DataError, match="found a folder"):
        reading.read(tmp_path)
    with pytest.raises(DataError, match=r"such as scenarios/detroit\.yml"):
        reading.read(tmp_path / "no" / "folder.yml")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_the_right_to_read_is_refused(file):
    path = file("rho: 0.5")
    path.chmod(0)
    with pytest.raises(DataError, match="check its rights"):
        reading.read(path)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-1", 0.1),
        ("1E-1", 0.1),
        (".5", 0.5),
        ("5.e-1", 0.5),
        ("+0.5", 0.5),
        ("0", 0.0),
        ("estimated", None),
        ("null", None),
        ("~", None),
    ],
)
def test_a_number_is_what_a_reader_would_call_one(file, text, value):
    assert reading.read(file(f"rho: {text}")).rho == value


def test_eight_is_not_written_010(file):
    assert reading.read(file("theta: 010")).theta == 10


@given(st.floats(0, 0.99), st.floats(0.1, 100), st.floats(0.001, 1000))
@example(1e-5, 1e2, 1.5e-2)
def test_any_number_that_python_or_yaml_writes_is_read_back(rho, theta, hat):
    for values in (
        f"rho: {rho!r}\ntheta: {theta:e}\ncity_hat: {hat!r}",
        json.dumps({"rho": rho, "theta": float(f"{theta:e}"), "city_hat": hat}),
        yaml.safe_dump({"rho": rho, "theta": float(f"{theta:e}"), "city_hat": hat}),
    ):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "x.yml"
            path.write_text(values)
            found = reading.read(path)
        assert (found.rho, found.theta, found.city_hat) == (rho, float(f"{theta:e}"), hat)


def _refusal(function, *arguments) -> str | None:
    """What a named error says, None where there is none; any other error fails the test."""
    try:
        function(*arguments)
    except CompanionError as problem:
        return str(problem)
    return None


@given(st.binary(max_size=60))
def test_whatever_the_bytes_there_is_a_scenario_or_a_named_error(content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.yml"
        path.write_bytes(content)
        said = _refusal(reading.read, path)
        assert said is None or "x.yml" in said


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


@given(st.sampled_from([*scenario.Scenario.__dataclass_fields__]), _json)
def test_whatever_stands_behind_a_key_its_type_is_right_or_it_is_refused(key, value):
    kinds = {"year": int, "years": (list, type(None)), "policies": dict, "closure": (str, dict)}
    numbers = dict.fromkeys(
        ("theta", "wage_exponent", "city_hat", "occupation_hat", "cell_hat"), float
    )
    kinds |= numbers | {"rho": (float, type(None))}
    said = _refusal(scenario.check, key, value)
    if said is None:
        assert isinstance(scenario.check(key, value), kinds.get(key, str))
    else:
        assert said.startswith(key)


def test_a_file_without_a_title_is_called_what_its_name_says(file):
    assert reading.read(file("rho: 0.5", "my town.yml")).title == "my town"
    assert reading.read(files.SCENARIOS / "paper.yml").title == "The paper's values"


def test_a_mark_at_the_beginning_and_windows_lines_are_no_matter(file):
    content = "\ufefftitle: Ümläut\r\nrho: 0.5\r\n"
    assert reading.read(file(content)).title == "Ümläut"


def test_policies_may_be_one_and_may_be_named_by_numbers(file, made):
    one = reading.read(file("policies: {2020: {city: {'Akron, OH': 1.05}}}"))
    assert list(one.policies) == ["2020"]
    one.check_panel(made)
    assert list(policy.compare(one.policies, made.shares(2019), 0.5, 3.0, "Akron, OH")["policy"])
    two = "policies: {1: {city: {'Akron, OH': 1.05}}, 2.5: {occupation: {sales: equal}}}"
    assert list(reading.read(file(two)).policies) == ["1", "2.5"]


def test_no_second_city_or_occupation_is_the_first_by_default(file):
    found = reading.read(file(f"city: {names.VISALIA}\noccupation: trades"))
    assert (found.second_city, found.second_occupation) == (names.NEW_YORK, "management")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"year": 1999}, "year: 1999 is not among the 10 of the panel"),
        ({"years": [2010, 1999]}, "years: 1999"),
        ({"policy_city": "Akron"}, "nearest: Akron, OH"),
        ({"rho": 0.99, "theta": 100.0, "city_hat": 1.5}, "leaves nobody in"),
        ({"rho": 0.99, "policies": {"a": {"city": {"Akron, OH": 1000}}}}, "policies, a: "),
    ],
)
def test_what_cannot_run_on_a_panel_is_refused_before_it_does(made, values, words):
    with pytest.raises(ParameterError, match=words):
        scenario.Scenario(**values).check_panel(made)


def test_a_readers_own_panel_has_its_own_years_cities_and_occupations(file, made, tmp_path):
    cells = made.cells[(made.cells["year"] > 2015) & (made.cells["occupation"] != "management")]
    cities = made.cities[made.cities["year"] > 2015]
    counts = cells.groupby(["year", "city"])["households"].sum().reset_index()
    total = counts.groupby("year")["households"].transform("sum")
    cities = cities.merge(counts.drop(columns="households").assign(
        log_share=(counts["households"] / total).map(math.log)
    ))  # fmt: skip
    cities["log_city_share"] = cities.pop("log_share")
    own = panel_room.Panel(cells=cells, cities=cities[list(made.cities)], source="mine")
    own.save(tmp_path / "mine")
    text = f"source: {tmp_path / 'mine'}\n"
    with pytest.raises(UnknownNameError, match=r"the paper's, since the file names none"):
        reading.read(file(text)).check_panel(own)
    right = reading.read(file(text + "occupation: sales\n"))
    right.check_panel(own)


def test_a_panels_folder_is_handed_on_without_a_path(made, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "ROOT", tmp_path / "project")
    monkeypatch.setattr(files, "BUILD", tmp_path / "project" / "_build")
    made.save(tmp_path / "räder x" / "my panel")
    kept = own_data.kept_source(str(tmp_path / "räder x" / "my panel"))
    assert kept.startswith("_build/panels/my-panel-")
    assert own_data.kept_source(reading.location(kept)) == kept
    assert sources.load(reading.location(kept)).cells.equals(made.cells)
    before = own_data.data_hashes(kept)
    assert set(before) >= {"about.json", "cells.parquet", "cities.parquet"}
    sources.load("synthetic", seed=1).save(tmp_path / "räder x" / "my panel")
    other = own_data.kept_source(str(tmp_path / "räder x" / "my panel"))
    assert other != kept
    assert own_data.data_hashes(other)["cells.parquet"] != before["cells.parquet"]
    with pytest.raises(DataError, match=r"Panel\.save"):
        own_data.kept_source(str(tmp_path))


def test_a_folder_may_be_named_from_home(file, made, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    made.save(tmp_path / "mine")
    assert reading.read(file("source: ~/mine")).source == str(tmp_path / "mine")


def test_names_of_files_become_addresses_of_their_own(file):
    assert reading.run_name(file("rho: 0.5", "my town (v1.2).yml")) == "my-town-v1-2"
    assert reading.run_name(file("rho: 0.5", "Zürich.yml")) == "Zürich"
    file("rho: 0.5", "my-town-v1-2.yml")
    with pytest.raises(ParameterError, match="rename one"):
        reading.run_name(file("rho: 0.5", "my town (v1.2).yml"))
    with pytest.raises(ParameterError, match="letters and digits"):
        reading.run_name(Path("...yml"))


def test_files_that_cannot_be_read_stop_no_list_and_no_page(file, tmp_path):
    file("# A *story* {ref}`x` <b>\ntitle: 'A <b> & $x$'\nrho: 0.5", "good.yml")
    file("city: all\ncity_hat: 0.9", "grid.yml")
    wrong = {"empty": b"", "latin": b"city: \xe9", "list": b"- a", "bin": b"\0"}
    for name, content in wrong.items():
        file(content, f"{name}.yml")
    good, sweeps, refused = reading.files(tmp_path)
    assert [path.name for path in good] == ["good.yml"]
    assert [path.name for path in sweeps] == ["grid.yml"]
    assert {path.stem for path in refused} == set(wrong)
    assert all(str(path) in problem for path, problem in refused.items())
    text = worked_scenarios.page("# Worked", tmp_path / "html", tmp_path)
    assert r"## A \<b\> \& \$x\$" in text
    assert r"A \*story\* \{ref\}\`x\` \<b\>" in text
    assert "make rerun SCENARIO=scenarios/good.yml" in text


def test_runs_of_ones_own_are_listed_and_the_list_is_kept_up(tmp_path):
    site = tmp_path / "html"
    (site / "book").mkdir(parents=True)
    page = site / "book" / "scenarios.html"
    page.write_text(worked_scenarios.page("# Worked", site, tmp_path))
    assert "None has been run" in page.read_text()
    for place in ("scenarios/my-town", "sweeps/my-grid"):
        (site / place).mkdir(parents=True)
        (site / place / "index.html").write_text("")
    worked_scenarios.refresh(site)
    text = page.read_text()
    assert '<a href="../scenarios/my-town/differences.html">' in text
    assert '<a href="../sweeps/my-grid/index.html">my-grid</a>' in text
    assert "None has been run" not in text


def test_keys_keep_their_lines_and_empty_ones_are_known(file):
    content = strict_yaml.read(file("# x\nrho: 0.5\n\npolicies:\n  a: 1\nyears: null\ncity:\n"))
    assert content.lines == {"rho": 2, "policies": 4, "years": 6, "city": 7}
    assert content.empty == ("city",)


@pytest.mark.slow
def test_the_what_if_page_opens_at_whatever_a_scenario_may_hold(made):
    shares = made.shares(2019)
    usual = whatif.Setting(0.6)
    assert {name: usual.bounds(name) for name in whatif.CONTROLS} == {
        name: (low, high) for name, (_, low, high, *_) in whatif.CONTROLS.items()
    }
    far = whatif.Setting(0.99, theta=100.0, city_hat=0.001)
    text = whatif.WhatIf(shares, far).html()
    payload = re.search(r'id="what-if-spec">(.*?)</script>', text, re.S).group(1)
    ranges = json.loads(payload.replace("<\\/", "</"))["ranges"]
    assert ranges["rho"] == [0.0, 0.99]
    assert ranges["theta"] == [0.5, 100.0]
    assert ranges["city_hat"] == [0.001, 1.5]
    assert 'min="0.001" max="1.5"' in text


def test_the_unit_of_the_wage_is_a_parameter_like_another(file, made):
    assert scenario.Scenario().wage_exponent == 1.0
    found = reading.read(file("wage_exponent: 2"))
    assert found.parameters()["wage_exponent"] == 2.0
    assert found.changes() == {"wage_exponent": 2.0}
    found.check_panel(made)
    for text in ("wage_exponent: 0", "wage_exponent: -1", "wage_exponent: many"):
        with pytest.raises(ParameterError, match="line 1: wage_exponent: expected a number"):
            reading.read(file(text))
    with pytest.raises(ParameterError, match="wage exponent of 9, outside"):
        reading.read(file("wage_exponent: 9")).check_panel(made)
    # with a rho of one's own it does not matter
    reading.read(file("wage_exponent: 9\nrho: 0.5")).check_panel(made)
