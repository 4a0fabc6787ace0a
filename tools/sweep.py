"""Run a sweep: ``python tools/sweep.py scenarios/NAME.yml``."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import yaml
from tqdm import tqdm

from helpers import paths, publish, sources, sweep
from helpers.errors import CompanionError, ParameterError


def main(arguments: list[str]) -> int:
    """Check the sweep, run it, write its page."""
    started = time.perf_counter()
    if len(arguments) != 1:
        print("usage: make sweep SWEEP=scenarios/NAME.yml", file=sys.stderr)
        return 2
    try:
        wanted = sweep.read(Path(arguments[0]), tuple(source.stem for source in publish.numbered()))
        resolved = sources.resolve(wanted.fixed.get("source", "auto"))
        source = resolved.source
        panel = sources.load(source)
        wanted.check_panel(panel)
        if "source" in wanted.axes:
            raise ParameterError("source: a sweep has one source")
        folder = paths.BUILD / "sweeps" / wanted.name
        if wanted.notebooks:
            code = run_notebooks(wanted, folder, source)
            if code:
                return code
            results = folder / "results.parquet"
        else:
            results = sweep.run(wanted, panel, folder, bar)
    except CompanionError as problem:
        print(f"{type(problem).__name__}: {problem}", file=sys.stderr)
        return 2
    shown = f"{results.relative_to(paths.ROOT)} is ready ({time.perf_counter() - started:.1f} s)"
    print(shown, flush=True)
    page = write_page(wanted, results, resolved)
    print(f"{page.relative_to(paths.ROOT)} is ready ({time.perf_counter() - started:.0f} s)")
    return 0


def bar(blocks):
    """Show how many blocks of scenarios are done."""
    return tqdm(blocks, desc="scenarios", unit="block", disable=len(blocks) < 2)


def run_notebooks(wanted: sweep.Sweep, folder: Path, source: str) -> int:
    """Write every run's parameters and hand over to pytask."""
    runs = folder / "runs"
    settings = sweep.settings(wanted)
    current = set()
    for number, values in enumerate(settings):
        for notebook in wanted.notebooks:
            file = runs / f"{number:05d}" / f"{notebook}.parameters.json"
            current.add(file)
            text = json.dumps({"parameters": {**values, "source": source}}, indent=1)
            if not file.is_file() or file.read_text() != text:
                # what another setting recorded here must not be taken for this one's
                file.with_name(f"{notebook}.records.json").unlink(missing_ok=True)
                sweep.replace(file, text.encode())
    for file in runs.glob("*/*.parameters.json"):
        if file not in current:
            for left in file.parent.glob(f"{file.name.partition('.')[0]}.*"):
                left.unlink()
    for leftover in runs.glob("*/.[0-9]*-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    backend = "dask" if os.environ.get("COMPANION_DASK") else "processes"
    workers = os.environ.get("COMPANION_WORKERS", str(min(os.cpu_count() or 1, 4)))
    pytask = str(Path(sys.executable).with_name("pytask"))
    return subprocess.run(
        [*(pytask, "build", "--n-entries-in-table", "20"),
         *("-n", workers, "--parallel-backend", backend, "tasks/task_sweep.py")],
        cwd=paths.ROOT,
        env={**os.environ, "COMPANION_SWEEP": wanted.name},
    ).returncode  # fmt: skip


def write_page(wanted: sweep.Sweep, results: Path, resolved: sources.Resolution) -> Path:
    """Execute the summary and publish it as a small site of its own."""
    work = results.parent / "page"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    publish.execute(
        paths.NOTEBOOKS / "sweep_summary.md",
        work / "index.ipynb",
        {
            "results": str(results.relative_to(paths.ROOT)),
            "title": wanted.title,
            "notebooks": bool(wanted.notebooks),
        },
    )
    config = yaml.safe_load((paths.ROOT / "_config.yml").read_text(encoding="utf-8"))
    run = {"parameters": {"source": resolved.source}, "reason": resolved.reason, "changes": {}}
    if text := publish.banner(run):
        config["sphinx"]["config"]["html_theme_options"]["announcement"] = text
    config.pop("bibtex_bibfiles")
    config["sphinx"]["config"].pop("bibtex_reference_style")
    (work / "_config.yml").write_text(yaml.safe_dump(config, sort_keys=False), "utf-8")
    (work / "_toc.yml").write_text("format: jb-book\nroot: index\n", "utf-8")
    notebook = json.loads((work / "index.ipynb").read_text("utf-8"))
    text = json.dumps(publish.without_data(notebook), ensure_ascii=False)
    (work / "index.ipynb").write_text(text.replace("# A sweep", f"# {wanted.title}"), "utf-8")
    shutil.copytree(paths.BOOK / "_static", work / "_static")
    shutil.copy(results, work / "results.parquet")
    site = paths.HTML / "sweeps" / wanted.name
    publish.build(work, site)
    return site / "index.html"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
