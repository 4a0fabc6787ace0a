"""Records spread over zones by a table of the reader's, so that nothing is lost on the way."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.build.cells import Ledger
from helpers.build.plan import NO_METRO
from helpers.errors import SampleError

_LARGEST = 2.0**62
KEYS = ["year", "city", "occupation", "sector", "head"]


def spread(
    table: pd.DataFrame, after: dict[str, int], crosswalk: pd.DataFrame, variable: str
) -> tuple[pd.DataFrame, dict[str, int], tuple[str, ...]]:
    """Sums by zone from sums by place: each place's are divided by its allocation factors.

    What is added up is linear in records, so that spreading the sums of a place is spreading its
    records. Factors are whole numbers of their last digit: sums stay whole numbers, of a smaller
    unit, and a place's parts add up to the place exactly. Counts of records and sums of replicate
    weights are in double precision.

    Parameters
    ----------
    table : DataFrame
        Whole-number sums by ``year, city, occupation, sector, head``.
    after : {column: digits}
        How many digits after the point the sums have.
    crosswalk : DataFrame
        As :func:`helpers.sources.groups.read_crosswalk` gives it.
    variable : str
        What the places are, for messages.

    Returns
    -------
    (DataFrame, digits, zones)
        ``city`` is the position of a zone, counted from one; 0 where the place is not identified
        and -2 where it is not in the crosswalk.

    Raises
    ------
    SampleError
        If no place of the records is in the crosswalk.
    """
    exact = [name for name in ("weight", "paid", "paid_wage") if name in after]
    digits = max(max(0, -int(share.as_tuple().exponent)) for share in crosswalk["share"])
    zones = tuple(dict.fromkeys(crosswalk["to"]))
    position = {zone: at for at, zone in enumerate(zones, 1)}
    keys = ["city", "year"] if "year" in crosswalk else ["city"]
    parts = crosswalk.rename(columns={"from": "city"}).assign(
        zone=crosswalk["to"].map(position),
        factor=[int(share.scaleb(digits)) for share in crosswalk["share"]],
        part=crosswalk["share"].astype(float),
    )[[*keys, "zone", "factor", "part"]]
    both = table.merge(parts[parts["factor"] > 0], how="left", on=keys)
    known = both["factor"].notna()
    if not known.any():
        found = next((int(code) for code in table["city"] if code != NO_METRO), NO_METRO)
        raise SampleError(
            f"crosswalk: no record's place is in the table: {variable} has {found} and from has "
            f"{int(crosswalk['from'].iloc[0])}; write codes as the variable has them"
        )
    factor = both["factor"].fillna(10**digits).astype(np.int64)
    part = both["part"].fillna(1.0)
    zone = both["zone"].where(known, np.where(both["city"] == NO_METRO, NO_METRO, UNKNOWN))
    amounts = [name for name in table if name not in KEYS]
    for name in amounts:
        if name not in exact:
            both[name] = both[name].astype(float) * part
            continue
        small = float(both[name].astype(float).abs().sum()) * 10.0**digits < _LARGEST
        kind = np.int64 if small else object
        both[name] = both[name].astype(kind) * factor.astype(kind)
    both["city"] = zone.astype(int)
    summed = both.groupby(KEYS, as_index=False)[amounts].sum()
    return summed, {n: d + digits if n in exact else d for n, d in after.items()}, zones


UNKNOWN = -2
"""A place that the crosswalk does not have."""


def drop_unknown(
    before: pd.DataFrame, after: pd.DataFrame, codes: list[int], variable: str, ledger: Ledger
) -> pd.DataFrame:
    """The table of zones without places that the crosswalk lacks, with a line of the ledger."""
    known = after[after["city"] != UNKNOWN]
    which = f", {codes[0]} the first of them" if codes else ""
    many = f"{len(codes)} place{'s' if len(codes) != 1 else ''}"
    reason = f"{variable} to zones by the crosswalk; {many} not in it left out{which}"
    ledger.add("crosswalk", reason, before, known)
    return known
