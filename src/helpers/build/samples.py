"""Which samples and persons of an extract count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.build.options import base_year_of
from helpers.build.plan import WAGE, Plan, is_code, years_in
from helpers.errors import MissingVariableError, ParameterError, SampleError
from helpers.sources import ipums
from helpers.sources.ipums import cut
from helpers.sources.ipums.codebook import check_present


def choose_samples(plan: Plan, sums: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Keep the samples that are asked for by name, and refuse two of one year that are not.

    Returns the sums that are kept and the names of their samples.
    """
    data, book = plan.data, plan.book
    asked = plan.samples
    if "SAMPLE" not in plan.has:
        last = [max(found) for found in (years_in(name) for name in book.samples) if found]
        twice = sorted({year for year in last if last.count(year) > 1})
        if asked is not None:
            raise MissingVariableError(
                f"samples: {data} has no variable SAMPLE to choose by; order it with SAMPLE"
            )
        if twice:
            names = [name for name in book.samples if twice[0] in years_in(name)]
            raise SampleError(
                f"{book.path}: lists {len(names)} samples of {twice[0]} "
                f"({'; '.join(map(_short, names))}), which would count everybody "
                f"{len(names)} times; order one sample a year, or the variable SAMPLE to choose by"
            )
        return sums, [_short(name) for name in book.samples]
    codes = pd.to_numeric(sums["sample"], errors="coerce")
    labels = {int(k): v for k, v in book.variables["SAMPLE"].labels.items() if is_code(k)}

    def called(code: float) -> str:
        return "a sample without a number" if pd.isna(code) else (
            f"{int(code)} ({labels[int(code)]})" if int(code) in labels else f"{int(code)}"
        )  # fmt: skip

    there = sorted({int(code) for code in codes.dropna()})
    if asked is not None:
        unknown = [code for code in asked if code not in there]
        if unknown:
            raise SampleError(
                f"samples: {unknown[0]} is not in {data}; it has "
                f"{', '.join(map(called, there))}: name one of these"
            )
        return sums[codes.isin(asked)], [called(code) for code in asked]
    pairs = sums.assign(sample=codes)[["year", "sample"]].drop_duplicates()
    twice = pairs[pairs.duplicated("year", keep=False)].sort_values(["year", "sample"])
    if len(twice):
        year = int(twice["year"].iloc[0])
        names = [called(code) for code in twice.loc[twice["year"] == year, "sample"]]
        first = twice.groupby("year")["sample"].min()
        others = pairs.loc[~pairs["year"].isin(first.index), "sample"]
        chosen = [*first.dropna(), *others.dropna()]
        example = " ".join(str(int(code)) for code in sorted(chosen)[:3])
        raise SampleError(
            f"{data}: {year} has {len(names)} samples, {' and '.join(names)}; samples of one "
            "population added up would count everybody twice. Name those to use, "
            f"samples=[...] or --samples {example}{' ...' if len(chosen) > 3 else ''}; to add "
            "samples that do not overlap, name them all"
        )
    return sums, [called(code) for code in there]


def _short(name: str) -> str:
    return name.rsplit(":", 1)[-1].strip()


def plan_of(
    data: Path, book: ipums.Codebook, weight: str, base_year: int | str,
    occupations: pd.DataFrame, heads: bool, samples: int | str | Sequence[int | str] | None,
    **recipe: object,
) -> Plan:  # fmt: skip
    """What is read, with every missing variable named at once."""
    wanted = _sample_codes(samples, book)
    year = base_year_of(base_year, book, wanted)
    plan = Plan(data, book, weight, year, occupations, heads, frozenset(), wanted, 0, 0, **recipe)
    check_present(book.path, plan.needed, list(book.variables))
    there = cut.columns_of(data, book)
    check_present(data, plan.needed, there)
    has = frozenset({"SAMPLE", "PERNUM", "GQ"} & set(there))
    return replace(
        plan,
        has=has,
        weight_places=book.variables[weight].decimals,
        wage_places=book.variables[WAGE].decimals,
    )


def _sample_codes(
    samples: int | str | Sequence[int | str] | None, book: ipums.Codebook
) -> tuple[int, ...] | None:
    """Samples that a reader names, by code or label, as codes."""
    if samples is None:
        return None
    asked = [samples] if isinstance(samples, (int, str, np.integer)) else list(samples)
    labels = book.variables["SAMPLE"].labels if "SAMPLE" in book.variables else {}
    by_label = {str(label).casefold(): int(code) for code, label in labels.items() if is_code(code)}
    codes = []
    for name in asked:
        if is_code(name):
            codes.append(int(name))
        elif str(name).casefold() in by_label:
            codes.append(by_label[str(name).casefold()])
        else:
            known = ", ".join(f"{code} ({label})" for code, label in labels.items())
            raise ParameterError(
                f"samples: expected values of SAMPLE such as {_example(labels)}, found {name!r}"
                + (f"; the codebook has {known}" if known else "; name a code")
            )
    if not codes:
        raise ParameterError("samples: expected at least one value of SAMPLE, found none; name one")
    return tuple(codes)


def _example(labels: Mapping) -> object:
    """The first sample that a codebook lists, or one of the survey's."""
    return next(iter(labels), 201001)


def check_population(plan: Plan, sums: pd.DataFrame) -> None:
    """Say so where nobody lives in a household, or nobody weighs anything."""
    count = int(sums["n"].sum())
    if count and int(sums["n_quarters"].sum()) == count:
        raise SampleError(
            f"{plan.data}: all {count:,} records are of people in group quarters (GQ is 3 or 4); "
            "the panel is of households: order the extract again without that selection"
        )
    if not any(int(value) for value in sums["weight"]):
        raise SampleError(
            f"{plan.data}: {plan.weight} is 0 in all {count:,} records, as household weights are "
            "for people in group quarters; order households as well, or build with "
            "weight='PERWT'"
        )
