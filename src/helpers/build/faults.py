"""Which record of an extract cannot be, where a scan says that some are not."""

from __future__ import annotations

from helpers.build.plan import MOST, WAGE, YEARS, Plan
from helpers.errors import DataError, RecordError
from helpers.sources import ipums
from helpers.sources.ipums import lines


def explain(plan: Plan, problem: str) -> DataError:
    """Find the first bad record of a file whose scan went wrong, and name it."""
    try:
        ipums.check(plan.data, plan.book, plan.needed)
        _check_values(plan)
    except DataError as found:
        return found
    return DataError(f"{plan.data}: cannot be read ({problem}); fetch the extract again")


def _check_values(plan: Plan) -> None:
    """Refuse the first record whose year, weight or codes cannot be."""
    apart = (*plan.weights, *plan.texts)
    codes = [name for name in plan.needed if name not in apart]
    wanted = plan.book.find((plan.weight, *codes))
    known = plan.book.years or range(YEARS[0], YEARS[1] + 1)
    span = ", ".join(map(str, plan.book.years)) or f"{YEARS[0]} to {YEARS[1]}"
    implied = ipums.is_fixed(plan.data)
    mend = "; mend the record, or order the extract again"
    for place, (amount, *others) in lines.records(plan.data, plan.book, wanted):
        if not amount or not 0 <= float(amount) <= MOST:
            raise RecordError(
                f"{plan.data}, {place}: {plan.weight} is {amount or 'blank'}, expected 0 or more"
                f"{mend}"
            )
        for variable, text in zip(wanted[1:], others, strict=True):
            value = float(text or "nan") / (10**variable.decimals if implied else 1)
            if variable.name == "YEAR" and value not in known:
                raise RecordError(
                    f"{plan.data}, {place}: YEAR is {text or 'blank'}, expected {span}{mend}"
                )
            if variable.name == WAGE:
                fine, what = abs(value) <= MOST, "a wage"
            else:
                fine, what = value % 1 == 0 and abs(value) < 1e18, "a whole code"
            if text and not fine:
                raise RecordError(
                    f"{plan.data}, {place}: {variable.name} is {text}, expected {what}{mend}"
                )
