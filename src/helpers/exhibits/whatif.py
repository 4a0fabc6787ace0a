"""The what-if page: exact hat algebra as Vega transforms, moved by the reader (paper, 5).

The chart is written with Altair and compiled to Vega here, so that the page carries data, a
formula and a renderer, and asks nobody for anything. Controls and table are plain HTML, which
a keyboard and a screen reader know how to use.
"""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from importlib.resources import files
from string import Template

import numpy as np
import pandas as pd

from helpers.model import Shares
from helpers.names import NEW_YORK
from helpers.sources import places

# control: label, smallest, largest, step, no change
CONTROLS = {
    "city_hat": ("Shock to the city (T_c, new over old)", 0.5, 1.5, 0.005, 1.0),
    "occupation_hat": ("Shock to the occupation (T_k, new over old)", 0.5, 1.5, 0.005, 1.0),
    "cell_hat": ("Shock to the occupation in the city (t_ck, new over old)", 0.5, 1.5, 0.005, 1.0),
    "rho": ("Correlation ρ", 0.0, 0.95, 0.01, None),
    "theta": ("Frechet shape θ", 0.5, 10.0, 0.1, None),
}
_LOW, _MIDDLE, _HIGH = "#b35900", "#c9c9c9", "#0072b2"


@dataclass(frozen=True)
class Setting:
    """Where the controls stand when the page opens; the defaults are the paper's shock.

    The controls reach from end to end of :data:`CONTROLS`, and as far beyond as the setting lies.

    Attributes
    ----------
    rho : float, in [0, 1)
    theta : float, above 0
    city, occupation : str
    city_hat, occupation_hat, cell_hat : float, above 0
        Multiplicative changes of T_c, T_k and t_ck.
    centred : str
        Where the colour scale has its middle: at ``one`` or at the ``median`` city.
    """

    rho: float
    theta: float = 3.0
    city: str = NEW_YORK
    occupation: str = "management"
    city_hat: float = 0.95
    occupation_hat: float = 1.0
    cell_hat: float = 1.0
    centred: str = "one"

    def bounds(self, name: str) -> tuple[float, float]:
        """Smallest and largest value of a control."""
        _, low, high, *_ = CONTROLS[name]
        value = getattr(self, name)
        return min(low, value), max(high, value)


def table(shares: Shares) -> pd.DataFrame:
    """What the page is given: a row per city with its coordinates and pi_ck, a column each.

    Cities without coordinates keep their row, and are not on the map.
    """
    frame = pd.DataFrame(shares.pi_ck, columns=shares.occupations)
    place = places.coordinates(shares.cities).reset_index(drop=True)
    whole = pd.concat([pd.Series(shares.cities, name="city"), place, frame], axis=1)
    # large bubbles are drawn first, so that small ones lie on top
    return whole.iloc[np.argsort(-shares.pi_c, kind="stable")]


def _transforms(shares: Shares) -> list:
    """From pi_ck to new shares: one Vega transform a line of the formula."""
    import altair as alt

    def calculate(**lines: str) -> list:
        return [alt.CalculateTransform(calculate=v, **{"as": k}) for k, v in lines.items()]

    def over(name: str, op: str, field: str, groupby: list[str]) -> list:
        joined = [alt.JoinAggregateFieldDef(op=op, field=field, **{"as": name})]
        return [alt.JoinAggregateTransform(joinaggregate=joined, groupby=groupby)]

    omega = json.dumps(dict(zip(shares.occupations, shares.omega_k.tolist(), strict=True)))
    mean = repr(1 / len(shares.occupations))
    occupation = ["occupation"]
    summed = {"new": "new_ck", "old": "old_ck", "dd": "dd", "cc": "cc", "dc": "dc"}
    return [
        alt.FoldTransform(fold=list(shares.occupations), **{"as": ["occupation", "pi_ck"]}),
        *calculate(
            omega_k=f"{omega}[datum.occupation]",
            old_ck="datum.pi_ck * datum.omega_k",
            here="datum.city === city",
            # exact hat algebra
            log_hat_ck="((datum.here ? theta * log(city_hat) : 0)"
            " + (datum.here && datum.occupation === occupation ? log(cell_hat) : 0)) / (1 - rho)",
            weighted="datum.pi_ck * exp(datum.log_hat_ck)",
        ),
        *over("lambda_hat_k", "sum", "weighted", occupation),
        *calculate(
            gain_k="datum.omega_k * (datum.occupation === occupation ? occupation_hat : 1)"
            " * pow(datum.lambda_hat_k, 1 - rho)",
            unscaled="datum.weighted / datum.lambda_hat_k * datum.gain_k",
        ),
        *over("total", "sum", "unscaled", []),
        *calculate(new_ck="datum.unscaled / datum.total"),
        # similarity of occupational mix: correlation of phi_ck with the chosen city's
        *over("pi_c", "sum", "old_ck", ["city"]),
        *calculate(
            d=f"datum.old_ck / datum.pi_c - {mean}",
            d_here="datum.here ? datum.d : -2",
        ),
        *over("chosen", "max", "d_here", occupation),
        *calculate(
            dd="datum.d * datum.d", cc="datum.chosen * datum.chosen", dc="datum.d * datum.chosen"
        ),
        alt.AggregateTransform(
            aggregate=[
                alt.AggregatedFieldDef(op="sum", field=field, **{"as": name})
                for name, field in summed.items()
            ],
            groupby=["city", "latitude", "longitude"],
        ),
        *calculate(
            here="datum.city === city",
            change="datum.new / datum.old",
            similarity="datum.dc / sqrt(datum.dd * datum.cc)",
        ),
        *over("middle", "median", "change", []),
        *calculate(
            centre="centred === 'one' ? 1 : datum.middle",
            away="datum.here ? 0 : abs(datum.change - datum.centre)",
        ),
        *over("span", "max", "away", []),
        *calculate(
            tone="datum.span > 1e-12 ? clamp((datum.change - datum.centre) / datum.span, -1, 1) : 0"
        ),
    ]


def chart(shares: Shares, setting: Setting):
    """The chart: a map and the paper's figure 2, over the same transformed data.

    Parameters
    ----------
    shares : Shares
        With labels.
    setting : Setting

    Returns
    -------
    altair.VConcatChart
        With one parameter a control.
    """
    import altair as alt

    states = json.loads((files("helpers.sources") / "states.json").read_text(encoding="utf-8"))
    outline = alt.Data(
        values=states, format=alt.TopoDataFormat(type="topojson", feature="states"), name="states"
    )
    tone = alt.Color(
        "tone:Q",
        scale=alt.Scale(domain=[-1, 0, 1], range=[_LOW, _MIDDLE, _HIGH]),
        legend=None,
    )
    size = alt.Size("old:Q", scale=alt.Scale(range=[8, 900], domainMin=0), legend=None)
    tooltip = [
        alt.Tooltip("city:N"),
        alt.Tooltip("change:Q", title="new share / old share", format=".6f"),
        alt.Tooltip("old:Q", title="share before", format=".3%"),
        alt.Tooltip("similarity:Q", format=".3f"),
    ]
    bubble = {"stroke": "currentColor", "strokeWidth": 0.5, "opacity": 0.9, "aria": False}
    where = alt.Chart(height=380, width=640).mark_circle(**bubble).encode(
        longitude="longitude:Q", latitude="latitude:Q", size=size, color=tone, tooltip=tooltip
    )  # fmt: skip
    chosen = (
        alt.Chart(height=380, width=640)
        .mark_circle(filled=False, stroke="currentColor", strokeWidth=2, size=260, aria=False)
        .encode(longitude="longitude:Q", latitude="latitude:Q")
        .transform_filter("datum.here")
    )
    borders = (
        alt.Chart(outline, height=380, width=640)
        .mark_geoshape(fill="currentColor", fillOpacity=0.06, stroke="currentColor", aria=False)
        .encode(strokeWidth=alt.value(0.5), strokeOpacity=alt.value(0.5))
    )
    us_map = alt.layer(borders, where.transform_filter("isValid(datum.latitude)"), chosen).project(
        "albersUsa"
    )
    against = (
        alt.Chart(height=300, width=640)
        .mark_circle(**bubble)
        .encode(
            x=alt.X(
                "similarity:Q",
                title="similarity of occupational mix to the city (correlation)",
                scale=alt.Scale(zero=False, nice=True),
                axis=alt.Axis(tickCount=7),
            ),
            y=alt.Y(
                "change:Q",
                title="new share / old share",
                scale=alt.Scale(zero=False, nice=True),
                axis=alt.Axis(format="~r", tickCount=6),
            ),
            size=size,
            color=tone,
            tooltip=tooltip,
        )
        .transform_filter("!datum.here")
    )
    both = alt.VConcatChart(
        vconcat=[us_map, against],
        data=alt.InlineData(values=_records(table(shares)), name="cities"),
        transform=_transforms(shares),
        spacing=18,
    ).add_params(
        *(
            alt.param(name=name, value=getattr(setting, name))
            for name in (*CONTROLS, "city", "occupation", "centred")
        )
    )
    plain = {"labelColor": "currentColor", "titleColor": "currentColor"}
    return both.configure(background="transparent").configure_axis(
        **plain, gridColor="currentColor", gridOpacity=0.15, domainColor="currentColor",
        tickColor="currentColor", labelFontSize=12, titleFontSize=12, titleFontWeight="normal",
    ).configure_view(stroke=None)  # fmt: skip


def specification(shares: Shares, setting: Setting) -> dict:
    """The chart compiled to Vega.

    The projection is fitted to the states once; Vega-Lite would fit it to the bubbles at every
    movement, and draw the states anew.
    """
    import vl_convert

    vega = vl_convert.vegalite_to_vega(chart(shares, setting).to_dict())
    for projection in vega["projections"]:
        projection["fit"] = {"signal": "data('states')"}
    for scale in vega["scales"]:
        if scale["name"] == "size":  # smaller bubbles on a smaller map
            scale["range"] = [6, {"signal": "1.4 * width"}]
    for data in vega["data"]:
        data["transform"] = [t for t in data.get("transform", []) if t["type"] != "geojson"]
    return vega


@dataclass(frozen=True, eq=False)
class WhatIf:
    """Controls, chart and table as one piece of HTML with everything inside.

    Attributes
    ----------
    shares : Shares
        With labels.
    setting : Setting
        Where the controls stand at first.
    """

    shares: Shares
    setting: Setting

    def __repr__(self) -> str:
        """Give what the page computes from, so that a re-run is compared."""
        s = self.setting
        n_cities, n_occupations = self.shares.pi_ck.shape
        return (
            f"what if: {n_cities} cities, {n_occupations} occupations, "
            f"rho {s.rho:.10g}, theta {s.theta:.10g}, {s.city} {s.city_hat:.10g}"
        )

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": repr(self)}

    def html(self) -> str:
        """Everything that a page needs, in one string."""
        import vl_convert

        package = files("helpers.exhibits")
        payload = {
            "spec": specification(self.shares, self.setting),
            "setting": {
                name: getattr(self.setting, name)
                for name in ("city", "occupation", "centred", *CONTROLS)
            },
            "ranges": {name: list(self.setting.bounds(name)) for name in CONTROLS},
        }
        renderer = vl_convert.javascript_bundle().replace("</script", "<\\/script")
        data = json.dumps(payload, separators=(",", ":")).replace("</", "<\\/")
        css = (package / "whatif.css").read_text(encoding="utf-8")
        script = (package / "whatif.js").read_text(encoding="utf-8")
        return (
            f"<style>{css}</style>{self._body()}"
            f'<script type="application/json" id="what-if-spec">{data}</script>'
            f'<script type="module">{renderer}\n{script}</script>'
        )

    def _body(self) -> str:
        columns = {
            "city": "city",
            "group": "end",
            "change": "new share / old share",
            "old": "share before, %",
            "new": "share after, %",
            "similarity": "similarity",
        }
        heads = "".join(
            f'<th scope="col"{" aria-sort=descending" if by == "change" else ""}>'
            f'<button type="button" data-by="{by}">{text}</button></th>'
            for by, text in columns.items()
        )
        controls = [
            _select("city", "City", sorted(self.shares.cities)),
            self._number("city_hat"),
            _select("occupation", "Occupation", self.shares.occupations),
            *map(self._number, ("occupation_hat", "cell_hat", "rho", "theta")),
            _select("centred", "Middle of the colours", ("one", "median")),
        ]
        template = (files("helpers.exhibits") / "whatif.html").read_text(encoding="utf-8")
        return Template(template).substitute(controls="".join(controls), heads=heads)

    def _number(self, name: str) -> str:
        label, *_, step, _ = CONTROLS[name]
        low, high = self.setting.bounds(name)
        bounds = f'min="{low}" max="{high}"'
        return (
            f'<div><label for="what-if-{name}">{label}</label><div class="what-if-pair">'
            f'<input type="range" {bounds} step="{step}" data-slider="{name}" '
            f'aria-label="{label}, slider">'
            f'<input type="number" {bounds} step="any" name="{name}" id="what-if-{name}" '
            'inputmode="decimal"></div></div>'
        )


def _select(name: str, label: str, options: tuple[str, ...] | list[str]) -> str:
    listed = "".join(f"<option>{html.escape(option)}</option>" for option in options)
    return f'<label>{label}<br><select name="{name}">{listed}</select></label>'


def _records(frame: pd.DataFrame) -> list[dict]:
    """Rows as JSON can hold them: a missing coordinate is null."""
    return frame.astype(object).where(frame.notna(), None).to_dict("records")
