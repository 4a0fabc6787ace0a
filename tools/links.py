"""Ask every address that the text names whether it still answers: ``make links``.

Addresses come from what people write: pages, notebooks, references, README and citation.
"""

from __future__ import annotations

import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from helpers import files

_ADDRESS = re.compile(r"https?://[^\s<>\"'`)\]}|\\\\]+")
_DOI = re.compile(r"""(?:doi\s*=\s*[{"]|\bdoi:\s*)(10\.\d{4,9}/[^\s}",]+[^\s}",.;)\]])""", re.I)
# examples that name nobody, and addresses that are only a beginning
_EXAMPLES = re.compile(
    r"//(?:localhost|127\.|example\.|[^/]*scheduler)|github\.com/(?:owner|someone)|\$\{"
)
# the host answers, but not to programs: publishers ask for a browser
_ALIVE = {401, 403, 405, 406, 418, 429, 503}
HEADERS = {"User-Agent": "Mozilla/5.0 (links of correlated-migration)"}


def sources() -> list[Path]:
    """Files that name addresses a reader may follow."""
    root = [files.ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CITATION.cff")]
    book = [*files.BOOK.glob("*.md"), *files.BOOK.glob("*.bib")]
    return [path for path in (*root, *sorted(book), *sorted(files.NOTEBOOKS.glob("*.md")))]


def addresses(text: str) -> list[str]:
    """Addresses of a text, DOIs among them, examples left out.

    Examples
    --------
    >>> addresses("See <https://a.org/b>, or doi = {10.1000/x.1} (https://github.com/owner/name).")
    ['https://a.org/b', 'https://doi.org/10.1000/x.1']
    """
    found = [hit.rstrip(".,;:") for hit in _ADDRESS.findall(text)]
    found += [f"https://doi.org/{doi}" for doi in _DOI.findall(text)]
    return [address for address in dict.fromkeys(found) if not _EXAMPLES.search(address)]


def fault(address: str, tries: int = 3) -> str | None:
    """What is wrong with an address, None where it answers."""
    why = ""
    for _ in range(tries):
        try:
            with requests.get(address, headers=HEADERS, timeout=30, stream=True) as answer:
                if answer.ok or answer.status_code in _ALIVE:
                    return None
                why = f"{answer.status_code} {answer.reason}"
        except requests.RequestException as problem:
            why = type(problem).__name__
    return why


def main() -> int:
    """Name every address that does not answer, and where it stands."""
    named: dict[str, list[str]] = {}
    for path in sources():
        for address in addresses(path.read_text("utf-8")):
            named.setdefault(address, []).append(str(path.relative_to(files.ROOT)))
    with ThreadPoolExecutor(8) as pool:
        faults = dict(zip(named, pool.map(fault, named), strict=True))
    bad = {address: why for address, why in faults.items() if why}
    for address, why in bad.items():
        print(f"{', '.join(named[address])}: {address}: {why}", file=sys.stderr)
    print(f"{len(named)} addresses, {len(bad)} without an answer")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
