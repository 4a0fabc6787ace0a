"""Cities whose occupations are perfect substitutes, with a floor under wages.

Wages are then w_ck = b_ck - Y_c / epsilon: a cell is open (above the floor), closed (below it:
nobody is employed, so nobody stays) or marginal. A city is either between two thresholds
epsilon (b_ck - f), or at one. There its product is known, and what is unknown is how many of
the marginal cells are employed: L_ck = min(supply at the floor, M_c), with one M_c for all of
them. It is the limit of finite sigma, in which equally productive cells face the same demand.
"""

from __future__ import annotations

from math import inf

import numpy as np

from helpers.equilibrium.city import EVEN, Cleared, Search, Technology, shut

_STEPS = 200


def clear_rationed(
    tech: Technology, scale: np.ndarray, b: np.ndarray, elsewhere: np.ndarray, Y: np.ndarray
) -> Cleared:
    """Clear the markets of all cities; arguments as in :func:`~.city.clear_cities`."""
    A = elsewhere[:, None, :]
    b = np.broadcast_to(b, np.broadcast_shapes(b.shape, A.shape, scale.shape))
    h_0 = tech.kappa_k * scale + tech.ka_k * b

    def supply(product: np.ndarray, cells: np.ndarray) -> np.ndarray:
        """Labour of cells that are fully employed; minus infinity elsewhere."""
        return np.where(cells, A + h_0 + tech.h_Y_ck * product[..., None], -inf)

    room = np.round(b - tech.floor, 13)
    room = np.where(np.abs(room) <= EVEN, 0.0, room)
    if tech.per_epsilon == 0:
        threshold = np.where(room >= 0, inf, -inf)
        pinned = np.zeros(Y.shape, dtype=bool)
        at = np.where(pinned, 0.0, -inf)
        top = np.full(Y.shape, inf)
    else:
        threshold = tech.epsilon * room
        at, top, pinned = _between(tech, b, threshold, supply)
    open_ = threshold > at[..., None]
    marginal = pinned[..., None] & (threshold == at[..., None])

    empty = ~(open_ | marginal).any(axis=-1)
    product = np.where(pinned, at, Y)
    inside = ~pinned & ((product <= at) | (product >= top))
    product = np.where(inside, np.where(np.isfinite(at), at, np.minimum(top, 0.0)), product)
    search = Search(product, np.where(pinned, -inf, at))
    for _ in range(_STEPS):
        output, weight = tech.aggregate(b + supply(search.x, open_))
        slope = 1 - (weight * np.where(open_, tech.h_Y_ck, 0.0)).sum(axis=-1)
        output = np.where(empty, 0.0, output)
        if search.step(search.x - output, slope, pinned | empty):
            break
    product = np.where(pinned, at, search.x)

    full = supply(product, open_ | marginal)
    cap = _cap(tech, b, full, product, open_, marginal, pinned)
    short = marginal & (full > cap[..., None])
    pinned &= short.any(axis=-1)
    L = np.where(short, cap[..., None], full)
    _, weight = tech.aggregate(b + L)

    a_chi, ka_k = tech.a_chi_c[:, None], tech.ka_k
    with np.errstate(invalid="ignore"):
        e = np.where(short, (L - full) / (1 + ka_k), 0.0)
    w = b - tech.per_epsilon * product[..., None]
    w = np.where(marginal, tech.floor, np.maximum(w, tech.floor))
    Y_n = np.where(pinned, tech.epsilon * tech.mu if tech.mu else 0.0, 0.0)
    still = -ka_k * a_chi * Y_n[..., None]  # rents move with the threshold, wages do not
    held = pinned[..., None]
    h_x = np.where(short, ka_k / (1 + ka_k), np.where(held, 0.0, tech.h_Y_ck))
    h_n = np.where(short, still / (1 + ka_k), np.where(held, still, ka_k * tech.w_n_k))
    h_A = np.where(short, -ka_k / (1 + ka_k), 0.0)
    L_x = np.where(short, 1.0, h_x)
    L_n = np.where(short, 0.0, h_n)
    out = Cleared(
        Y=product,
        w=w,
        e=e,
        L=L,
        h=tech.kappa_k * scale + ka_k * (w + e - a_chi * product[..., None]),
        h_x=h_x,
        h_n=h_n,
        h_A=h_A,
        gap_x=np.where(pinned, 0.0, 1.0) - (weight * L_x).sum(axis=-1),
        gap_n=Y_n - tech.mu - (weight * L_n).sum(axis=-1),
        gap_A=-weight * np.where(short, 0.0, 1 + h_A),
    )
    closed = ~(open_ | marginal)
    if closed.any():
        shut(out, closed, tech.floor)
    return out


def _between(tech, b, threshold, supply) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bracket of each city's product by its thresholds, and whether it is at the lower one."""
    ranked = np.sort(threshold, axis=-1)
    n = ranked.shape[-1]
    low = np.full(ranked.shape[:-1], -1)
    high = np.full(ranked.shape[:-1], n)
    pinned = np.zeros(low.shape, dtype=bool)
    while (searching := (high - low > 1) & ~pinned).any():
        middle = np.where(searching, (low + high) // 2, np.clip(low, 0, n - 1))
        at = np.take_along_axis(ranked, middle[..., None], axis=-1)
        most, _ = tech.aggregate(b + supply(at[..., 0], threshold >= at))
        least, _ = tech.aggregate(b + supply(at[..., 0], threshold > at))
        least = np.where((threshold > at).any(axis=-1), least, -inf)
        here = searching & (most >= at[..., 0]) & (least <= at[..., 0])
        above = searching & ~here & (least > at[..., 0])
        below = searching & ~here & ~above
        pinned |= here
        low = np.where(here | above, middle, low)
        high = np.where(below, middle, high)
    ends = np.concatenate(
        [np.full((*low.shape, 1), -inf), ranked, np.full((*low.shape, 1), inf)], axis=-1
    )
    at = np.take_along_axis(ends, low[..., None] + 1, axis=-1)[..., 0]
    top = np.take_along_axis(ends, high[..., None] + 1, axis=-1)[..., 0]
    return at, top, pinned


def _cap(tech, b, full, product, open_, marginal, pinned) -> np.ndarray:
    """Labour M_c, in logs, that equally productive marginal cells can sell at the floor."""
    if not pinned.any():
        return np.full(product.shape, inf)
    level = np.where(pinned, product, 0.0)[..., None]
    with np.errstate(over="ignore"):
        value = tech.s_ck * np.exp(np.where(pinned[..., None], b + full - level, -inf))
        per_head = np.where(marginal, tech.s_ck * np.exp(b - level), 0.0)
    left = np.maximum(1 - np.where(open_, value, 0.0).sum(axis=-1), 1e-18)
    bound = marginal
    cap = np.full(product.shape, inf)
    for _ in range(marginal.shape[-1] + 2):
        spare = np.maximum(left - np.where(marginal & ~bound, value, 0.0).sum(axis=-1), 1e-18)
        heads = np.where(bound, per_head, 0.0).sum(axis=-1)
        with np.errstate(divide="ignore"):
            cap = np.where(pinned & (heads > 0), np.log(spare) - np.log(heads), inf)
        now = marginal & (full > cap[..., None])
        if (now == bound).all():
            break
        bound = now
    return cap
