"""A panel from a table of places and groups: ``python -m helpers.panel TABLE FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

from helpers.errors import CompanionError
from helpers.panel import Panel, capabilities, check_target
from helpers.panel.columns import MEANINGS
from helpers.panel.shell import Parser


def _parser() -> Parser:
    parser = Parser(
        prog="python -m helpers.panel",
        description="A panel from a long table: a row for each place, group and year.",
        epilog="Columns with a usual name (city, occupation, households, wage, year, ...) are "
        "found without being named. The folder is what the key source of a scenario takes.",
    )
    parser.add_argument("table", help="csv, tsv, txt, parquet or dta")
    parser.add_argument("folder", help="where the panel goes: new, empty, or a saved panel")
    for meaning, words in MEANINGS.items():
        parser.add_argument(f"--{meaning}", metavar="COLUMN", help=f"column: {words}")
    parser.add_argument("--cities", metavar="FILE", help="a row for each place: wage, share")
    parser.add_argument("--exposures", metavar="FILE", help="place, group, sector, exposure")
    parser.add_argument("--shifts", metavar="FILE", help="sector, year, shift")
    parser.add_argument("--coordinates", metavar="FILE", help="place, latitude, longitude")
    parser.add_argument("--encoding", help="of a text file, such as cp1250")
    parser.add_argument("--decimal", choices=(".", ","), help="found in the numbers if left out")
    parser.add_argument(
        "--add-up", action="store_true", help="add up rows of the same place, group and year"
    )
    parser.add_argument("--name", help="what the panel is called; the file's name if left out")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Read a table, say what was understood, and save the panel."""
    given = vars(_parser().parse_args(arguments))
    table, folder = given.pop("table"), given.pop("folder")
    named = {meaning: given.pop(meaning) for meaning in MEANINGS}
    columns = {meaning: column for meaning, column in named.items() if column}
    given["name"] = given["name"] or Path(table).name.partition(".")[0] or "own"
    try:
        target = check_target(folder)
        panel = Panel.from_table(table, columns, **given)
        panel.save(target)
    except CompanionError as problem:
        print(f"{type(problem).__name__}: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; nothing was written", file=sys.stderr)
        return 130
    except (OSError, MemoryError) as problem:
        print(f"{table}: {problem.strerror or type(problem).__name__}", file=sys.stderr)
        return 2
    about = panel.provenance
    print("columns: " + ", ".join(f"{m} = {c!r}" for m, c in about["columns"].items()))
    print("\n".join(f"- {note}" for note in about["understood"]))
    print("\nwhat can be done with it:")
    for one in capabilities(panel):
        print(f"  {'yes' if one.possible else 'no ':3}  {one.what}"
              + (f": needs {one.lacks}" if one.lacks else ""))  # fmt: skip
    print(f"\nsaved in {folder}; a scenario takes it as source: {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
