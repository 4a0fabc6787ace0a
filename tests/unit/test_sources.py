"""Where panels come from, and everything that can be wrong with a file."""

import hashlib
import http.server
import subprocess
import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest

from helpers import sources
from helpers.errors import (
    DataError,
    DataUnavailableError,
    GivenDataError,
    HashMismatchError,
    PanelError,
    ParameterError,
    UnknownNameError,
)
from helpers.names import NEW_YORK, VISALIA
from helpers.panel import OCCUPATIONS, Panel
from helpers.sources import replication, synthetic
from helpers.targets import TARGETS

BYTES = b"city_year,occ_year\n"
RIGHT = hashlib.sha256(BYTES).hexdigest()


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """No folder named, an empty cache, and an address that refuses."""
    monkeypatch.delenv("COMPANION_DATA", raising=False)
    monkeypatch.setattr(replication._downloads(), "os_cache", lambda name: tmp_path / name)
    monkeypatch.setattr(replication, "ADDRESS", "http://127.0.0.1:9/")
    return tmp_path


@pytest.fixture
def server(nowhere, monkeypatch):
    """A server on this machine that counts requests and can be slow."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.requests += 1
            time.sleep(self.server.delay)
            self.send_response(200)
            self.send_header("Content-Length", str(len(BYTES)))
            self.end_headers()
            self.wfile.write(BYTES)

        def log_message(self, *_):
            pass

    served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.requests, served.delay = 0, 0.0
    threading.Thread(target=served.serve_forever, daemon=True).start()
    monkeypatch.setattr(replication, "ADDRESS", f"http://127.0.0.1:{served.server_port}/")
    yield served
    served.shutdown()
    served.server_close()


def test_a_download_with_the_right_hash_is_kept_and_not_repeated(server, monkeypatch):
    monkeypatch.setitem(replication.FILES, "T_c", replication.PublishedFile("T_c.csv", RIGHT))
    assert replication.locate("T_c").read_bytes() == BYTES
    assert replication.locate("T_c").read_bytes() == BYTES
    assert server.requests == 1


def test_a_download_with_a_wrong_hash_is_refused_and_deleted(server, nowhere):
    with pytest.raises(HashMismatchError, match=r"T_c\.csv"):
        replication.locate("T_c")
    assert not [path for path in nowhere.rglob("*") if path.is_file()]
    found = sources.resolve()
    assert found.source == "synthetic"
    assert "SHA-256" in found.reason


def test_a_server_that_hangs_costs_seconds(server, monkeypatch):
    monkeypatch.setattr(replication, "FILE_SECONDS", 0.3)
    server.delay = 2.0
    # had it waited for the answer, there would be a file and no error
    with pytest.raises(DataUnavailableError, match="not fetched within"):
        replication.locate("T_c")


def test_without_network_auto_is_synthetic_and_says_why(nowhere):
    found = sources.resolve()
    assert found.source == "synthetic"
    assert "could not be fetched" in found.reason
    with pytest.raises(DataUnavailableError):
        sources.load("replication")


def test_a_readers_file_with_other_bytes_is_refused_and_left(nowhere, monkeypatch, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "T_c.csv").write_bytes(BYTES)
    monkeypatch.setenv("COMPANION_DATA", str(mine))
    with pytest.raises(HashMismatchError, match="expected SHA-256"):
        replication.locate("T_c")
    assert (mine / "T_c.csv").read_bytes() == BYTES


def test_a_stale_cache_is_fetched_anew(server, nowhere, monkeypatch):
    monkeypatch.setitem(replication.FILES, "T_c", replication.PublishedFile("T_c.csv", RIGHT))
    path = replication.locate("T_c")
    path.write_bytes(b"half a fi")
    assert replication.locate("T_c").read_bytes() == BYTES


@pytest.mark.parametrize("kind", ["absent", "file", "empty", "one missing"])
def test_companion_data_that_lacks_a_file_is_an_error_and_never_synthetic(
    nowhere, monkeypatch, tmp_path, kind
):
    given = tmp_path / "given"
    if kind == "file":
        given.write_text("")
    elif kind != "absent":
        given.mkdir()
    if kind == "one missing":
        for name, file in replication.FILES.items():
            fake = replication.PublishedFile(file.path, RIGHT)
            monkeypatch.setitem(replication.FILES, name, fake)
            (given / file.name).write_bytes(BYTES)
        (given / "T_k.csv").unlink()
    monkeypatch.setenv("COMPANION_DATA", str(given))
    for attempt in (sources.resolve, sources.load):
        with pytest.raises(GivenDataError) as refused:
            attempt()
        said = str(refused.value)
        assert said.startswith(f"COMPANION_DATA: {given} ")
        assert "T_k.csv" in said
        assert ("T_c.csv" in said) == (kind != "one missing")
        assert said.endswith("unset COMPANION_DATA to have the files fetched")
    assert sources.load("synthetic").source == "synthetic"


def test_what_lies_in_the_cache_is_never_removed(nowhere, monkeypatch):
    """A stale copy stays where no good one can be had."""
    folder = nowhere / "correlated-migration" / replication.COMMIT[:12]
    folder.mkdir(parents=True)
    (folder / "T_c.csv").write_bytes(b"older")
    for download in (False, True):
        with pytest.raises(DataUnavailableError):
            replication.locate("T_c", download)
        assert (folder / "T_c.csv").read_bytes() == b"older"


def test_a_source_that_is_nothing_is_refused_before_anything_starts(tmp_path):
    for source in ("nowhere", str(tmp_path / "none")):
        with pytest.raises(UnknownNameError, match="folder with a built panel"):
            sources.resolve(source)
    with pytest.raises(ParameterError, match="source: expected one of"):
        sources.load(None)
    with pytest.raises(DataError, match=r"found no about\.json; name the folder"):
        sources.load(tmp_path)


def test_an_unknown_source_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match="replication"):
        sources.load("replicaton")


def test_the_published_panel_is_the_papers(published):
    """Rows, years and the cities that the survey's new geography brings in and takes out."""
    cells = published.cells
    assert len(cells) == 20_880
    assert cells["log_wage"].notna().sum() == 19_280
    by_year = cells.groupby("year")["city"].nunique()
    assert by_year[[2010, 2011]].tolist() == [265, 265]
    assert set(by_year.loc[2012:]) == {260}
    used = cells.dropna().groupby("year")["city"].nunique()
    assert used[[2010, 2012]].tolist() == [265, 235]
    for year in published.years:
        published.shares(year)


def test_the_synthetic_economy_looks_like_a_country(truth, made):
    """Real names, the paper's cities among them, realistic sizes, twenty sectors, ten years."""
    shares = made.shares(2019)
    assert len(shares.cities) == 260
    assert shares.occupations == OCCUPATIONS
    assert made.years == tuple(range(2010, 2020))
    assert made.shifts["sector"].nunique() == 20
    printed = [t.id for t in TARGETS if t.place == "table 2B"]
    heads = {f"T_c-{c.split('-')[0].lower().replace(' ', '-')}" for c in shares.cities}
    assert set(printed) <= heads
    assert {NEW_YORK, VISALIA, "Detroit-Warren-Dearborn, MI"} <= set(shares.cities)
    order = np.argsort(-shares.pi_c)
    assert shares.cities[order[0]] == NEW_YORK
    assert 0.05 < shares.pi_c.max() < 0.15
    # rank-size rule: log size falls with log rank at a slope near minus one
    slope = np.polyfit(np.log(np.arange(1, 101)), np.log(shares.pi_c[order[:100]]), 1)[0]
    assert -1.4 < slope < -0.7
    assert truth.rho == 0.64
    assert truth.theta == 3


def test_the_synthetic_economy_is_its_seed():
    one, other = synthetic.economy(5), synthetic.economy(5)
    pd.testing.assert_frame_equal(one.panel().cells, other.panel().cells)
    assert not synthetic.economy(6).panel().cells["log_wage"].equals(one.panel().cells["log_wage"])


def test_counts_and_shares_agree(truth, made):
    """Occupation shares from counts and from pi_c = sum_k pi_ck omega_k are the same."""
    without = Panel(made.cells.drop(columns="households"), made.cities.drop(columns="households"))
    for year in made.years:
        np.testing.assert_allclose(
            without.shares(year).omega_k, made.shares(year).omega_k, atol=1e-10
        )
        np.testing.assert_allclose(made.shares(year).pi_ck, truth.shares(year).pi_ck, atol=1e-14)


def test_the_instrument_is_exposures_times_shifts(made):
    """One cell by hand."""
    cell = made.cells[
        (made.cells["city"] == NEW_YORK)
        & (made.cells["occupation"] == "sales")
        & (made.cells["year"] == 2015)
    ]
    weights = made.exposures[
        (made.exposures["city"] == NEW_YORK) & (made.exposures["occupation"] == "sales")
    ].set_index("sector")["exposure"]
    shifts = made.shifts[made.shifts["year"] == 2015].set_index("sector")["log_tfp"]
    assert cell["instrument"].iloc[0] == pytest.approx((weights * shifts).sum(), rel=1e-12)
    over_occupations = made.exposures.groupby(["city"])["exposure"].sum()
    np.testing.assert_allclose(over_occupations, 1, rtol=1e-12)


def test_a_panel_survives_saving(made, tmp_path):
    folder = made.save(tmp_path / "panel")
    again = sources.load(folder)
    pd.testing.assert_frame_equal(again.cells, made.cells)
    pd.testing.assert_frame_equal(again.shifts, made.shifts)
    assert again.provenance == made.provenance
    assert [path.name for path in tmp_path.iterdir()] == ["panel"]
    (folder / "cells.parquet").unlink()
    with pytest.raises(DataError, match=r"cells\.parquet"):
        sources.load(folder)


TABLES = ("cells", "cities", "exposures", "shifts")


def _tree(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def _foreign(kind, made, place):
    """A target that the package did not write."""
    if kind == "file":
        place.write_text("mine")
        return
    if kind in ("note", "half"):
        made.save(place)
    else:
        place.mkdir()
    if kind == "extract":
        (place / "usa_00001.dat.gz").write_bytes(b"records")
    elif kind == "note":
        (place / "notes.txt").write_text("mine")
    elif kind == "half":
        (place / "cities.parquet").unlink()
    elif kind == "same names":
        for name in ("about.json", "cells.parquet", "cities.parquet"):
            (place / name).write_text("{}")
    elif kind == "own tables":
        (place / "about.json").write_text('{"source": "me", "provenance": {}}')
        for name in ("cells", "cities"):
            getattr(made, name).to_parquet(place / f"{name}.parquet")


@pytest.mark.parametrize(
    "kind", ["file", "extract", "note", "half", "same names", "own tables", "link"]
)
def test_saving_removes_nothing_that_it_did_not_write(made, tmp_path, kind):
    place = tmp_path / "target"
    if kind == "link":
        _foreign("extract", made, tmp_path / "elsewhere")
        place.symlink_to(tmp_path / "elsewhere")
    else:
        _foreign(kind, made, place)
    before = _tree(tmp_path)
    with pytest.raises(DataError, match="name another"):
        made.save(place)
    assert _tree(tmp_path) == before


def test_saving_takes_nothing_an_empty_folder_or_a_saved_panel(made, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "deep" / "er")
    other = synthetic.economy(7).panel()
    for name in ("empty", "deep/er", "link", "with [brackets] and ü"):
        folder = made.save(tmp_path / name)
        assert other.save(tmp_path / name) == folder
        assert Panel.read(tmp_path / name).provenance["seed"] == 7
        assert not [p for p in folder.parent.iterdir() if p.name.startswith(".")]
        assert folder.stat().st_mode & 0o777 == tmp_path.joinpath("empty").stat().st_mode & 0o777
    bare = Panel(made.cells, made.cities, source="bare")
    assert Panel.read(bare.save(tmp_path / "empty")).exposures is None  # no table of the old one


def test_a_place_that_cannot_be_written_is_refused_by_name(made, tmp_path):
    (tmp_path / "file").write_text("mine")
    for place in (tmp_path / "file" / "panel", tmp_path / ("x" * 300)):
        with pytest.raises(DataError, match=r"cannot be written .*name a folder"):
            made.save(place)
    assert _tree(tmp_path) == {"file": b"mine"}


KILLED = """
import os, sys
from helpers import panel
from helpers.panel import storage, table
from helpers.sources import synthetic

place, how = sys.argv[1:]
truth = synthetic.economy().panel()
first = [table[table["year"] == 2010] for table in (truth.cells, truth.cities)]
old, new = (panel.Panel(*first, provenance={"seed": seed}) for seed in (6, 7))
if how != "exchange":
    table.exchange = storage.exchange = lambda one, other: False
moments = {"install", "recover", "discard", "exchange"}

def save_and_die(step):
    count = 0

    def line(frame, event, _):
        nonlocal count
        count += event == "line"
        if count == step:
            os._exit(9)
        return line

    sys.settrace(lambda frame, *_: line if frame.f_code.co_name in moments else None)
    new.save(place)
    os._exit(0)

step, ended = 0, 9
while ended:
    step += 1
    old.save(place)  # takes over whatever a killed one left
    child = os.fork() or save_and_die(step)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(panel.Panel.read(place).provenance["seed"], flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", ["exchange", "no exchange"])
def test_a_save_that_is_killed_at_any_line_leaves_the_old_or_the_new_whole(tmp_path, how):
    place = tmp_path / "panel"
    done = subprocess.run(
        [sys.executable, "-c", KILLED, place, how], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    seeds = [int(line) for line in done.stdout.split()]
    assert len(seeds) > 15
    assert seeds == sorted(seeds)  # first the old, from some line on the new
    assert set(seeds) == {6, 7}
    assert set(_tree(place)) == {"about.json", "cells.parquet", "cities.parquet"}


def test_single_precision_shares_are_taken(made):
    """As some tools write them: they add up in double precision after."""
    small = {"log_share": "float32", "log_wage": "float32"}
    panel = Panel(made.cells.astype(small), made.cities.astype({"log_city_share": "float32"}))
    assert panel.cells["log_share"].dtype == float
    for year in (2010, 2019):
        np.testing.assert_allclose(panel.shares(year).pi_ck, made.shares(year).pi_ck, rtol=2e-6)


BAD_VALUES = [
    ("cells", "year", 2019.5, r"year is 2019\.5, expected a whole year"),
    ("cells", "year", np.int64(1200), "year is 1200, expected"),
    ("cells", "year", None, "year is None, expected"),
    ("cells", "log_share", np.nan, "log_share is nan, expected a finite number"),
    ("cells", "log_share", -np.inf, "log_share is -inf, expected"),
    ("cells", "log_share", 1e-6, r"log_share is 1e-06, expected a finite number, at most 0"),
    ("cells", "log_share", 0.5, r"log_share is 0\.5, expected a finite number, at most 0"),
    ("cells", "log_wage", np.inf, "log_wage is inf, expected a finite number, or missing"),
    ("cells", "log_wage", "high", "log_wage is 'high', expected"),
    ("cells", "instrument", -np.inf, "instrument is -inf"),
    ("cells", "households", -3.0, r"households is -3\.0, expected a finite number of at least 0"),
    ("cells", "occupation", "wizards", "occupation is 'wizards', expected one of management"),
    ("cells", "city", None, "city is missing"),
    ("cities", "log_city_share", -np.inf, "log_city_share is -inf"),
    ("cities", "log_city_wage", -np.inf, "log_city_wage is -inf"),
    ("exposures", "exposure", np.nan, "exposure is nan"),
    ("shifts", "log_tfp", np.inf, "log_tfp is inf"),
    ("shifts", "year", "2019a", "year is '2019a'"),
]


@pytest.mark.parametrize(("name", "column", "value", "words"), BAD_VALUES)
def test_a_bad_value_is_named_with_its_row_and_city(made, name, column, value, words):
    tables = {key: getattr(made, key).copy() for key in TABLES}
    table = tables[name].astype({column: object})
    table.loc[1234 % len(table), column] = value
    tables[name] = table
    with pytest.raises(PanelError, match=words) as refused:
        Panel(**tables)
    said = str(refused.value)
    assert f"{name}, row {1234 % len(table)} (" in said
    if column != "city" and "city" in table:
        assert f"city {table.loc[1234 % len(table), 'city']!r}" in said
    assert "np." not in said


def test_a_year_that_is_none_is_refused(made):
    for year, words in (
        (2019.5, r"expected a whole number such as 2019, found 2019\.5"),
        ("2019", "found '2019'"),
        (np.float64("nan"), "found nan"),
        (None, "found None"),
    ):
        with pytest.raises(ParameterError, match=f"year: .*{words}"):
            made.shares(year)
    assert made.shares(np.int64(2019)).cities == made.shares(2019.0).cities
    with pytest.raises(UnknownNameError, match="year: 2030 is not among 10 names"):
        made.shares(np.int64(2030))


def _break(name, made):
    """One way to break the contract."""
    cells, cities = made.cells.copy(), made.cities.copy()
    if name == "duplicate":
        cells = pd.concat([cells, cells.head(1)])
    elif name == "missing cell":
        cells = cells.iloc[1:]
    elif name == "unknown occupation":
        cells["occupation"] = cells["occupation"].replace("sales", "wizards")
    elif name == "share above one":
        cells.loc[0, "log_share"] = 0.2
    elif name == "share of zero":
        cells.loc[0, "log_share"] = -np.inf
    elif name == "does not add up":
        cells.loc[0, "log_share"] += 0.01
    elif name == "no column":
        cells = cells.drop(columns="log_wage")
    elif name == "extra column":
        cells["wage"] = 1.0
    elif name == "text for numbers":
        cells["log_wage"] = "high"
    elif name == "city without shares":
        cities = cities.iloc[1:]
    elif name == "empty":
        cells = cells.iloc[:0]
    return cells, cities


@pytest.mark.parametrize(
    "name",
    ["duplicate", "missing cell", "unknown occupation", "share above one", "share of zero",
     "does not add up", "no column", "extra column", "text for numbers", "city without shares",
     "empty"],
)  # fmt: skip
def test_a_table_that_breaks_the_contract_is_refused(made, name):
    with pytest.raises(PanelError, match=r"cells|cities"):
        Panel(*_break(name, made))


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_shares_add_up_but_for_what_their_precision_misses(made, precision):
    """A millionth is rounding in single precision and an error in double; 1e-4 is one in both."""
    one = (made.cells["year"] == 2012) & (made.cells["occupation"] == "trades")
    for off in (1e-9, 1e-6, -1e-6, 1e-4, -1e-4):
        cells = made.cells.drop(columns="households").copy()
        cells.loc[one, "log_share"] += off
        cells = cells.astype({"log_share": precision})
        if abs(off) < {"float32": 1e-5, "float64": 1e-8}[precision]:
            found = np.exp(Panel(cells, made.cities).cells.loc[one, "log_share"])
            assert found.sum() == pytest.approx(1, abs=2e-9)
            continue
        with pytest.raises(PanelError, match=r"trades in 2012 sum to (1\.000[01]|0\.9999)"):
            Panel(cells, made.cities)


def test_sizes_of_cities_are_those_of_their_occupations_to_eight_digits(made):
    """Without counts, pi_c = sum_k pi_ck omega_k gives omega_k; a city 1e-6 off it is refused."""
    cells = made.cells.drop(columns="households")
    for off, taken in ((1e-9, True), (1e-6, False)):
        cities = made.cities.drop(columns="households").copy()
        cities.loc[cities["city"] == NEW_YORK, "log_city_share"] += off
        panel = Panel(cells, cities)
        if taken:
            omega_k = panel.shares(2019).omega_k
            np.testing.assert_allclose(omega_k, made.shares(2019).omega_k, rtol=1e-6)
            continue
        with pytest.raises(PanelError, match="no occupation shares"):
            panel.shares(2019)


def test_city_shares_that_no_occupation_shares_explain_are_refused(made):
    cities = made.cities.drop(columns="households").copy()
    cities.loc[cities["city"] == NEW_YORK, "log_city_share"] += 0.1
    panel = Panel(made.cells.drop(columns="households"), cities)
    with pytest.raises(PanelError, match="no occupation shares"):
        panel.shares(2019)


@pytest.fixture(scope="module")
def metros_tool():
    import importlib.util
    from pathlib import Path

    path = Path(__file__).parents[2] / "tools" / "metros.py"
    spec = importlib.util.spec_from_file_location("metros", path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


def test_metros_table_is_what_geonames_gives(metros_tool):
    """The committed table, made anew from the package that ships GeoNames."""
    committed = pd.read_csv(metros_tool.TABLE)
    made = metros_tool.metros(committed["city"].tolist())
    pd.testing.assert_frame_equal(made, committed)


def test_places_table_is_what_geonames_gives(metros_tool):
    """Coordinates of the areas beyond the synthetic ones, made anew as well."""
    committed = pd.read_csv(metros_tool.OTHERS)
    made = metros_tool.coordinates(committed["city"].tolist())
    pd.testing.assert_frame_equal(made, committed)


def test_every_city_of_either_source_has_a_place(panel):
    """Coordinates of the published panel's cities are near other people's centroids."""
    from helpers.sources import places

    for year in panel.years:
        found = places.coordinates(panel.shares(year).cities)
        assert found.notna().all(axis=None)
        assert found["latitude"].between(18, 72).all()
        assert found["longitude"].between(-180, -65).all()


def test_places_are_near_the_centroids_of_other_people(external):
    import numpy as np

    from helpers.sources import places

    theirs = pd.read_csv(external("metro") / "met2013_metros.csv")
    theirs = theirs.rename(columns={"name_2013": "city"}).set_index("city")
    ours = places.table()
    both = ours.join(theirs[["lat", "lon"]], how="inner")
    assert len(both) >= 285
    lat = np.radians(both[["latitude", "lat"]].to_numpy())
    east = np.radians(both["longitude"] - both["lon"]) * np.cos(lat.mean(axis=1))
    kilometres = 6371 * np.hypot(lat[:, 0] - lat[:, 1], east)
    # the first city is not the centroid of its area, but it lies inside
    assert kilometres.median() < 20
    assert kilometres.max() < 150
