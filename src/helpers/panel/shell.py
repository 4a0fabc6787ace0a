"""What the commands of the package share: shocks as words, a panel by name, a table written."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

import pandas as pd

from helpers.errors import CompanionError, ParameterError
from helpers.panel.writing import check_ending, write_frame


class Parser(argparse.ArgumentParser):
    """Messages that end in what to do."""

    def error(self, message: str) -> None:
        """Say what is wrong, and where help is; end with 2."""
        print(f"{self.prog}: {message}; see {self.prog} --help", file=sys.stderr)
        raise SystemExit(2)


def hat(text: str) -> tuple[str, float]:
    """``name=0.95`` as a name and the change of what it names.

    Raises
    ------
    ParameterError

    Examples
    --------
    >>> hat("Lyon=0.95")
    ('Lyon', 0.95)
    """
    name, sign, number = text.rpartition("=")
    try:
        value = float(number)
    except ValueError:
        value = float("nan")
    if not sign or not name.strip() or not value > 0 or value == float("inf"):
        raise ParameterError(
            f"{text!r}: expected a name and the new over the old value, like 'Lyon=0.95'"
        )
    return name.strip(), value


def cell(text: str) -> tuple[tuple[str, str], float]:
    """``city/occupation=1.1`` as a pair of names and a change.

    Examples
    --------
    >>> cell("Lyon/cadres=1.1")
    (('Lyon', 'cadres'), 1.1)
    """
    name, value = hat(text)
    city, sign, occupation = name.rpartition("/")
    if not sign or not city.strip() or not occupation.strip():
        raise ParameterError(f"{text!r}: expected a city and an occupation, like 'Lyon/cadres=1.1'")
    return (city.strip(), occupation.strip()), value


def named(values: Sequence[str], read: Callable) -> dict | None:
    """Shocks by name, each name once; None where there are none."""
    found: dict = {}
    for text in values:
        name, value = read(text)
        if name in found:
            raise ParameterError(f"{name}: shocked twice; name it once")
        found[name] = value
    return found or None


def add_shocks(parser: argparse.ArgumentParser) -> None:
    """Arguments for a panel, a year, parameters, shocks and the file to write."""
    parser.add_argument("panel", help="folder of a panel, or synthetic, replication, auto")
    parser.add_argument("out", help="csv, parquet, tex or md; - prints csv")
    parser.add_argument("--rho", default="estimated", help="a number, or estimated (the default)")
    parser.add_argument("--theta", type=float, default=3.0)
    parser.add_argument("--year", type=int, help="the last of the panel if left out")
    for flag, form, what in (
        ("--city", "NAME=HAT", "change of T_c, such as 'Lyon=0.95'"),
        ("--occupation", "NAME=HAT", "change of T_k"),
        ("--cell", "CITY/OCCUPATION=HAT", "change of t_ck"),
    ):
        parser.add_argument(flag, action="append", default=[], metavar=form, help=what)


def answer(parser: argparse.ArgumentParser, arguments: list[str] | None, make: Callable) -> int:
    """Run a command: make its table, write it, say what is wrong in one line.

    ``make`` takes the arguments and returns a table and a sentence about it.
    """
    given = parser.parse_args(arguments)
    try:
        if given.out != "-":
            check_ending(given.out)
        table, sentence = make(given)
        if given.out == "-":
            table.to_csv(sys.stdout, index=False)
            sys.stdout.flush()
        else:
            write_frame(table, given.out)
            print(f"{sentence}\nsaved in {given.out}")
    except CompanionError as problem:
        print(f"{type(problem).__name__}: {problem}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        print("stopped; nothing was written", file=sys.stderr)
        return 130
    return 0


def in_order(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Rows with the largest absolute change first."""
    return table.reindex(table[column].abs().sort_values(ascending=False).index)
