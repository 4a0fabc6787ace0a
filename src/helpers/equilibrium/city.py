"""One city at a time: the wages, rents and employment at which its markets clear.

Given how attractive each occupation is elsewhere (A_k, below) and how large the city is, every
cell's supply of households can be solved against the demand for it, so that a city is left with
one unknown: its product Y_c. In logs, with kappa = 1 / (1 - rho), D = 1 + alpha kappa / sigma,
chi = (1 - 1/epsilon) / (1 + eta) and delta = 1/sigma - 1/epsilon,

    N_ck = A_k + kappa (scale_ck + alpha y_ck)         households (A_k = T_k - rho l_k - g)
    y_ck = w_ck + e_ck - a chi Y_c                     rents are chi Y_c: income is
                                                       (1 - 1/epsilon) Y_c
    w_ck = delta Y_c + (1 - 1/sigma) b_ck - (N_ck + e_ck) / sigma

* at full employment: w_ck = [delta Y + (1 - 1/sigma) b - (A + kappa scale - kappa alpha a chi Y)
  / sigma] / D,
* where that is below the floor f: w_ck = f, demand is L_ck = (1 - sigma/epsilon) Y
  + (sigma - 1) b - sigma f and e_ck = [L - A - kappa (scale + alpha (f - a chi Y))]
  / (1 + alpha kappa).

What is left is Y = CES(b + L(Y)). The gap Y - CES increases in Y with a slope of at least
min(1/D, sigma/epsilon): at full employment the slope of L is alpha kappa (delta - a chi) / D,
and delta - a chi <= 1/sigma since a < 1; at the floor it is 1 - sigma/epsilon. So a city has one
solution. The exception is epsilon infinite with every cell at the floor: the slope is zero, a
city whose product costs more than its price at the floor closes, and one that breaks even
exactly can have any size below the one at which its scarcest occupation is fully employed. That
size, the highest, is taken.

Everything is in logs and has a first axis over scenarios.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log

import numpy as np

from helpers.equilibrium.economy import Economy

_CLOSE = 1e-14
_STEPS = 200
EVEN = 2e-14


@dataclass(eq=False)
class Cleared:
    """Cities in which wages, rents and employment clear, and how they answer.

    Letters behind an underscore are derivatives: with respect to the city's own unknown
    ``x``, its size ``n`` and the attraction of elsewhere ``A`` (of the same occupation).

    Attributes
    ----------
    Y : array (S, C)
        Product; ``Y_x`` and ``Y_n`` its derivatives. Minus infinity where a city is closed.
    w, e, L, h : arrays (S, C, K)
        Wage, employment rate, labour and appeal of each cell. L, e and h are minus infinity in
        a cell that is closed.
    h_x, h_n, h_A : arrays (S, C, K)
    gap_x, gap_n : arrays (S, C); gap_A : array (S, C, K)
        Derivatives of the city's own condition.
    """

    Y: np.ndarray
    w: np.ndarray
    e: np.ndarray
    L: np.ndarray
    h: np.ndarray
    h_x: np.ndarray
    h_n: np.ndarray
    h_A: np.ndarray
    gap_x: np.ndarray
    gap_n: np.ndarray
    gap_A: np.ndarray


def sum_logs(terms: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Log of a sum of exponentials, and each term's share of it; the sum may be empty."""
    top = terms.max(axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    shares = np.exp(terms - top)
    total = shares.sum(axis=axis, keepdims=True)
    shares /= np.where(total > 0, total, 1.0)
    logs = np.log(total, out=np.full(total.shape, -inf), where=total > 0) + top
    return np.squeeze(logs, axis=axis), shares


class Technology:
    """Constants of the cities' markets that a closure implies."""

    def __init__(self, base: Economy) -> None:
        closure = base.closure
        self.base = base
        self.alpha = closure.wage_exponent
        self.sigma, self.epsilon = closure.substitution, closure.demand_elasticity
        self.per_sigma, self.per_epsilon = 1 / self.sigma, 1 / self.epsilon
        self.beta = 1 - self.per_sigma
        self.delta = self.per_sigma - self.per_epsilon
        self.mu = closure.agglomeration
        self.floor = log(closure.wage_floor) if closure.wage_floor > 0 else -inf
        self.a_chi_c = closure.housing_share * (1 - self.per_epsilon) * base.rent_c
        self.kappa_k = base.response_k
        self.ka_k = base.response_k * self.alpha
        self.D_k = 1 + self.ka_k * self.per_sigma
        self.w_Y_ck = (self.delta + self.ka_k * self.per_sigma * self.a_chi_c[:, None]) / self.D_k
        self.h_Y_ck = self.ka_k * (self.w_Y_ck - self.a_chi_c[:, None])
        self.h_A_k = 1 / self.D_k - 1
        self.w_n_k = self.beta * self.mu / self.D_k
        self.s_ck = base.s_ck
        self.log_s_ck = base.log_s_ck

    def aggregate(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """CES aggregate (S, C) of logs x (S, C, K), and each term's weight (S, C, K)."""
        beta = self.beta
        low = float(x.min(initial=0.0))
        if low > -inf and abs(beta) * float(np.ptp(x, axis=-1).max(initial=0.0)) < 0.5:
            # near sigma = 1, and near no change, powers lose digits that expm1 keeps
            centre = (self.s_ck * x).sum(axis=-1, keepdims=True)
            if beta == 0:
                return centre[..., 0], np.broadcast_to(self.s_ck, x.shape)
            grown = np.expm1(beta * (x - centre))
            total = (self.s_ck * grown).sum(axis=-1, keepdims=True)
            value = centre[..., 0] + np.log1p(total[..., 0]) / beta
            return value, self.s_ck * (1 + grown) / (1 + total)
        if beta == 0:
            with np.errstate(invalid="ignore"):
                terms = np.where(self.s_ck > 0, self.s_ck * x, 0.0)
            return terms.sum(axis=-1), np.broadcast_to(self.s_ck, x.shape)
        with np.errstate(invalid="ignore"):
            # a cell that nobody is in has no weight, whatever its change
            terms = np.where(self.s_ck > 0, self.log_s_ck + beta * x, -inf)
        value, weight = sum_logs(terms, axis=-1)
        return value / beta, weight


def clear_cities(
    tech: Technology, scale: np.ndarray, b: np.ndarray, elsewhere: np.ndarray, Y: np.ndarray
) -> Cleared:
    """Clear the markets of all cities; sigma is finite or wages are flexible.

    Parameters
    ----------
    tech : Technology
    scale, b : arrays (S, C, K)
        Log changes of the cells' scales, and of productivity with agglomeration in it.
    elsewhere : array (S, K)
        A_k: what the rest of the country adds to the log change of a cell's households.
    Y : array (S, C)
        Where to start.
    """
    A = elsewhere[:, None, :]
    w_0 = (tech.beta * b - (A + tech.kappa_k * scale) * tech.per_sigma) / tech.D_k
    h_0 = tech.kappa_k * scale + tech.ka_k * w_0
    if tech.floor == -inf:
        return _flexible(tech, b, A, w_0, h_0, Y)
    return _floored(tech, scale, b, A, w_0, h_0, Y)


class Search:
    """Newton's method on increasing functions of one variable each, kept inside brackets."""

    def __init__(self, x: np.ndarray, low: np.ndarray | float = -inf) -> None:
        self.x = x
        self.low = np.broadcast_to(np.asarray(low, dtype=float), x.shape).copy()
        self.high = np.full(x.shape, inf)
        self.longest = 2.0  # where there is no bracket yet; doubles with every step

    def step(self, value: np.ndarray, slope: np.ndarray, idle: np.ndarray | bool) -> bool:
        """Move on; True when every value is as near to zero as it can be told."""
        below = value < 0
        self.low = np.where(below, np.maximum(self.low, self.x), self.low)
        self.high = np.where(below, self.high, np.minimum(self.high, self.x))
        move = -value / np.where(slope > 1e-300, slope, 1e-300)
        done = (np.abs(value) <= _CLOSE) | idle
        done |= np.abs(move) <= 4e-16 * (1 + np.abs(self.x))
        done |= self.high - self.low <= 4e-16 * (1 + np.abs(self.x))
        if done.all():
            return True
        target = self.x + np.clip(move, -self.longest, self.longest)
        self.longest = min(2 * self.longest, 1e6)
        outside = (target <= self.low) | (target >= self.high)
        if outside.any():
            bracketed = np.isfinite(self.low) & np.isfinite(self.high)
            with np.errstate(invalid="ignore"):
                middle = np.where(bracketed, (self.low + self.high) / 2, target)
            target = np.where(outside & bracketed, middle, target)
        self.x = np.where(done, self.x, target)
        return False


def _flexible(tech, b, A, w_0, h_0, Y) -> Cleared:
    """Everyone is employed."""
    search = Search(Y)
    b_h = b + A + h_0
    for _ in range(_STEPS):
        Y_1 = search.x[..., None]
        output, weight = tech.aggregate(b_h + tech.h_Y_ck * Y_1)
        slope = 1 - (weight * tech.h_Y_ck).sum(axis=-1)
        if search.step(search.x - output, slope, False):
            break
    h = h_0 + tech.h_Y_ck * Y_1
    h_n = np.broadcast_to(tech.ka_k * tech.w_n_k, (1, *tech.s_ck.shape))
    h_A = np.broadcast_to(tech.h_A_k, (1, *tech.s_ck.shape))
    return Cleared(
        Y=search.x,
        w=w_0 + tech.w_Y_ck * Y_1,
        e=np.zeros_like(h),
        L=A + h,
        h=h,
        h_x=tech.h_Y_ck[None],
        h_n=h_n,
        h_A=h_A,
        gap_x=slope,
        gap_n=-tech.mu - (weight * h_n).sum(axis=-1),
        gap_A=-weight * (1 + h_A),
    )


def _floored(tech, scale, b, A, w_0, h_0, Y) -> Cleared:
    """Some cells may be at the floor; sigma is finite."""
    f, sigma, ka_k = tech.floor, tech.sigma, tech.ka_k
    a_chi = tech.a_chi_c[:, None]
    L_Y = 1 - sigma * tech.per_epsilon
    at_floor_0 = (sigma - 1) * b - sigma * f  # demand at the floor, less what Y adds
    e_0 = -A - tech.kappa_k * scale - ka_k * f
    closed = even = scarce = None
    low = -inf
    if tech.per_epsilon == 0:
        closed, even, scarce, switch = _break_even(tech, b, w_0)
        low = np.where(closed, -inf, switch)
        Y = np.where(even, switch, np.maximum(Y, switch))
    search = Search(Y, low)
    idle = False if closed is None else closed | even
    for _ in range(_STEPS):
        Y_1 = search.x[..., None]
        w = w_0 + tech.w_Y_ck * Y_1
        short = w < f
        if scarce is not None:
            short &= ~(scarce & even[..., None])
        L = np.where(short, at_floor_0 + L_Y * Y_1, A + h_0 + tech.h_Y_ck * Y_1)
        L_x = np.where(short, L_Y, tech.h_Y_ck)
        output, weight = tech.aggregate(b + L)
        slope = 1 - (weight * L_x).sum(axis=-1)
        if search.step(search.x - output, slope, idle):
            break
    e = np.where(short, (L + e_0 + ka_k * a_chi * Y_1) / (1 + ka_k), 0.0)
    w = np.where(short, f, w)
    h = tech.kappa_k * scale + ka_k * (w + e - a_chi * Y_1)
    h_x = np.where(short, ka_k * (L_Y - a_chi) / (1 + ka_k), tech.h_Y_ck)
    h_n = np.where(short, ka_k * (sigma - 1) * tech.mu / (1 + ka_k), ka_k * tech.w_n_k)
    h_A = np.where(short, -ka_k / (1 + ka_k), tech.h_A_k)
    L_n = np.where(short, (sigma - 1) * tech.mu, h_n)
    L_A = np.where(short, 0.0, 1 + h_A)
    out = Cleared(
        Y=search.x,
        w=w,
        e=e,
        L=L,
        h=h,
        h_x=h_x,
        h_n=h_n,
        h_A=h_A,
        gap_x=slope,
        gap_n=-tech.mu - (weight * L_n).sum(axis=-1),
        gap_A=-weight * L_A,
    )
    if even is not None and even.any():
        # the scarcest occupation is at the floor and fully employed: that is the condition
        out.gap_x = np.where(even, (scarce * tech.w_Y_ck).sum(axis=-1), out.gap_x)
        out.gap_n = np.where(even, (scarce * tech.w_n_k).sum(axis=-1), out.gap_n)
        pinned = scarce * (-tech.per_sigma / tech.D_k)
        out.gap_A = np.where(even[..., None], pinned, out.gap_A)
    if closed is not None and closed.any():
        shut(out, closed[..., None] & np.ones_like(short), f)
    return out


def _break_even(tech, b, w_0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Where the product's price is given: cities that close at the floor or just break even.

    Also the scarcest occupation of each city, (S, C, K), and the product at which it is at the
    floor and fully employed, (S, C).
    """
    excess = b - tech.floor
    if tech.sigma == 1:
        gain = (tech.s_ck * excess).sum(axis=-1)
    else:
        power = tech.sigma - 1
        centre = (tech.s_ck * excess).sum(axis=-1, keepdims=True)
        spread = power * (excess - centre)
        top = np.maximum(spread.max(axis=-1, keepdims=True), 0.0)
        grown = np.where(top > 30, np.exp(spread - top), np.expm1(np.minimum(spread, 30.0)))
        mean = (tech.s_ck * grown).sum(axis=-1)
        far = top[..., 0] > 30
        mean_far = np.where(far, mean, 1.0)
        logs = np.where(far, np.log(mean_far) + top[..., 0], np.log1p(np.where(far, 0.0, mean)))
        gain = centre[..., 0] + logs / power
    even = np.abs(gain) <= EVEN
    closed = ~even & (gain < 0)
    present = tech.s_ck > 0
    switch_ck = np.where(present, (tech.floor - w_0) / tech.w_Y_ck, inf)
    first = switch_ck.argmin(axis=-1)
    scarce = np.arange(switch_ck.shape[-1]) == first[..., None]
    return closed, even, scarce, switch_ck.min(axis=-1)


def shut(out: Cleared, cells: np.ndarray, floor: float) -> None:
    """Close cells, in place: nobody is employed at the floor, and nobody lives there."""
    for name in ("e", "L", "h"):
        setattr(out, name, np.where(cells, -inf, getattr(out, name)))
    out.w = np.where(cells, floor, out.w)
    for name in ("h_x", "h_n", "h_A", "gap_A"):
        setattr(out, name, np.where(cells, 0.0, getattr(out, name)))
    whole = cells.all(axis=-1)
    out.Y = np.where(whole, -inf, out.Y)
    out.gap_x = np.where(whole, 1.0, out.gap_x)
    out.gap_n = np.where(whole, 0.0, out.gap_n)
