"""Why expressions of the paper's theory are not exact: one root cause may show in many places."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cause:
    """A root cause of entries in the errata.

    Attributes
    ----------
    id : str
    words : str
        What happened, in plain words.
    notation_only : bool
        Whether it stays where it is written: the lines around it have it right, and no formula
        that the paper goes on to use, or that a reader would code, contains it.
    """

    id: str
    words: str
    notation_only: bool = False


CAUSES: dict[str, Cause] = {
    cause.id: cause
    for cause in (
        Cause(
            "city-power",
            "The city scale T_c has the power one where it is named and the power theta where it "
            "is used, and elasticities with respect to it leave theta out.",
        ),
        Cause(
            "shocked-mix",
            "The mix in the response to another city's shock is taken from the city that responds "
            "instead of the city that is shocked.",
        ),
        Cause(
            "city-sign",
            "The city term enters the log share with a minus, and so does all that is solved "
            "from it.",
        ),
        Cause(
            "occupation-sum",
            "The formula for the occupation shifter has the total over occupations where one "
            "occupation's own term belongs.",
        ),
        Cause(
            "one-symbol",
            "One symbol stands for the instrument, for the wage and for the wage that the "
            "instrument predicts.",
        ),
        Cause("residual-factor", "The unseen term has lost the factor that the wage keeps."),
        Cause(
            "own-left",
            "The elasticity of a city's share is printed as that of its share in an occupation.",
        ),
        Cause("gamma", "The constant is that of a price index in a model of trade."),
        Cause("outer-exponent", "The outer exponent of the correlation function is left off."),
        Cause(
            "small-city",
            "A city or a cell is taken to be so small that totals do not notice it.",
        ),
        Cause("city-twice", "The city scale is written out and absorbed at once.", True),
        Cause("swapped-terms", "Two terms of a difference change places.", True),
        Cause("one-value", "One value stands for a value in each city.", True),
        Cause("sums-from-zero", "Sums over cities and occupations start at zero.", True),
        Cause("sum-letter", "A sum's index is not the letter inside it.", True),
        Cause("own-scale", "The scale of the city itself stands for that of the other.", True),
        Cause("derivative-sign", "A derivative sign is missing.", True),
    )
}
