"""Results that a notebook hands to its prose, and to sweeps."""

from __future__ import annotations

from numbers import Integral, Real


def record(**values: object) -> None:
    """Record results under their names, for ``{glue:text}`` in the text.

    Parameters
    ----------
    **values
        Numbers (numpy's become Python's) and strings. Nothing is shown.
    """
    from myst_nb import glue

    for name, value in values.items():
        if isinstance(value, Integral) and not isinstance(value, bool):
            value = int(value)
        elif isinstance(value, Real):
            value = float(value)
        glue(name, value, display=False)


def records(notebook: dict) -> dict[str, float | str]:
    """Numbers and words that an executed notebook recorded (:func:`helpers.notebook.record`)."""
    prefix = "application/papermill.record/"
    found: dict[str, float | str] = {}
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            for mime, text in output.get("data", {}).items():
                if mime.startswith(prefix):
                    name = output["metadata"]["scrapbook"]["name"].removeprefix(prefix)
                    words = "".join(text).strip("'\"")
                    try:
                        found[name] = float(words)
                    except ValueError:
                        found[name] = words
    return found
