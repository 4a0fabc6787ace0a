"""Write the tables of the chapter "Your own cities": ``python tools/example.py [FOLDER]``.

An island that does not exist, drawn from the model with a seed: forty zones, five groups, three
years. The tables look as a statistical office would hand them out: semicolons, decimal commas,
accents, names of columns in the language of the country.

The scale of a cell is its mean wage times what nobody measures, ``t_ck = w_ck eta_ck``. Wages
move with the productivity of the sectors that a zone lives off, and with ``eta``, which is why a
plain regression is wrong. The correlation is 0.6.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from helpers import model
from helpers.files import BOOK
from helpers.instrument import exposures, shift_share

SEED, RHO = 40, 0.6
YEARS = (2012, 2016, 2020)
GROUPS = ("cadres", "employés", "métiers de la santé", "ouvriers", "pêcheurs et agriculteurs")
SECTORS = (
    "pêche", "vignobles", "élevage", "mines", "acier", "chantiers navals", "horlogerie", "textile",
    "bâtiment", "commerce", "tourisme", "banques", "logiciels", "hôpitaux", "écoles", "énergie",
)  # fmt: skip
FIRST = ("Aigre", "Bois", "Châtel", "Dôme", "Épine", "Fosse", "Grève", "Hêtre", "Îlot", "Jonc")
LAST = ("-le-Vieux", "-sur-Orme", "-la-Forêt", "-ès-Prés")
CENTRE, HALF_AXES = (46.5, -9.0), (1.1, 1.9)  # degrees; in the Atlantic, where no land is


def economy(rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """All tables of the island, with the names of the panel."""
    zones = [first + last for last in LAST for first in FIRST]
    gamma_ks = rng.dirichlet(np.full(len(GROUPS), 0.7), len(SECTORS)).T
    kappa_cs = rng.dirichlet(np.full(len(SECTORS), 0.5), len(zones))
    exposed = exposures(
        pd.DataFrame(gamma_ks, GROUPS, SECTORS), pd.DataFrame(kappa_cs, zones, SECTORS)
    )
    steps = rng.normal(0.02, 0.35, (len(SECTORS), len(YEARS)))
    shifts = pd.DataFrame(np.cumsum(steps, axis=1).round(4), SECTORS, YEARS)
    shifts = shifts.rename_axis("sector").melt(
        var_name="year", value_name="log_tfp", ignore_index=False
    )
    predicted = shift_share(exposed, shifts.reset_index()).set_index(["year", "city", "occupation"])
    z_c = np.exp(rng.normal(0, 0.45, len(zones)))
    z_c[0] = 1.3 * z_c.max()  # a capital
    usual = np.array([46.0, 27.0, 36.0, 24.0, 19.0]) * 1000
    taste_ck = rng.normal(0, 0.12, (len(zones), len(GROUPS)))
    rows = []
    for number, year in enumerate(YEARS):
        instrument = (
            predicted.loc[year]["instrument"].unstack("occupation").loc[zones, list(GROUPS)]
        )
        unseen = taste_ck + rng.normal(0, 0.05, taste_ck.shape)
        wage = usual * np.exp(2.0 * instrument.to_numpy() - 0.3 * unseen)
        wage *= rng.lognormal(0, 0.02, wage.shape) * 1.03**number
        shares = model.shares(
            wage / usual * np.exp(unseen), np.array([0.8, 1.2, 0.6, 1.0, 0.3]), z_c, RHO
        )
        people = np.rint(1_400_000 * 1.02**number * shares.pi_ck * shares.omega_k)
        rows += [
            (zone, group, year, int(people[c, k]), round(wage[c, k], 2))
            for c, zone in enumerate(zones)
            for k, group in enumerate(GROUPS)
        ]
    angle, radius = (
        rng.uniform(0, 2 * np.pi, len(zones)),
        np.sqrt(rng.uniform(0.02, 0.8, len(zones))),
    )
    return {
        "cells": pd.DataFrame(
            rows, columns=["zone d'emploi", "catégorie", "année", "ménages", "salaire"]
        ),
        "exposures": exposed.round({"exposure": 6}),
        "shifts": shifts.reset_index(),
        "coordinates": pd.DataFrame(
            {
                "zone d'emploi": zones,
                "latitude": (CENTRE[0] + HALF_AXES[0] * radius * np.sin(angle)).round(4),
                "longitude": (CENTRE[1] + HALF_AXES[1] * radius * np.cos(angle)).round(4),
            }
        ),
    }


def coast(rng: np.random.Generator) -> dict:
    """The island's outline as GeoJSON."""
    angle = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    wave = sum(
        rng.normal(0, 0.05 / n) * np.sin(n * angle + rng.uniform(0, 2 * np.pi)) for n in range(2, 9)
    )
    north = CENTRE[0] + HALF_AXES[0] * (1 + wave) * np.sin(angle)
    east = CENTRE[1] + HALF_AXES[1] * (1 + wave) * np.cos(angle)
    ring = np.column_stack([east, north]).round(4).tolist()
    shape = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    island = {"type": "Feature", "properties": {"name": "Ormance"}, "geometry": shape}
    return {"type": "FeatureCollection", "features": [island]}


def write(folder: Path) -> list[Path]:
    """Write all tables into a folder; the same seed gives the same bytes."""
    rng = np.random.default_rng(SEED)
    folder.mkdir(parents=True, exist_ok=True)
    names = {
        "cells": "ormance",
        **{n: f"ormance-{n}" for n in ("exposures", "shifts", "coordinates")},
    }
    paths = []
    for name, table in economy(rng).items():
        path = folder / f"{names[name]}.csv"
        table.to_csv(path, sep=";", decimal=",", index=False, lineterminator="\n")
        paths.append(path)
    paths.append(folder / "ormance.geojson")
    paths[-1].write_text(json.dumps(coast(rng), separators=(",", ":")) + "\n", "utf-8")
    return paths


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else BOOK / "_static" / "examples"
    print(*write(target), sep="\n")
