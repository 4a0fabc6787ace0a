"""A deposit for a repository, the same bytes for the same content: ``make archive``.

It holds what git tracks, the executed notebooks, the site without its scenarios and sweeps, and
the PDF where there is one; nothing else, whatever lies about in the folder. A manifest inside
lists the project's files with their hashes, so that an unpacked archive can be packed again.
Files that occur twice are there once, except in the site, which has to stand on its own.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

from confidential import why_not
from helpers import files
from helpers.book import pages, stage

TARGET = files.BUILD / "correlated-migration.zip"
PDF = files.BUILD / "correlated-migration.pdf"
ROOT_NAME = "correlated-migration"
MANIFEST = "MANIFEST.sha256"
EPOCH = (1980, 1, 1, 0, 0, 0)
NOT_FOR_A_DEPOSIT = (".ci/",)
LEFT_OUT = ("scenarios", "sweeps")
_LINK = re.compile(r'<a\b[^>]*?\bhref="([^"]*)"[^>]*>(.*?)</a>', re.S)


class Addresses(HTMLParser):
    """What a page names: links, pictures, scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in ("href", "src") and value]


class ArchiveError(Exception):
    """A file that has no place in a deposit; the message says which and why."""


def tracked(root: Path | None = None) -> list[Path]:
    """Files of the project: what git tracks, or what the manifest of an unpacked archive lists.

    Raises
    ------
    ArchiveError
        If there is neither, or a listed file is gone.
    """
    root = root or files.ROOT
    git = ["git", "-c", "core.quotepath=off", "-C", str(root)]
    try:
        top = subprocess.run([*git, "rev-parse", "--show-toplevel"], capture_output=True)
    except OSError:  # no git on this machine
        top = None
    if top and top.returncode == 0 and Path(top.stdout.decode().strip()).resolve() == root:
        listed = subprocess.run([*git, "ls-files", "-z"], capture_output=True, check=True).stdout
        names = [name for name in listed.decode().split("\0") if name]
    elif (root / MANIFEST).is_file():
        lines = (root / MANIFEST).read_text("utf-8").splitlines()
        names = [line.partition("  ")[2] for line in lines]
    else:
        raise ArchiveError(
            f"{root}: neither a git repository nor an unpacked archive with its {MANIFEST}; "
            "what belongs to the project cannot be told from what does not"
        )
    names = sorted(name for name in names if not name.startswith(NOT_FOR_A_DEPOSIT))
    for name in names:
        if not (root / name).is_file():
            raise ArchiveError(f"{name}: belongs to the project and is gone; bring it back")
        if not (root / name).resolve().is_relative_to(root):
            raise ArchiveError(f"{name}: leads out of the project")
    return [root / name for name in names]


def contents() -> dict[str, bytes]:
    """Name in the archive and content of every file."""
    found = {str(path.relative_to(files.ROOT)): path.read_bytes() for path in tracked()}
    found.pop(MANIFEST, None)
    sums = [f"{hashlib.sha256(found[name]).hexdigest()}  {name}\n" for name in sorted(found)]
    found[MANIFEST] = "".join(sums).encode()
    executed = files.BUILD / "runs" / "paper" / "executed"
    for source in pages.notebooks():
        name = f"{source.stem}.ipynb"
        found[f"executed/{name}"] = (executed / name).read_bytes()
    for path in sorted(files.HTML.rglob("*")):
        inside = path.relative_to(files.HTML)
        hidden = inside.name.startswith(".")
        if path.is_file() and inside.parts[0] not in LEFT_OUT and not hidden:
            content = path.read_bytes()
            if path.suffix == ".html":
                content = without_dead_links(str(inside), content.decode()).encode()
            found[f"site/{inside}"] = content
    if PDF.is_file():
        found[PDF.name] = PDF.read_bytes()
    return found


def without_dead_links(page: str, text: str) -> str:
    """A page whose links to scenarios and sweeps, which are left out, say how to make them."""

    def mend(link: re.Match) -> str:
        parts = resolved(page, link[1]).split("/")
        if parts[0] not in LEFT_OUT:
            return link[0]
        name = parts[1] if len(parts) > 1 else "NAME"
        command = "rerun SCENARIO" if parts[0] == "scenarios" else "sweep SWEEP"
        return f"{link[2]} (<code>make {command}=scenarios/{name}.yml</code>)"

    return _LINK.sub(mend, text)


def resolved(page: str, address: str) -> str:
    """Where a link of a page leads inside the site; the page itself for an anchor."""
    target = unquote(urldefrag(address)[0].partition("?")[0])
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), target)) if target else page


def check(found: dict[str, bytes]) -> None:
    """Refuse what must not be passed on, and what a deposit is better without.

    Survey records, keys, the author's files; paths of this machine, empty files, files that
    occur twice outside the site, links of the site that lead nowhere.

    Raises
    ------
    ArchiveError
    """
    places = [str(files.ROOT).encode(), *(b"/" + name for name in (b"home/", b"Users/", b"tmp/"))]
    seen: dict[str, str] = {}
    for name, content in found.items():
        if not content:
            raise ArchiveError(f"{name}: an empty file")
        if why := why_not(name, content):
            raise ArchiveError(f"{name}: {why}; it must not be passed on")
        if any(place in content for place in places):
            raise ArchiveError(f"{name}: holds a path of this machine")
        if name.startswith("site/"):
            if name.endswith(".html"):
                check_links(name, content.decode(), found)
            continue
        digest = hashlib.sha256(content).hexdigest()
        if digest in seen:
            raise ArchiveError(f"{name}: the same as {seen[digest]}")
        seen[digest] = name


def check_links(name: str, text: str, found: dict[str, bytes]) -> None:
    """Refuse a page of the site with a link to a file that is not in the archive."""
    page = name.removeprefix("site/")
    for address in Addresses(text).found:
        if re.match(r"[a-z][a-z0-9+.-]*:|//|\{\{", address) or not urldefrag(address)[0]:
            continue
        target = resolved(page, address)
        if f"site/{target}" not in found:
            raise ArchiveError(f"{name}: a link to {address}, which the archive does not hold")


def check_fresh() -> None:
    """Refuse a site that was made from other sources, and a PDF of another site.

    Raises
    ------
    ArchiveError
    """
    made = json.loads((files.HTML / files.MARK).read_text("utf-8") or "{}")
    current = stage.made_from()
    for name in sorted({*made, *current}):
        if made.get(name) != current.get(name):
            raise ArchiveError(f"{name}: changed since the site was made; run make book")
    if PDF.is_file():
        from pypdf import PdfReader

        about = PdfReader(PDF).metadata or {}
        if about.get("/Site") != stage.site_digest():
            raise ArchiveError(f"{PDF.name}: of another site; run make pdf, or remove it")


def write(found: dict[str, bytes], target: Path) -> None:
    """Write the archive: names in order, no times, no owners; scripts can be run."""
    with (
        files.whole(target) as beside,
        zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
    ):
        for name in sorted(found):
            entry = zipfile.ZipInfo(f"{ROOT_NAME}/{name}", EPOCH)
            runs = found[name].startswith(b"#!")
            entry.external_attr = (0o100755 if runs else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            archive.writestr(entry, found[name])


def main() -> int:
    """Write the archive and say its hash."""
    if not (files.HTML / "index.html").is_file() or not (files.HTML / files.MARK).is_file():
        print("no book of this version in _build/html: run make book", file=sys.stderr)
        return 2
    try:
        check_fresh()
        found = contents()
        check(found)
        write(found, TARGET)
    except ArchiveError as problem:
        print(f"ArchiveError: {problem}", file=sys.stderr)
        return 2
    except OSError as problem:
        print(f"{problem.filename}: {problem.strerror}: run make book", file=sys.stderr)
        return 2
    digest = files.sha256(TARGET)
    size = TARGET.stat().st_size / 1e6
    print(f"{TARGET.relative_to(files.ROOT)}: {len(found)} files, {size:.1f} MB, SHA-256 {digest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
