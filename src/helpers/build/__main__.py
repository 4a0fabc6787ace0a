"""A panel from survey records: ``python -m helpers.build DATA FOLDER``; ``table`` for a table."""

from __future__ import annotations

import json
import os
import sys

import pandas as pd

from helpers.build.cells import ENTRANTS, PERSONS, WAGELESS, ZERO_CELLS
from helpers.build.options import AUTO
from helpers.build.panel import build_panel
from helpers.build.remarks import attrition, cities_by_year, notes
from helpers.build.replicates import build_replicates
from helpers.build.table import build_table
from helpers.errors import CompanionError
from helpers.panel import check_target
from helpers.panel.columns import MEANINGS
from helpers.panel.shell import Parser
from helpers.panel.storage import ABOUT
from helpers.panel.writing import check_ending, write_frame


def _samples(text: str) -> int | str:
    return int(text) if text.isdigit() else text


def _year(text: str) -> int | str:
    return text if text == AUTO else int(text)


def records_parser() -> Parser:
    """What the command for survey records understands."""
    parser = Parser(prog="python -m helpers.build", description=__doc__)
    parser.add_argument("data", help="the extract: .dat.gz, .csv.gz, .dta or .parquet")
    parser.add_argument("folder", help="where the panel goes: new, empty, or a saved panel")
    parser.add_argument("--codebook", help="by default the .xml beside the data")
    parser.add_argument("--tfp", help="productivity by sector, .xlsx or .csv")
    parser.add_argument("--tfp-basis", help="which basis, where the workbook has several")
    parser.add_argument("--weight", default="HHWT", help="HHWT, PERWT or another of the codebook")
    parser.add_argument(
        "--base-year", type=_year, default=AUTO, help="by default 2010, or the first there is"
    )
    parser.add_argument("--backend", default="duckdb", choices=("duckdb", "pyspark"))
    parser.add_argument("--zero-cells", default="drop", choices=ZERO_CELLS)
    parser.add_argument("--entrants", default="drop", choices=ENTRANTS)
    parser.add_argument("--wageless", default="keep", choices=WAGELESS)
    parser.add_argument("--persons", default="all", choices=PERSONS, help="who counts")
    parser.add_argument(
        "--samples", nargs="+", type=_samples, help="values of SAMPLE, where a year has several"
    )
    parser.add_argument("--occupation", default="OCC1990", help="such as OCC2010 or OCCSOC")
    parser.add_argument(
        "--occupations", metavar="FILE", help="code, group: which codes make up each group"
    )
    parser.add_argument(
        "--place", nargs="+", default="MET2013", metavar="VARIABLE", help="such as STATEFIP PUMA"
    )
    parser.add_argument("--crosswalk", metavar="FILE", help="from, to, share: zones of places")
    parser.add_argument(
        "--industry", default="INDNAICS", help="of the sectors; none for a panel without them"
    )
    parser.add_argument(
        "--standard-errors",
        metavar="FILE",
        help="sampling errors of shares by the 80 replicate weights: a csv, parquet, tex or md",
    )
    return parser


def table_parser() -> Parser:
    """What the command for a table understands."""
    parser = Parser(
        prog="python -m helpers.build table",
        description="A panel from a table that need not fit in memory: a row for each place, "
        "group and year.",
    )
    parser.add_argument("data", metavar="table", help="csv, tsv, txt, csv.gz, parquet or dta")
    parser.add_argument("folder", help="where the panel goes: new, empty, or a saved panel")
    for meaning, words in MEANINGS.items():
        parser.add_argument(f"--{meaning}", metavar="COLUMN", help=f"column: {words}")
    parser.add_argument("--encoding", help="of a text file, such as cp1250")
    parser.add_argument("--decimal", choices=(".", ","), help="found in the numbers if left out")
    parser.add_argument("--add-up", action="store_true", help="add up rows of the same cell")
    parser.add_argument("--backend", default="duckdb", choices=("duckdb", "pyspark"))
    parser.add_argument("--name", default="own", help="what the panel is called")
    return parser


def _from_table(wanted: dict, folder: str) -> str:
    columns = {m: column for m in MEANINGS if (column := wanted.pop(m))}
    target = build_table(wanted.pop("data"), folder, columns, **wanted)
    about = json.loads((target / ABOUT).read_text())["provenance"]
    named = ", ".join(f"{meaning} = {column!r}" for meaning, column in about["columns"].items())
    return "\n".join([f"columns: {named}", *(f"- {note}" for note in about["understood"])])


def _from_records(wanted: dict, folder: str) -> str:
    wanted["industry"] = None if wanted["industry"] == "none" else wanted["industry"].upper()
    target = check_target(folder)  # before an hour of reading, not after
    errors = wanted.pop("standard_errors")
    file = None if errors is None else check_ending(errors)
    if file is None:
        panel = build_panel(wanted.pop("data"), **wanted)
    else:
        made = build_replicates(wanted.pop("data"), **wanted)
        panel = made.panel
        each = [made.standard_errors(year).assign(year=year) for year in made.years]
    panel.save(target)
    if file is not None:
        write_frame(pd.concat(each, ignore_index=True), file, digits=6)
    steps = attrition(panel).to_string(index=False)
    said = "\n".join(f"- {note}" for note in notes(panel))
    return f"{steps}\n\n{cities_by_year(panel).to_string(index=False)}\n\n{said}"


def main(arguments: list[str] | None = None) -> int:
    """Build a panel from the command line: ``python -m helpers.build DATA FOLDER --tfp FILE``.

    ``python -m helpers.build table TABLE FOLDER`` takes a table of places and groups of any
    length (:func:`helpers.build.build_table`).
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    of_table = given[:1] == ["table"]
    parser = table_parser() if of_table else records_parser()
    wanted = vars(parser.parse_args(given[1:] if of_table else given))
    data, folder = wanted["data"], wanted.pop("folder")
    try:
        said = (_from_table if of_table else _from_records)(wanted, folder)
    except CompanionError as problem:
        return _say(f"{type(problem).__name__}: {problem}")
    except KeyboardInterrupt:
        return _say("stopped; nothing was written: run the same command again", 130)
    except (OSError, MemoryError) as problem:
        why = getattr(problem, "strerror", None) or type(problem).__name__
        where = getattr(problem, "filename", None) or data
        return _say(f"{where}: {why}; nothing was written: mend that and run the command again")
    except Exception as problem:
        said = (str(problem).splitlines() or [""])[0]
        return _say(
            f"{type(problem).__name__}: {said}; nothing was written. This is a fault of the "
            "package: please report it with the command and the codebook"
        )
    try:
        print(said)
        print(f"saved in {folder}")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _say(message: str, code: int = 2) -> int:
    print(message, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
