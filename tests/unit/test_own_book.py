"""The book on a reader's own data: what runs, what its texts say, and maps of any country."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
from dataclasses import replace

import jupytext
import numpy as np
import pandas as pd
import pytest
import yaml

from helpers import files, notebook, sources
from helpers.book import myst, own_edition, own_page, own_texts, preparation, stage
from helpers.book.own_chapters import CHAPTERS, ELSEWHERE, left_out, that_run
from helpers.errors import DataError, ParameterError, UnknownNameError
from helpers.exhibits import change_map, live, scale_map
from helpers.exhibits.live import geography
from helpers.model import Shares
from helpers.names import short_name
from helpers.notebook import parameters
from helpers.panel import Panel, capabilities
from helpers.runs import own_data
from helpers.runs.scenario import Scenario
from helpers.sources import places

EXAMPLES = files.BOOK / "_static" / "examples"
COLUMNS = {
    "place": "zone d'emploi", "group": "catégorie", "year": "année", "households": "ménages",
    "wage": "salaire",
}  # fmt: skip
BESIDE = {name: EXAMPLES / f"ormance-{name}.csv" for name in ("exposures", "shifts", "coordinates")}


OWN = Scenario(source=str(EXAMPLES))  # any folder


@pytest.fixture(scope="module")
def island() -> Panel:
    return Panel.from_table(EXAMPLES / "ormance.csv", COLUMNS, **BESIDE, name="Ormance")


@pytest.fixture(scope="module")
def bare(island) -> Panel:
    rows = island.cells[["year", "city", "occupation", "households"]]
    return Panel.from_table(rows, name="bare")


@pytest.fixture(autouse=True)
def _nothing_learned(monkeypatch):
    monkeypatch.setattr(places, "_panels", [])


def _one_group(panel: Panel) -> Panel:
    rows = panel.cells[["year", "city", "occupation", "households"]]
    rows = rows[(rows["occupation"] == panel.occupations[0]) & (rows["year"] == panel.years[-1])]
    return Panel.from_table(rows, name="one")


def _scenario(tmp_path, panel: Panel, text: str = ""):
    panel.save(tmp_path / "panel")
    path = tmp_path / "mine.yml"
    path.write_text(f"source: {tmp_path / 'panel'}\n{text}", "utf-8")
    return path


@pytest.fixture
def build(tmp_path, monkeypatch):
    """Runs and kept panels in a folder of the test's."""
    monkeypatch.setattr(files, "BUILD", tmp_path / "build")
    monkeypatch.setattr(own_data, "BUILD", tmp_path / "build")
    monkeypatch.setattr(own_data, "ROOT", tmp_path)
    return tmp_path / "build"


def test_the_example_is_what_its_generator_writes(tmp_path):
    spec = importlib.util.spec_from_file_location("example", files.ROOT / "tools" / "example.py")
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    for path in example.write(tmp_path):
        assert path.read_bytes() == (EXAMPLES / path.name).read_bytes(), path.name


def test_the_example_s_correlation_is_found_again(island):
    from helpers.estimation import estimate

    found = estimate(island)
    assert found.rho_interval[0] < 0.6 < found.rho_interval[1]


# what runs


def test_chapters_follow_from_what_the_data_have(island, bare):
    panels = {"all": island, "bare": bare, "one": _one_group(island)}
    stems = {n: [c.stem for c in that_run(capabilities(p))] for n, p in panels.items()}
    assert stems["all"] == [chapter.stem for chapter in CHAPTERS]
    assert set(stems["all"]) - set(stems["bare"]) == {
        "05_estimation", "11_inference", "12_shift_share", "18_wage_unit",
    }  # fmt: skip
    assert set(stems["bare"]) - set(stems["one"]) == {
        "02_model", "07_city_shocks", "08_occupation_shocks", "16_what_if", "17_policy",
        "25_unemployment",
    }  # fmt: skip
    assert {"04_data", "23_housing", "26_equilibrium"} <= set(stems["one"])


def test_every_chapter_is_in_the_book_on_own_data_or_said_to_be_elsewhere():
    there = {path.stem for path in files.NOTEBOOKS.glob("[0-9][0-9]_*.md")}
    assert there == {chapter.stem for chapter in CHAPTERS} | set(ELSEWHERE)


def test_needs_are_capabilities(island):
    known = {one.what for one in capabilities(island)}
    for chapter in CHAPTERS:
        assert set(chapter.needs) | {need for _, need in chapter.where} <= known


def test_contents_hold_the_chapters_that_run_and_no_other(bare):
    toc = yaml.safe_load(own_texts.contents(that_run(capabilities(bare))))
    listed = [c["file"] for part in toc["parts"] for c in part["chapters"]]
    assert "notebooks/07_city_shocks" in listed
    assert "notebooks/05_estimation" not in listed
    assert "notebooks/10_replication_report" not in listed
    assert toc["root"] == "own"


# what the file leaves out comes from the data


def test_what_a_file_leaves_out_comes_from_the_data(island):
    here = own_data.filled(OWN, (), island)
    shares = island.shares(2020)
    order = np.argsort(-shares.pi_c)
    apart = pd.Series(np.abs(shares.phi_ck - shares.omega_k).sum(axis=1), shares.cities)
    groups = np.argsort(-shares.omega_k)
    assert here.year == 2020
    assert here.city == here.policy_city == shares.cities[order[0]]
    assert here.second_city == apart.drop(here.city).idxmax()
    assert (here.occupation, here.second_occupation) == tuple(
        shares.occupations[k] for k in groups[:2]
    )
    here.check_panel(island)


def test_what_a_file_gives_stays(island):
    second = own_data.filled(OWN, (), island).city
    given = Scenario(second_city=second, year=2012, occupation="ouvriers", source=str(EXAMPLES))
    here = own_data.filled(given, ("second_city", "year", "occupation"), island)
    assert (here.second_city, here.year, here.occupation) == (second, 2012, "ouvriers")
    assert here.city != second
    assert here.second_occupation != "ouvriers"
    assert here.policies["everywhere"]["occupation"] == {"ouvriers": "equal"}


def test_one_group_and_places_alike_are_enough():
    rows = pd.DataFrame({"place": ["A", "B", "C"], "group": "all", "households": [3, 5, 4]})
    panel = Panel.from_table(rows)
    here = own_data.filled(Scenario(source=str(EXAMPLES), rho=0.5), (), panel)
    assert (here.city, here.second_city) == ("B", "C")
    here.check_panel(panel)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("", ParameterError, "rho: these data do not give it.*wages of the cells; write a number"),
        ("rho: 0.6\ncity: Aigre-le-Vieu", UnknownNameError, "nearest: Aigre-le-Vieux"),
        ("rho: 0.6\nyear: 2013", UnknownNameError, "year: 2013 is not among the 3"),
        ("rho: 0.6\noccupation: cadres\nsecond_occupation: cadres", ParameterError, "name another"),
        ("rho: 0.6\noutlines: nowhere.geojson", ParameterError, "expected a GeoJSON file"),
    ],
)
def test_a_scenario_on_own_data_is_refused_with_what_to_change(
    tmp_path, build, bare, text, error, message
):
    with pytest.raises(error, match=message):
        preparation.prepare(_scenario(tmp_path, bare, text))


def test_one_place_leaves_nothing_to_ask():
    rows = pd.DataFrame({"place": "A", "group": ["x", "y"], "households": [3, 5]})
    with pytest.raises(ParameterError, match="give the panel a second place"):
        own_data.filled(OWN, (), Panel.from_table(rows))


def test_outlines_are_for_panels_of_ones_own():
    with pytest.raises(ParameterError, match="only maps of a panel of your own"):
        Scenario(outlines=str(EXAMPLES / "ormance.geojson"))


def test_an_estimate_outside_the_model_asks_for_a_number_and_is_said_once(tmp_path, build, island):
    cells = island.cells.assign(
        instrument=-island.cells["instrument"], log_wage=lambda t: -t.log_share
    )
    odd = Panel(cells, island.cities, source="odd")
    with pytest.raises(ParameterError, match=r"estimate is .* outside .* or give a number"):
        preparation.prepare(_scenario(tmp_path, odd))
    run = preparation.prepare(_scenario(tmp_path, odd, "rho: 0.4"))
    text = (run.texts / "own.md").read_text("utf-8")
    assert text.count("outside the model") == 1
    assert run.parameters["rho"] == 0.4


# texts


@pytest.fixture(scope="module")
def names() -> own_edition.Names:
    return own_edition.Names("Ville-É", "Bourg", "Port", "cadres", "ouvriers", 5)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda one: one.stem)
def test_rules_of_a_chapter_still_find_what_they_are_about(chapter):
    text = (files.NOTEBOOKS / f"{chapter.stem}.md").read_text("utf-8")
    for old, _ in chapter.replaced:
        assert old in text, old
    for piece in chapter.cells:
        assert piece in text, piece
    for heading in (*chapter.sections, *(name for name, _ in chapter.where)):
        assert f"\n## {heading}" in text, heading


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda one: one.stem)
@pytest.mark.parametrize("which", ["island", "bare"])
def test_no_number_claim_or_name_of_the_paper_is_left(chapter, which, names, request):
    able = capabilities(request.getfixturevalue(which))
    source = (files.NOTEBOOKS / f"{chapter.stem}.md").read_text("utf-8")
    text = own_edition.edit(source, chapter, names, left_out(chapter, able))
    assert not re.search(r"New York|Visalia|Detroit|United States|Table 1|Claims of", text)
    for block in own_edition.blocks(text):
        if block.kind == "cell":
            code = own_edition.code_of(block)
            assert not re.search(r"(?<![\w.])(targets|statements|evidence)\.(?!\w*import)", code)
            assert not re.search(r'"(management|trades)"', code)
            ast.parse(code)
        else:
            assert "Paper check" not in block.text
            assert "Figure 2 of the paper" not in block.text
    # what a chapter teaches is still there
    assert text.count("```{code-cell}") >= 0.3 * source.count("```{code-cell}")
    assert len(text) > 0.3 * len(source)


def test_a_sentence_goes_with_the_number_that_nobody_records_any_more(names):
    text = (
        "---\na: b\n---\n# T\n\n```{code-cell} ipython3\nrecord(kept=1)\n```\n\n"
        "Here is {glue:text}`kept`.\nHere is {glue:text}`lost`.\n"
    )
    left = own_edition.edit(text, CHAPTERS[0].__class__("x", "y", ()), names)
    assert "kept`" in left
    assert "lost" not in left


def test_links_to_pages_that_this_book_lacks_lead_to_the_default_book():
    text = "See {ref}`ch-here`, {ref}`ch-there`, {eq}`eq-there` and "
    text += '<a href="../book/errata.html">e</a>.'
    default = {"ch-there": ("There", "15_conclusions"), "eq-there": ("", "15_conclusions")}
    linked = own_edition.relink(text, {"ch-here"}, {"07_city_shocks"}, default)
    assert "{ref}`ch-here`" in linked
    assert '<a href="../../../notebooks/15_conclusions.html">There</a>' in linked
    assert 'href="../../../book/errata.html"' in linked
    assert "{eq}" not in linked


@pytest.mark.parametrize("which", ["island", "bare"])
def test_texts_of_a_book_are_whole(which, tmp_path, build, request):
    """Every reference has its target, every figure one caption, and nothing names this machine."""
    panel = request.getfixturevalue(which)
    run = preparation.prepare(
        _scenario(tmp_path, panel, "title: \"L'île *d'Ormance*\"\nrho: 0.6\n")
    )
    pages = {path.stem: path.read_text("utf-8") for path in sorted(run.texts.rglob("*.md"))}
    assert {f"{stem}" for stem in run.chapters} | {"own", "glossary", "bibliography"} == set(pages)
    defined = set().union(*map(own_edition.labels, pages.values())) | {"page-reproducibility"}
    for name, text in pages.items():
        for role, _, label, bare in own_edition.references(text):
            if role in ("ref", "eq", "numref"):
                assert (label or bare) in defined, (name, label or bare)
        assert str(tmp_path) not in text
    assert "ordinary" not in run.parameters
    first = pages["own"]
    assert "L'île \\*d" in first.replace("\\'", "'")
    for one in capabilities(panel):
        assert f"| {one.what} |" in first
        assert one.lacks.split(",")[0] in first
    assert myst.read(first).labels["page-own"]
    for stem in run.chapters:
        assert f"{{doc}}`notebooks/{stem}`" in first
        assert run.parameters_of(stem).is_file()
    assert "this book" in stage.banner(run).lower()
    assert not re.search("synthetic|author's", stage.banner(run))


def test_the_page_says_that_pay_is_taken_to_be_alike_where_it_is_not_known(bare):
    wanted = own_data.filled(replace(OWN, rho=0.6), (), bare)
    text = own_page.page(bare, wanted, (), "T")
    assert "all groups are taken to be paid alike" in text
    assert "The correlation is given as 0.6: the data cannot say" in text


def test_a_name_of_another_country_is_not_cut_at_its_hyphen():
    assert short_name("Châtel-la-Forêt") == "Châtel-la-Forêt"
    assert short_name("Detroit-Warren-Dearborn, MI") == "Detroit"


# maps


FRANCE = pd.DataFrame(
    {"city": ["Paris", "Lyon", "Brest", "Ajaccio"], "latitude": [48.86, 45.76, 48.39, 41.93],
     "longitude": [2.35, 4.84, -4.49, 8.74]}
)  # fmt: skip


def _shares(cities) -> Shares:
    n = len(cities)
    pi_ck = np.random.default_rng(1).dirichlet(np.ones(n), 2).T
    return Shares(pi_ck, np.array([0.6, 0.4]), tuple(cities), ("a", "b"))


def test_places_of_another_country_fill_the_frame_and_keep_their_shape():
    where = geography.locate(FRANCE["city"], FRANCE)
    paper = where.paper
    assert where.borders == ()
    assert paper["across"].between(0, geography.WIDTH).all()
    assert paper["down"].between(0, geography.HEIGHT).all()
    reach = np.ptp(paper.to_numpy(), axis=0) / (geography.WIDTH - 80, geography.HEIGHT - 80)
    assert reach.max() == pytest.approx(1)
    assert paper.loc["Brest", "across"] < paper.loc["Paris", "across"] < paper.loc["Lyon", "across"]
    assert paper.loc["Ajaccio", "down"] > paper.loc["Lyon", "down"] > paper.loc["Paris", "down"]
    # Mercator's angles: Lyon lies where the compass says
    east, south = (paper.loc["Lyon"] - paper.loc["Paris"]).to_numpy()
    northing = np.arctanh(np.sin(np.radians([45.76, 48.86])))
    assert east / south == pytest.approx(np.radians(4.84 - 2.35) / (northing[1] - northing[0]))


def test_islands_on_both_sides_of_the_antimeridian_stay_together():
    fiji = pd.DataFrame(
        {"city": ["Suva", "Taveuni", "Lau"], "latitude": [-18.1, -16.9, -18.2],
         "longitude": [178.4, 179.9, -178.8]}
    )  # fmt: skip
    across = geography.locate(fiji["city"], fiji).paper["across"]
    assert across["Suva"] < across["Taveuni"] < across["Lau"]


@pytest.mark.parametrize(
    "content",
    [
        {"type": "Polygon", "coordinates": [[[-5, 42], [8, 42], [8, 51], [-5, 51], [-5, 42]]]},
        {"type": "Feature", "properties": {}, "geometry": {"type": "MultiPolygon", "coordinates":
            [[[[-5, 42], [8, 42], [8, 51], [-5, 42]]], [[[-150, -17], [-149, -17], [-149, -18],
            [-150, -17]]]]}},
        {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": {"type":
            "GeometryCollection", "geometries": [{"type": "LineString", "coordinates":
            [[-5, 42, 10], [8, 42, 10], [8, 51, 10]]}, {"type": "Point", "coordinates": [0, 0]}]}},
            {"type": "Feature", "geometry": None}]},
    ],
)  # fmt: skip
def test_any_geojson_of_borders_is_drawn_around_the_points(tmp_path, content):
    path = tmp_path / "b.geojson"
    path.write_text(json.dumps(content), "utf-8")
    where = geography.locate(FRANCE["city"], FRANCE, path)
    assert len(where.borders) == 1  # an island in the other ocean does not shrink the country
    assert where.paper["across"].between(0, geography.WIDTH).all()
    assert where.border_path().startswith("M")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not json", "is no GeoJSON"),
        ("[1, 2]", "no polygon and no line"),
        ('{"type": "Point", "coordinates": [1, 2]}', "no polygon and no line"),
        ('{"type": "LineString", "coordinates": [[652000, 6862000], [1, 2]]}', "EPSG:4326"),
        ('{"type": "LineString", "coordinates": "here"}', "no polygon and no line"),
    ],
)
def test_outlines_that_are_none_are_refused_with_what_to_do(tmp_path, text, message):
    path = tmp_path / "b.geojson"
    path.write_text(text, "utf-8")
    with pytest.raises(DataError, match=message):
        geography.read_outlines(path)
    with pytest.raises(DataError, match="is not there"):
        geography.read_outlines(tmp_path / "none.geojson")


def test_maps_draw_no_outline_of_the_united_states_around_other_places():
    shares = _shares(FRANCE["city"])
    drawn = change_map(shares, np.linspace(-0.1, 0.1, 4), "change", coordinates=FRANCE)
    axes = drawn.figure.axes[0]
    assert not axes.lines
    assert not axes.axison  # a map
    ranked = change_map(shares, np.linspace(-0.1, 0.1, 4), "change").figure.axes[0]
    assert ranked.get_xlabel() == "rank"
    worth = pd.DataFrame(
        {"city": shares.cities, "T_c": 1.0, "pi_c": shares.pi_c, "pi_c_median": shares.pi_c}
    )
    assert scale_map(worth, FRANCE).name == "scale_map"
    assert not scale_map(worth, FRANCE).figure.axes[0].collections[0].get_paths()
    assert scale_map(worth).name == "scale_ranking"


def test_a_panel_that_is_loaded_places_its_cities_on_every_map(tmp_path, island):
    island.save(tmp_path / "panel")
    (tmp_path / "panel" / places.OUTLINES).write_bytes((EXAMPLES / "ormance.geojson").read_bytes())
    panel = sources.load(tmp_path / "panel")
    shares = panel.shares(2020)
    content = live.gain_map(shares, 0.6, city=shares.cities[0]).content
    assert all(content["places"])
    assert content["borders"].startswith("M")
    expected = panel.coordinates.set_index("city").loc[list(shares.cities)]
    np.testing.assert_allclose(content["degrees"], expected, atol=1e-4)
    assert np.isfinite(places.distances(shares.cities)).all()
    # the default book's cities are where they were
    york = places.coordinates(["New York-Newark-Jersey City, NY-NJ-PA"])
    assert york.iloc[0, 0] == pytest.approx(40.7, abs=0.3)


def test_without_a_known_place_a_live_map_has_no_borders():
    content = live.gain_map(_shares(["Paris", "Lyon", "Brest"]), 0.6, city="Paris").content
    assert content["places"] == [None] * 3
    assert content["borders"] == ""


def test_borders_are_kept_with_the_panel_and_hashed(tmp_path, build, island):
    island.save(tmp_path / "panel")
    plain = own_data.kept_source(str(tmp_path / "panel"))
    kept = own_data.kept_source(str(tmp_path / "panel"), str(EXAMPLES / "ormance.geojson"))
    assert kept != plain
    assert places.OUTLINES in own_data.data_hashes(kept)
    assert places.OUTLINES not in own_data.data_hashes(plain)


# the chapters themselves


@pytest.mark.slow
@pytest.mark.parametrize("which", ["island", "bare", "one year", "one group"])
def test_every_chapter_of_the_book_runs(which, tmp_path, build, island, bare, monkeypatch):
    """With everything, with shares alone, with one year and with one group."""
    last = bare.cells[bare.cells["year"] == bare.years[-1]]
    one_year = Panel.from_table(last[["city", "occupation", "households"]], name="one year")
    panel = {"island": island, "bare": bare, "one year": one_year, "one group": _one_group(bare)}
    outlines = f"outlines: {EXAMPLES / 'ormance.geojson'}\n" if which == "island" else ""
    rho = "" if which == "island" else "rho: 0.6\n"
    run = preparation.prepare(_scenario(tmp_path, panel[which], outlines + rho))
    source = str(tmp_path / run.parameters["source"])
    said: dict = {}
    monkeypatch.setattr(notebook, "record", lambda **values: said.update(values))
    for page in run.pages():
        text = page.read_text("utf-8")
        values = json.loads(run.parameters_of(page.stem).read_text("utf-8"))["parameters"]
        names = {"__name__": "page"}
        for cell in jupytext.reads(parameters.with_values(text, values), "md:myst").cells:
            if cell.cell_type == "code":
                exec(compile(cell.source, page.stem, "exec"), names)
                if "parameters" in cell.metadata.get("tags", ()):
                    names["source"] = source
        referred = set(re.findall(r"\{glue:text\}`(\w+)", text))
        assert referred <= set(said), page.stem
