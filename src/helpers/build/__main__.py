"""From the shell: ``python -m helpers.build DATA FOLDER``."""

from __future__ import annotations

import os
import sys

from helpers.build.cells import ENTRANTS, PERSONS, WAGELESS, ZERO_CELLS
from helpers.build.options import AUTO
from helpers.build.panel import build_panel
from helpers.build.remarks import attrition, cities_by_year, notes
from helpers.errors import CompanionError
from helpers.panel import check_target
from helpers.panel.shell import Parser


def _samples(text: str) -> int | str:
    return int(text) if text.isdigit() else text


def _year(text: str) -> int | str:
    return text if text == AUTO else int(text)


def main(arguments: list[str] | None = None) -> int:
    """Build a panel from the command line: ``python -m helpers.build DATA FOLDER --tfp FILE``."""
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
    wanted = vars(parser.parse_args(arguments))
    data, folder = wanted.pop("data"), wanted.pop("folder")
    wanted["industry"] = None if wanted["industry"] == "none" else wanted["industry"].upper()
    try:
        target = check_target(folder)  # before an hour of reading, not after
        panel = build_panel(data, **wanted)
        panel.save(target)
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
        print(attrition(panel).to_string(index=False))
        print(f"\n{cities_by_year(panel).to_string(index=False)}\n")
        print("\n".join(f"- {note}" for note in notes(panel)))
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
