"""How pages look and behave, by rule: folds, tables, drawings, search, downloads."""

import json
import re
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from helpers import exhibits
from helpers.book import bibliography, drawings, fold, plain_notebook, run_box, search, tables
from helpers.exhibits import lighter, narrow, palette, words
from helpers.exhibits.data import MIME
from helpers.exhibits.exhibit import Exhibit, canvas
from helpers.files import NOTEBOOKS


def _cell(code: str, *tags: str, mime: str = "") -> dict:
    outputs = [{"output_type": "display_data", "data": {mime: ""}}] if mime else []
    return {
        "cell_type": "code",
        "metadata": {"tags": list(tags)},
        "source": code,
        "outputs": outputs,
    }


@pytest.mark.parametrize(
    ("cell", "label"),
    [
        (_cell("rho = 0.5", "parameters"), fold.SETUP),
        (_cell("anything(1)", "setup"), fold.SETUP),
        (_cell("import numpy as np\nassert np.pi > 3"), fold.SETUP),
        (
            _cell("from x import load\npanel = load(source)\nshares = panel.shares(2019)"),
            fold.SETUP,
        ),
        (_cell("import a\nimport b\nimport c\ndata = sample(panel)"), fold.SETUP),
        (_cell("import a\ndata = sample(panel)"), ""),
        (_cell("record(rho=rho)"), fold.SETUP),
        (_cell("exhibits.figure_2(panel)", "hide-input", mime="image/svg+xml"), fold.FIGURE),
        (_cell("exhibits.figure_2(panel)", mime="image/svg+xml"), fold.FIGURE),
        (_cell("x = sort(y)\ndraw(x)", mime="image/svg+xml"), ""),
        (_cell("table()", "hide-input", mime="text/html"), fold.CODE),
        (_cell("from h import exercises\nmine = None\nexercises.check('a', mine)"), fold.ANSWER),
        (_cell("new = shock(shares, rho, theta)"), ""),
        (_cell("shares = panel.shares(2019)\nfit = estimate(panel)"), ""),
        (_cell("import numpy as np\nhat = np.ones(3)"), ""),
        (_cell("this is no code"), ""),
    ],
)
def test_what_is_folded_and_what_is_the_lesson(cell, label):
    assert fold.label(cell) == label
    notebook = {"cells": [cell]}
    fold.fold(notebook)
    assert ("hide-input" in cell["metadata"]["tags"]) == bool(label)
    if label:
        assert cell["metadata"]["mystnb"]["code_prompt_show"] == label


def _folded(words_: str, body: str, output: str = "") -> str:
    return (
        '<div class="cell"><details class="hide above-input"><summary aria-label="Toggle">'
        f'<span class="collapsed">{words_}</span><span class="expanded">{words_}</span></summary>'
        f'<div class="cell_input"><pre>{body}</pre></div></details>{output}</div>'
    )


def test_neighbouring_setups_become_one_line():
    page = BeautifulSoup(
        _folded("Setup", "one")
        + _folded("Setup", "two", '<div class="cell_output">said</div>')
        + _folded("Setup", "three")
        + _folded("Show the code", "four"),
        "html.parser",
    )
    fold.join(page)
    lines = [summary.get_text() for summary in page.select("summary")]
    assert lines == ["Setup", "Show the code"]
    kept = [[pre.get_text() for pre in line.select("pre")] for line in page.select("details")]
    assert kept == [["one", "two"], ["three", "four"]]  # in the order in which they run
    assert page.select_one(".cell_output").get_text() == "said"
    assert not page.select("summary[aria-label]")


def test_a_paper_check_is_quiet_and_folds_and_other_notes_stay():
    note = '<aside class="margin sidebar"><p class="sidebar-title">{}</p><p>words</p></aside>'
    page = BeautifulSoup(note.format("Paper check") + note.format("Aside"), "html.parser")
    fold.quiet_checks(page)
    quiet, other = page.select("aside")
    assert quiet.select_one("details[open] > summary").get_text() == "Paper check"
    assert quiet.select_one("details > p").get_text() == "words"
    assert "paper-check" not in other["class"]


@pytest.mark.parametrize(
    "name",
    [
        "change_independent",
        "per_outlay",
        "T_k-management",
        "t_ck",
        "se of beta",
        "new_name_of_2031",
    ],
)
def test_a_heading_is_words(name):
    said = words.heading(name)
    assert "_" not in said
    assert said[0].isupper() or said.startswith("ln")


def _tidied(frame: pd.DataFrame, **options) -> BeautifulSoup:
    page = BeautifulSoup(frame.to_html(**options), "html.parser")
    tables.tidy(page)
    return page


def _texts(page: BeautifulSoup, what: str) -> list[str]:
    return [cell.get_text() for cell in page.select(what)]


def test_a_bare_frame_looks_like_a_table_of_the_book():
    frame = pd.DataFrame(
        {"city": ["Akron, OH", "Reno, NV"], "pi_c": [0.0123456, 0.9], "right": [True, False]},
        index=[17, 3],
    )
    page = _tidied(frame)
    assert _texts(page, "thead th") == ["City", "Share of households", "Right"]
    assert _texts(page, "tbody td") == ["Akron, OH", "0.012", "yes", "Reno, NV", "0.900", "no"]
    assert not page.select("tbody th")
    assert page.select_one(".table-scroll > table")
    assert len(page.select(".number")) == 3


def test_summaries_and_named_rows_are_said_in_words():
    summary = pd.DataFrame({"change": [1.0, 2.0, 4.0]}).describe().loc[["min", "50%", "max"]]
    page = _tidied(summary)
    assert _texts(page, "tbody th") == ["smallest", "median", "largest"]
    assert _texts(page, "thead th")[0] == "Statistic"
    named = pd.DataFrame({"x": [1.5]}, index=pd.Index(["log_share"], name="variable"))
    page = _tidied(named)
    assert len(page.select("thead tr")) == 1
    assert _texts(page, "tr > th") == ["Variable", "x", "ln share"]
    coverage = pd.DataFrame({"design": ["a", "b"], "city": ["75%", "8%"]})
    assert _texts(_tidied(coverage), "td") == ["a", "75%", "b", "8%"]


def test_points_stand_under_each_other_and_missing_is_empty():
    frame = pd.DataFrame({"printed": ["0.64", "12.5", "3"], "beta": [1.0, np.nan, 250.0]})
    page = _tidied(frame, index=False)
    rows = [row.select("td") for row in page.select("tbody tr")]
    after = [len(row[0].get_text().replace(".", "\u2008").partition("\u2008")[2]) for row in rows]
    assert len(set(after)) == 1
    assert rows[1][1].get_text() == ""


def test_a_wide_table_of_few_rows_is_laid_on_its_side():
    frame = pd.DataFrame([range(20)], columns=[f"estimator_{i}" for i in range(20)])
    page = _tidied(frame, index=False)
    assert len(page.select("tbody tr")) == 19
    assert max(len(row.find_all(["th", "td"])) for row in page.select("tr")) == 2


def _grid() -> exhibits.Exhibit:
    with exhibits.canvas(9, 3) as (figure, spare):
        figure.delaxes(spare)
        for ax in figure.subplots(1, 3, sharey=True):
            ax.scatter([0, 1], [0, 1], label="marks")
            ax.set_title("a title that is a good deal longer than a phone is wide", loc="left")
            ax.legend(bbox_to_anchor=(1, 1), loc="upper left")
    return exhibits.Exhibit("grid", figure, pd.DataFrame({"x": [0, 1]}))


@pytest.mark.parametrize("place", ["upper left", "above"])
def test_a_wide_legend_goes_below_and_a_narrow_drawing_keeps_its_width(place):
    """Words that fill the panel would leave it no width, and the wide drawing would serve."""
    with canvas(7.2, 3.8) as (figure, ax):
        ax.bar(range(12), range(1, 13), label="what a unit of work is paid")
        ax.plot(range(12), range(12), label="what those who chose it earn")
        ax.set_xticks(range(12), [f"town {i}, work {i}" for i in range(12)], rotation=60)
        where = {"loc": "lower left", "bbox_to_anchor": (0, 1)} if place == "above" else {}
        ax.legend(ncols=2, **(where or {"loc": place}))
    slim = narrow.narrow(figure)
    assert slim.get_size_inches()[0] == narrow.WIDTH
    slim.draw_without_rendering()
    (legend,) = slim.legends
    box = legend.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= slim.bbox.x1
    assert box.y1 <= slim.axes[0].get_window_extent().y0
    assert figure.axes[0].get_legend() is not None  # the wide one is left alone


def test_a_lighter_drawing_shows_the_same_marks():
    """Discs where they were and as large, each with its colour; no look lost in a group."""
    with canvas(4, 3) as (figure, ax):
        ax.scatter([1, 2, 3], [1, 4, 9], s=[20, 80, 320], c=["#112233", "#112233", "#445566"])
    figure.set_dpi(72)  # as SVG has it
    figure.draw_without_rendering()
    found = BeautifulSoup(Exhibit("dots", figure, pd.DataFrame()).svg(), "xml").select("circle")
    (marks,) = ax.collections
    at = ax.transData.transform(marks.get_offsets()) * 72 / figure.dpi
    for disc, (x, y), area, colour in zip(
        found, at, marks.get_sizes(), ["#112233", "#112233", "#445566"], strict=True
    ):
        assert float(disc["cx"]) == pytest.approx(x, abs=0.02)
        assert float(disc["cy"]) == pytest.approx(72 * 3 - y, abs=0.02)
        assert float(disc["r"]) == pytest.approx((area**0.5) / 2, abs=0.02)
        looks = f"{disc.get('style', '')}; {disc.parent.get('style', '')}"
        assert f"fill: {colour}" in looks
        assert "clip-path" in disc.attrs or "clip-path" in disc.parent.attrs


def test_a_lighter_drawing_is_not_made_lighter_twice_and_keeps_opacities_apart():
    mark = '<use x="{}" style="opacity: 0.5; fill: #000"/>'
    once = lighter.lighter("\n".join([mark.format(1), mark.format(2)]))
    assert once.count("opacity: 0.5") == 2  # of each mark, not of the two together
    assert "<g" not in once
    assert lighter.lighter(once) == once


def test_a_narrow_drawing_has_one_column_and_leaves_the_wide_one_alone():
    drawn = _grid()
    before = drawn.svg()
    slim = narrow.narrow(drawn.figure)
    assert slim.get_size_inches()[0] == narrow.WIDTH
    lefts = {round(ax.get_position().x0, 2) for ax in slim.axes}
    assert len(lefts) == 1
    for ax in slim.axes:
        assert "\n" in ax.get_title(loc="left")
        # inside the figure: nothing is cut off on the right
        assert ax.get_legend().get_window_extent().x1 <= slim.bbox.x1 + 1
    assert drawn.svg() == before
    assert drawn.narrow_svg() == drawn.narrow_svg()
    content = drawn._repr_mimebundle_()
    assert content["text/plain"] == repr(drawn)
    assert {"name", "columns", "rows"} <= set(content[MIME])
    assert 'width="288pt"' in content[MIME]["narrow"]


def test_names_that_have_no_room_are_left_out_and_none_run_into_each_other():
    with exhibits.canvas(7, 3) as (figure, ax):
        ax.set_xlim(0, 1)
        for at in np.linspace(0.1, 0.9, 12):
            ax.annotate("a city's name", (at, 0.5))
    slim = narrow.narrow(figure)
    boxes = [text.get_window_extent() for text in slim.axes[0].texts if text.get_visible()]
    assert 1 <= len(boxes) < 12
    assert all(one.x1 <= other.x0 + 1 for one, other in pairwise(boxes))


def test_thousands_of_marks_do_not_weigh_a_page_down():
    x = np.linspace(0, 1, 20_000)
    with exhibits.canvas(6, 4) as (figure, ax):
        ax.scatter(x, x)
    assert len(exhibits.Exhibit("many", figure, pd.DataFrame()).svg()) < 100_000


def test_a_drawing_keeps_its_marks_and_can_be_read_in_the_dark():
    svg = _grid().svg()
    both = drawings.with_dark(svg)
    rules = re.search(r"<style>(#dark.*?)</style>", both)[1]
    assert both.replace(f"\n<style>{rules}</style>", "").replace(' id="dark"', "") == svg
    # what is white or black by its own words is neither on a dark ground
    for name, colour in set(re.findall(r"\b(fill|stroke): (#(?:ffffff|000000|262626))", svg)):
        assert f':target [style*="{name}: {colour}"]{{{name}:{drawings.on_dark(colour)}' in rules
    for colour in (*palette.LINES, "#222222", "#333333"):
        ground = np.array(mpl.colors.to_rgb(drawings.GROUND))
        shown = np.array(mpl.colors.to_rgb(drawings.on_dark(colour)))
        assert np.abs(shown - ground).max() > 0.3
    for colour in palette.OCCUPATIONS:
        assert drawings.on_dark(colour) == colour


def test_a_mark_takes_its_look_from_where_it_is_used():
    """A rule for the dark reaches a shape that is used by what it inherits, and no other way."""
    drawn = lighter.lighter(
        '<defs>\n<path id="m1" d="M 0 0" style="stroke: #262626; stroke-width: 0.8"/>\n</defs>\n'
        '<use xlink:href="#m1" x="1" style="fill: #262626; stroke: #000000"/>\n'
    )
    assert '<path id="m1" d="M 0 0"/>' in drawn
    # what the shape said of itself won over what was said around it
    assert 'style="fill: #262626; stroke: #262626; stroke-width: 0.8"' in drawn


def test_search_finds_a_word_by_its_plain_spelling(tmp_path):
    (tmp_path / "_static").mkdir()
    tools = tmp_path / "_static" / "searchtools.js"
    tools.write_text(
        'for (const r of [".headerlink", "script", "style"]) {}\n'
        "const textLower = text.toLowerCase();\n"
    )
    index = {
        "alltitles": {"What is a Fréchet draw?": [[1, None]]},
        "terms": {"fréchet": [1, 3], "frechet": 2, "plain": 0},
        "titleterms": {"fréchet": 1},
    }
    (tmp_path / "searchindex.js").write_text(f"Search.setIndex({json.dumps(index)})")
    search.plain_words(tmp_path)
    found = json.loads((tmp_path / "searchindex.js").read_text()[len("Search.setIndex(") : -1])
    assert found["terms"]["frechet"] == found["terms"]["fréchet"] == [1, 2, 3]
    assert found["titleterms"]["frechet"] == 1
    assert "What is a Frechet draw?" in found["alltitles"]
    assert ".math" in tools.read_text()
    tools.write_text("another builder")
    with pytest.raises(search.BookError, match="excerpts"):
        search.plain_words(tmp_path)


@pytest.mark.parametrize("repository", ["", "https://github.com/owner/companion"])
def test_a_download_says_how_to_get_the_package_and_stops_without_it(repository, tmp_path):
    import subprocess
    import sys

    executed = {"cells": [{"cell_type": "markdown", "source": "# A", "metadata": {}}]}
    first = plain_notebook.notebook(executed, {}, {}, repository)["cells"][0]
    code = first["source"]
    assert (repository or "correlated-migration.zip") in code
    assert max(map(len, code.splitlines())) < 110
    empty = subprocess.run(
        [sys.executable, "-S", "-I", "-c", code], capture_output=True, text=True, cwd=tmp_path
    )
    assert empty.returncode != 0
    assert "the book's package, helpers, is not installed" in empty.stderr
    exec(compile(code, "first cell", "exec"), {})  # and where it is there, goes on


def test_what_is_left_of_directives_in_a_download_is_words():
    text = ":::{margin} Paper check\nIt is a slip.\n:::\n\n```{tip}\n:class: x\nTry.\n```\n"
    plain = plain_notebook.resolve(text, {}, {}, {})
    assert "> **Paper check**" in plain
    assert "> Try." in plain
    assert not re.search(r"^(:::|```)", plain, re.M)


@pytest.mark.parametrize("repository", ["", "https://github.com/owner/companion"])
def test_each_chapter_says_once_how_to_run_it(repository):
    source = NOTEBOOKS / "07_city_shocks.md"
    notebook = {"cells": [{"cell_type": "markdown", "source": "(a)=\n# A", "metadata": {}}]}
    run_box.add(notebook, source, repository)
    box = notebook["cells"][1]["source"]
    commands = re.search(r"~~~sh\n(.*?)~~~", box, re.S)[1].splitlines()
    assert "make env" in commands
    assert f"jupyter lab {source.parent.name}/07_city_shocks.ipynb" in commands[-1]
    assert ("git clone" in box) == ("mybinder.org" in box) == bool(repository)
    assert ("archive" in box) != bool(repository)
    prose = {"cells": [{"cell_type": "code", "source": "1", "metadata": {}}]}
    run_box.add(prose, source, repository)
    assert len(prose["cells"]) == 1


def test_bibliography_labels_are_author_and_year():
    from pybtex.database import parse_string

    entries = parse_string(
        """
        @article{a, author={Dekle, Robert and Eaton, Jonathan and Kortum, Samuel}, year={2008}}
        @article{b, author={Eaton, Jonathan and Kortum, Samuel}, year={2002}}
        @article{c, author={McFadden, Daniel}, year={1978}, title={x}}
        @article{d, author={McFadden, Daniel}, year={1978}, title={y}}
        """,
        "bibtex",
    ).entries
    labels = bibliography.AuthorYear().format_labels(list(entries.values()))
    assert list(labels) == [
        *("Dekle et al. 2008", "Eaton and Kortum 2002", "McFadden 1978a", "McFadden 1978b")
    ]


def test_forms_are_given_to_the_drawing_of_the_same_figure(tmp_path):
    """A live figure further down does not put its drawing into the one above."""
    folder = tmp_path / "_static" / "exhibits"
    folder.mkdir(parents=True)
    for name in ("still", "moving"):
        drawings.write(folder / name, "<svg></svg>", "<svg></svg>")
    still = '<figure><img alt="words" src="../_images/1.svg"/><figcaption>c</figcaption></figure>'
    moving = '<figure><div class="live"><img src="data:x"/></div></figure>'
    links = '<p class="exhibit-links" data-drawing="{}"></p>'
    page = BeautifulSoup(
        still + links.format("still") + moving + links.format("moving"), "html.parser"
    )
    drawings.choose(page, tmp_path / "notebooks" / "07.html", tmp_path)
    assert len(page.select("picture")) == 2  # light and dark
    assert not page.select("picture picture")
    assert "moving" not in str(page.select("picture"))
