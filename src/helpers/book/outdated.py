"""An extension of Sphinx: when what pages say of each other changed, all are written again.

Sphinx writes a page whose text changed. The title of a page also stands in the contents beside
every other, the words of a heading wherever it is referred to, and who cites a work on the page
of the bibliography: none of these would follow.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

# what a domain knows of one page that another shows
_SHOWN = {
    "std": ("labels", "anonlabels", "objects", "progoptions"),
    "math": ("objects",),
    "py": ("objects",),
}


def said_elsewhere(env: BuildEnvironment) -> str:
    """Hash of titles, labels, terms, numbered equations, objects and citations of all pages."""
    return hashlib.sha256("\n".join(_said(env)).encode()).hexdigest()


def _said(env: BuildEnvironment) -> Iterator[str]:
    for page, title in sorted(env.titles.items()):
        yield f"{page} {title.astext()}"
    for domain, kinds in _SHOWN.items():
        known = env.domaindata.get(domain, {})
        for kind in kinds:
            found = known.get(kind, {})
            each = found.items() if hasattr(found, "items") else found
            yield from sorted(f"{domain} {kind} {one!r}" for one in each)
    cited = env.domaindata.get("cite", {}).get("citation_refs", [])
    yield from sorted({f"{ref.docname} cites {to.key}" for ref in cited for to in ref.targets})


def _all_or_none(app: Sphinx, env: BuildEnvironment) -> Iterable[str]:
    """Pages to write beside those that changed: none, or all."""
    said = said_elsewhere(env)
    before = getattr(env, "companion_said_elsewhere", None)
    env.companion_said_elsewhere = said
    return [] if said == before else list(env.found_docs)


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("env-get-updated", _all_or_none)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
