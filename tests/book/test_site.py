"""The static book as files: links, exhibits, banner, nothing left over."""

import json
import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from bs4 import BeautifulSoup

from helpers import files
from helpers.book import pages, stage
from helpers.notebook import parameters

pytestmark = pytest.mark.book
LEFT_OVER = ("<Axes", "np.float64(", "Traceback (most", "Warning:", "<Figure size", "&lt;Axes")
EXHIBITS = {
    "04_data": ("figure_1a", "figure_1b"),
    "07_city_shocks": ("figure_2", "figure_3"),
    "08_occupation_shocks": ("figure_4", "figure_5"),
}


class Page(HTMLParser):
    """Links, sources, anchors and pictures of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links, self.loads, self.anchors, self.pictures = [], [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if "id" in found:
            self.anchors.add(found["id"])
        if tag == "a" and found.get("href"):
            self.links.append(found["href"])
        if tag in ("script", "img", "iframe", "source") and found.get("src"):
            self.loads.append(found["src"])
        if tag == "link" and found.get("rel") not in (["canonical"], "canonical"):
            self.loads.append(found.get("href", ""))
        if tag == "img":
            self.pictures.append(found)


@cache
def parsed(path: Path) -> Page:
    return Page(path.read_text(encoding="utf-8"))


def test_every_internal_link_and_anchor_resolves(html, page):
    here = html / page
    for link in parsed(here).links:
        if re.match(r"[a-z]+:", link):
            continue
        address, anchor = urldefrag(link)
        address = address.partition("?")[0]  # a setting of the page
        target = (here.parent / unquote(address)).resolve() if address else here
        assert target.exists(), f"{page}: {link}"
        if anchor and target.suffix == ".html":
            assert unquote(anchor) in parsed(target).anchors, f"{page}: {link}"


def test_a_page_loads_only_its_own_files(html, page):
    for source in parsed(html / page).loads:
        if source.startswith("data:"):
            continue
        assert "://" not in source, f"{page}: {source}"
        assert not source.startswith("//"), f"{page}: {source}"
        file = urldefrag(source)[0].partition("?")[0]
        assert ((html / page).parent / unquote(file)).exists(), f"{page}: {source}"


def test_nothing_is_left_over_in_outputs(html, page):
    text = (html / page).read_text(encoding="utf-8")
    for words in LEFT_OVER:
        assert words not in text, f"{page}: {words}"


def test_every_picture_has_words(html, page):
    for picture in parsed(html / page).pictures:
        words = picture.get("alt") or ""
        if re.search(r"/images/logo_(binder|colab)\.", picture.get("src", "")):
            assert picture["alt"] == ""  # its button has words beside it
            continue
        assert len(words) > 20, f"{page}: {picture.get('src')}"
        assert "_images/" not in words, f"{page}: a file's name is no description"


def test_every_drawing_has_a_caption(html):
    for page in sorted((html / "notebooks").glob("*.html")):
        text = page.read_text(encoding="utf-8")
        drawn = text.count('<picture class="on-light">')
        # drawn in the page; what if is the page's own subject and says itself what it shows
        drawn += text.count('<div class="live ') - text.count('data-live="whatif"')
        assert text.count("<figcaption>") == drawn, page.name


@pytest.mark.parametrize("notebook", EXHIBITS)
def test_captions_name_function_and_data(html, run, notebook):
    text = (html / "notebooks" / f"{notebook}.html").read_text(encoding="utf-8")
    captions = re.findall(r"<figcaption>.*?</figcaption>", text, re.S)
    plain = [re.sub(r"<[^>]+>", "", caption) for caption in captions]
    data = "synthetic economy" if run["parameters"]["source"] == "synthetic" else "published files"
    for function in EXHIBITS[notebook]:
        (caption,) = [words for words in plain if f"helpers.exhibits.{function}" in words]
        assert data in caption


@pytest.mark.parametrize(
    ("notebook", "table"),
    [
        ("05_estimation", "table_1"),
        ("05_estimation", "table_8_2_1"),
        ("06_shifters", "table_2a"),
        ("06_shifters", "table_2b"),
    ],
)
def test_tables_have_captions_that_name_function_and_data(html, run, notebook, table):
    text = (html / "notebooks" / f"{notebook}.html").read_text(encoding="utf-8")
    data = "synthetic economy" if run["parameters"]["source"] == "synthetic" else "published files"
    captions = re.findall(r"<caption>(.*?)</caption>", text, re.S)
    (found,) = [words for words in captions if f"helpers.exhibits.{table}." in words]
    assert data in found


def test_the_banner_stands_on_every_page_or_none(html, run, page):
    if page == "index.html":
        assert "book/intro.html" in (html / page).read_text()  # it only forwards
        return
    text = (html / page).read_text(encoding="utf-8")
    synthetic = run["parameters"]["source"] == "synthetic"
    assert ("a <strong>synthetic economy</strong> with" in text) == synthetic


def test_the_book_is_small(html):
    sizes = {
        path: path.stat().st_size
        for path in html.rglob("*")
        if path.is_file() and path.relative_to(html).parts[0] not in ("scenarios", "sweeps")
    }
    assert sum(sizes.values()) < 20e6
    assert all(size < 1.5e6 for path, size in sizes.items() if path.suffix == ".html")


def test_every_icon_that_a_page_names_is_there(html):
    script = (html / "_static" / "scripts" / "fontawesome.js").read_text("utf-8")
    styles = {"solid", "regular", "brands", "lg", "fw"}  # how, not which
    for page in html.glob("notebooks/*.html"):
        for name in set(re.findall(r"fa-([a-z-]+)\b", page.read_text("utf-8"))) - styles:
            assert re.search(rf'"?\b{name}"?(:\[|,|\])', script), f"{page.name}: {name}"
    assert len(script) < 300_000


def test_the_report_shows_every_target_and_claim(html):
    from helpers import targets
    from helpers.exhibits.report import number_name
    from helpers.exhibits.words import symbols

    text = (html / "notebooks" / "10_replication_report.html").read_text(encoding="utf-8")
    for target in targets.TARGETS:
        name = number_name(target.id)
        assert f">{name}</td>" in text or f">{name.partition(', ')[2]}</td>" in text
    for claim in targets.CLAIMS:
        assert symbols(claim.claim) in text


def test_every_figure_can_be_taken_away_with_its_data_and_code(html):
    """SVG, CSV with the data drawn, and the function that draws, line by line."""
    found = 0
    for page in sorted((html / "notebooks").glob("*.html")):
        text = page.read_text(encoding="utf-8")
        links = re.findall(r'<p class="exhibit-links"[^>]*>(.*?)</p>', text, re.S)
        assert len(links) == text.count("<figcaption>"), page.name
        for entry in links:
            found += 1
            addresses = re.findall(r'href="([^"]+)"', entry)
            svg, csv = (html / "notebooks" / address for address in addresses[:2])
            assert svg.read_text(encoding="utf-8").lstrip().startswith("<?xml")
            rows = csv.read_text(encoding="utf-8").splitlines()
            assert len(rows) > 1
            for address in addresses[2:]:
                file, _, line = address.partition("#")
                assert f'id="{line}"' in (html / "notebooks" / file).read_text("utf-8")
    assert found >= 15


def test_downloaded_notebooks_need_no_book(html):
    """Roles and directives are resolved, figures are inside, and the format is valid."""
    import nbformat

    for file in sorted((html / "_sources").rglob("*.ipynb")):
        notebook = nbformat.read(file, as_version=4)
        nbformat.validate(notebook)
        words = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
        assert not re.findall(r"\{[a-z:-]+\}`|^```\{|^\([\w-]+\)=$", words, re.M), file.name
        outputs = [o for c in notebook.cells if c.cell_type == "code" for o in c.outputs]
        shown = [mime for o in outputs for mime in o.get("data", {})]
        if file.stem == "07_city_shocks":
            assert shown.count("image/svg+xml") == 4
            assert re.search(r"New York.*\d", words)
    sources = {file.stem for file in (html / "_sources" / "notebooks").glob("*.md")}
    assert {"01_introduction", "17_policy"} <= sources


def test_the_page_on_reproducibility_is_the_runs_own(html, run):
    text = (html / "book" / "reproducibility.html").read_text(encoding="utf-8")
    plain = re.sub(r"<[^>]+>", " ", text)
    for digest in run["data"].values():
        assert digest in plain
    for words in ("City shocks", "pyfixest", "requirements.lock", "executed (UTC)", "cores"):
        assert words in plain


def test_launch_buttons_are_there_where_a_repository_is_named(html, run, page):
    """Binder and Colab on every notebook that the repository holds, and nowhere else."""
    links = set(parsed(html / page).links)
    there = {link for link in links if "mybinder.org" in link or "colab.research" in link}
    repository = run.get("repository", "")
    if not repository or not page.startswith("notebooks/"):
        assert not there
    else:
        owner = repository.removeprefix("https://github.com/")
        notebook = page.replace(".html", ".ipynb")
        assert there == {
            f"https://mybinder.org/v2/gh/{owner}/main?urlpath=lab/tree/{notebook}",
            f"https://colab.research.google.com/github/{owner}/blob/main/{notebook}",
        }
        assert (files.ROOT / notebook).is_file()
        assert repository in links


# scenarios that were made from what is there now; others are made anew when they are asked for
PUBLISHED = [
    mark.parent.name
    for mark in sorted(files.HTML.glob(f"scenarios/*/{files.MARK}"))
    if json.loads(mark.read_text("utf-8")) == stage.made_from()
]


@pytest.mark.parametrize("name", ["paper", *PUBLISHED])
def test_every_page_download_and_source_shows_the_parameters_it_ran_with(html, name):
    """In the one cell that holds them: the page as HTML, its notebook and its Markdown."""
    site = html if name == "paper" else html / "scenarios" / name
    folder = files.BUILD / "runs" / name / "parameters"
    for source in pages.notebooks():
        given = json.loads((folder / f"{source.stem}.json").read_text())["parameters"]
        declared = pages.declared_parameters(source.read_text("utf-8"))
        if not declared:
            continue
        inside = source.relative_to(files.ROOT)
        page = BeautifulSoup((site / inside.with_suffix(".html")).read_text("utf-8"), "html.parser")
        first = page.select_one(".tag_parameters pre").get_text()
        notebook = json.loads((site / "_sources" / inside.with_suffix(".ipynb")).read_text("utf-8"))
        tags = [cell["metadata"].get("tags", []) for cell in notebook["cells"]]
        assert not [found for found in tags if "injected-parameters" in found]
        myst = (site / "_sources" / inside).read_text("utf-8")
        executed = json.loads(
            (files.BUILD / "runs" / name / "executed" / f"{source.stem}.ipynb").read_text("utf-8")
        )
        for code in (
            first,
            parameters.shown(notebook),
            parameters._CELL.search(myst)["body"],
            parameters.shown(executed),
        ):
            found = parameters.values(code)
            assert list(found) == declared, source.stem
            assert {key: found[key] for key in given} == given, source.stem


def test_headings_are_words_and_no_table_shows_a_count_for_an_index(html, page):
    """No variable's name in a heading, no index 0, 1, 2, no heading empty without need."""
    soup = BeautifulSoup((html / page).read_text("utf-8"), "html.parser")
    for table in soup.select("table.dataframe"):
        headings = [cell.get_text(strip=True) for cell in table.select("thead th")]
        assert all(headings), f"{page}: an empty heading among {headings}"
        assert not [words for words in headings if "_" in words], f"{page}: {headings}"
        rows = [row.find(["th", "td"]) for row in table.select("tbody tr")]
        labels = [cell.get_text(strip=True) for cell in rows if cell.name == "th"]
        if labels and not table.select_one("thead th, thead td").get_text(strip=True):
            assert not all(label.isdigit() for label in labels), f"{page}: {labels}"
        assert not {"min", "50%", "max", "25%", "75%"} & set(labels)
        assert table.find_parent(class_="table-scroll"), page


def test_each_chapter_has_one_box_that_says_how_to_run_it(html):
    for page in sorted((html / "notebooks").glob("*.html")):
        soup = BeautifulSoup(page.read_text("utf-8"), "html.parser")
        boxes = soup.select(".admonition.run-this")
        assert len(boxes) == 1, page.name
        assert "make env" in boxes[0].get_text()


def test_the_code_of_a_figure_leads_back_and_knows_its_letters(html):
    look = (html / "_static" / "code" / "code.css").read_text("utf-8")
    assert "prefers-color-scheme: dark" in look
    for page in sorted((html / "_static" / "code").glob("*.html")):
        text = page.read_text("utf-8")
        assert '<meta charset="utf-8">' in text
        assert '<link rel="stylesheet" href="code.css">' in text
        (back,) = BeautifulSoup(text, "html.parser").select("nav")
        links = [link["href"] for link in back.select("a")]
        assert links
        assert all((page.parent / link).is_file() for link in links), page.name


def test_citations_are_labelled_by_author_and_year(html):
    text = (html / "book" / "bibliography.html").read_text("utf-8")
    labels = [
        label.get_text(strip=True).strip("[]")
        for label in BeautifulSoup(text, "html.parser").select(".citation .label")
    ]
    assert len(labels) > 10
    assert all(re.fullmatch(r"\D+ \d{4}[a-z]?", label) for label in labels), labels


def test_each_drawing_has_a_dark_and_a_narrow_form(html):
    folder = html / "_static" / "exhibits"
    names = [file.stem for file in folder.glob("*.csv")]
    live = re.compile(
        r"spillover_scatter|gain_map|what_if|frechet_draws|red_and_blue|interval_forest"
    )
    names = [name for name in names if not live.search(name)]  # those lay themselves out
    assert names
    for name in names:
        for form in ("", "-narrow"):
            drawn = (folder / f"{name}{form}.svg").read_text("utf-8")
            assert '<svg id="dark"' in drawn, f"{name}{form}"
            assert "#dark:target{" in drawn, f"{name}{form}"
