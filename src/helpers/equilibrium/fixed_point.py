"""The equilibrium as a fixed point: Newton's method, and what is said when there is none."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np

from helpers.equilibrium.city import Technology
from helpers.equilibrium.closure import Closure
from helpers.equilibrium.country import State, evaluate, newton
from helpers.equilibrium.economy import Economy, Hat, Shocks, economy, shocks
from helpers.equilibrium.outcome import Equilibria, Equilibrium, outcomes
from helpers.equilibrium.stability import feedback
from helpers.errors import EquilibriumError

TOLERANCE = 1e-12
_ROUNDING = 4e-15  # no step from residuals below this is worth taking
_STEPS = 60
_HALVINGS = 12
_TURN, _TURNS = 25, 20
_LONGEST = 3.0  # log points that an unknown may move in the first step, twice that in the next
_SHORTEST = 1 / 256  # of the shock, when it is approached in parts


def _guess(tech: Technology, scenarios: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """No change: l, n and Y of S scenarios."""
    n_cities, n_occupations = tech.base.s_ck.shape
    sizes = n_cities if tech.mu else 0
    return (
        np.zeros((scenarios, n_occupations)),
        np.zeros((scenarios, sizes)),
        np.zeros((scenarios, n_cities)),
    )


def iterate(
    tech: Technology,
    given: Shocks,
    start: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
    most: int = _STEPS,
) -> tuple[State, np.ndarray, np.ndarray]:
    """Newton's method on S scenarios at once.

    Returns
    -------
    State
    array (S,) of int
        Steps that each scenario took.
    array (S,) of bool
        Whether it converged: residuals at most :data:`TOLERANCE`. Steps are taken until they
        do not reduce them any more.
    """
    l, n, Y = _guess(tech, len(given)) if start is None else start  # noqa: E741
    state = evaluate(tech, given, l, n, Y)
    steps = np.zeros(len(given), dtype=int)
    worst = state.worst()
    going = (worst > _ROUNDING) & np.isfinite(worst)
    for turn in range(most):
        if not going.any():
            break
        dl, dn, dx = newton(state, tech)
        largest = np.maximum(np.abs(dl).max(axis=-1), np.abs(dn).max(axis=-1, initial=0.0))
        largest = np.where(np.isfinite(largest), largest, inf)
        reach = _LONGEST * 2.0 ** min(turn, 30)
        length = np.where(going & np.isfinite(largest), np.minimum(1, reach / largest), 0.0)
        steps += going
        dl, dn, dx = (np.where(np.isfinite(part), part, 0.0) for part in (dl, dn, dx))
        Y = np.where(np.isfinite(state.cities.Y), state.cities.Y, 0.0)
        for _ in range(_HALVINGS):
            step = length[:, None]
            trial = evaluate(tech, given, state.l + step * dl, state.n + step * dn, Y + step * dx)
            worse = going & ~(trial.worst() < (1 - 0.1 * length) * worst) & (worst > TOLERANCE)
            if not worse.any():
                break
            length = np.where(worse, length / 2, length)
        state, before, worst = trial, worst, trial.worst()
        still = length * np.where(np.isfinite(largest), largest, 0.0) < 1e-15
        stuck = still | ((worst <= TOLERANCE) & (worst > before / 4))
        going &= (worst > _ROUNDING) & ~stuck
    return state, steps, state.worst() <= TOLERANCE


def by_turns(tech: Technology, given: Shocks) -> tuple[State, int, bool]:
    """One scenario by plain iteration, Newton's method tried again every now and then.

    Where regimes (open, closed, at the floor) are as many as cells, Newton's method can go round
    in circles among them; appeals and sizes that are simply put in the place of their guesses
    come closer wherever the spectral condition holds.
    """
    l, n, Y = _guess(tech, 1)  # noqa: E741
    total = 0
    state = evaluate(tech, given, l, n, Y)
    for _ in range(_TURNS):
        for _ in range(_TURN):
            if not np.isfinite(state.worst()).all():
                return state, total, False
            Y = np.where(np.isfinite(state.cities.Y), state.cities.Y, 0.0)
            state = evaluate(tech, given, state.l - state.gap_l, state.n - state.gap_n, Y)
        Y = np.where(np.isfinite(state.cities.Y), state.cities.Y, 0.0)
        trial, steps, found = iterate(tech, given, (state.l, state.n, Y), most=12)
        total += _TURN + int(steps[0])
        if found[0]:
            return trial, total, True
    return state, total, False


def by_parts(tech: Technology, given: Shocks) -> tuple[State, int, float]:
    """One scenario, the shock approached in parts, each from the solution of the one before.

    Returns
    -------
    State, int, float
        The last solution, the steps that it took, and the part of the shock that was reached.
    """
    reached, part, total = 0.0, 0.25, 0
    state, _, _ = iterate(tech, given.part(slice(None), 0.0))
    while reached < 1 and part >= _SHORTEST:
        target = min(1.0, reached + part)
        Y = np.where(np.isfinite(state.cities.Y), state.cities.Y, 0.0)
        trial, steps, found = iterate(
            tech, given.part(slice(None), target), (state.l, state.n, Y), most=20
        )
        total += int(steps[0])
        if found[0]:
            state, reached, part = trial, target, 2 * part
        else:
            part /= 2
    return state, total, reached


def _again(tech: Technology, one: Shocks, only_by_parts: bool) -> tuple[State, int, float]:
    """What :func:`by_parts` and :func:`by_turns` find, the more promising of them first."""

    def turns() -> tuple[State, int, float]:
        state, steps, found = by_turns(tech, one)
        return state, steps, float(found)

    if only_by_parts:
        return by_parts(tech, one)
    many_regimes = tech.sigma == inf and tech.floor > -inf
    if many_regimes and (found := turns())[2]:
        return found
    found = by_parts(tech, one)
    if found[2] < 1 and not many_regimes and (other := turns())[2]:
        return other
    return found


def _closed_everywhere(base: Economy, state: State) -> str | None:
    """What to say where an occupation, or everyone, is out of work in every city."""
    alive = np.isfinite(state.cities.h[0]) & (base.shares.pi_ck > 0)
    lost = ~alive.any(axis=0) & (base.shares.omega_k > 0)
    if not lost.any():
        return None
    names = base.shares.occupations or [f"number {k}" for k in range(lost.size)]
    who = "no occupation" if lost.all() else f"nobody in {names[int(lost.argmax())]!r}"
    return (
        f"wage_floor {base.closure.wage_floor:g}: {who} can be employed at the floor in any city, "
        "however few there are: what they produce costs more than it brings, and with "
        f"substitution {base.closure.substitution:g} and demand_elasticity "
        f"{base.closure.demand_elasticity:g} its price does not rise enough; expected a lower "
        "floor, a smaller loss of productivity, or lower elasticities"
    )


def explain(tech: Technology, given: Shocks, state: State, reached: float) -> EquilibriumError:
    """The error that says what kept a scenario from converging."""
    base = tech.base
    whole = evaluate(tech, given, *_guess(tech, 1))
    for at in (whole, state):
        if (lost := _closed_everywhere(base, at)) is not None:
            return EquilibriumError(lost)
    where = f"no equilibrium was found beyond {reached:.1%} of the shock"
    start = evaluate(tech, given.part(slice(None), 0.0), *_guess(tech, 1))
    before, after = feedback(tech, start), feedback(tech, state)
    if tech.mu:
        # is it agglomeration? without it, the same shock has an equilibrium
        still = Technology(replace(base, closure=replace(base.closure, agglomeration=0.0)))
        without = iterate(still, given)[2][0] or by_turns(still, given)[2]
        limit = tech.mu / before if before > 0 else inf
        if without or max(before, after) >= 1:
            return EquilibriumError(
                f"agglomeration {tech.mu:g} is too strong: {where}, and without agglomeration "
                f"there is one; the spectral radius of the answer of city sizes to city sizes is "
                f"{before:.3g} before the shock and {after:.3g} where it stopped, and one "
                f"equilibrium needs it below 1, before the shock an agglomeration below {limit:.3g}"
            )
    return EquilibriumError(
        f"{where}: the largest residual is {float(state.worst()[0]):.1e} in logs, expected "
        f"{TOLERANCE:g} at most; the spectral radius is {after:.3g} where it stopped (1 is where "
        f"an equilibrium can end or split); closure {base.closure}"
    )


def converge(tech: Technology, given: Shocks) -> tuple[State, np.ndarray]:
    """Solve S scenarios, in parts where Newton's method needs it, or raise.

    Raises
    ------
    EquilibriumError
        For the first scenario that has not converged.
    """
    # a guess may lead anywhere; what is not finite is never accepted
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return _converge(tech, given)


def _converge(tech: Technology, given: Shocks) -> tuple[State, np.ndarray]:
    """:func:`converge` with floating-point warnings off."""
    state, steps, found = iterate(tech, given)
    if tech.mu and tech.floor > -inf:
        # a city that closed on the way may have been taken for smaller than it is: go slowly
        found &= np.isfinite(state.cities.Y).all(axis=-1)
    for scenario in np.flatnonzero(~found):
        one = given.part([scenario])
        solved = state.worst()[scenario] <= TOLERANCE
        if tech.per_epsilon == 0 and not tech.mu and not solved:
            # where prices are given, whether a cell can pay the floor depends on nothing else
            at_once = evaluate(tech, one, *_guess(tech, 1))
            if (lost := _closed_everywhere(tech.base, at_once)) is not None:
                raise EquilibriumError(lost)
        better, more, reached = _again(tech, one, only_by_parts=solved)
        if reached == 1:
            steps[scenario] += more
            state.put(scenario, better)
        elif not solved:
            raise explain(tech, one, better, reached)
    return state, steps


def settled(tech: Technology, given: Shocks) -> Equilibria:
    """Solve S scenarios and hold them to the model's conditions as they are written.

    Raises
    ------
    EquilibriumError
        If a scenario has not converged, or its conditions hold but for rounding of more than
        :data:`TOLERANCE`.
    """
    state, steps = converge(tech, given)
    found = outcomes(tech, given, state, steps)
    worst = float(found.residual.max(initial=0.0))
    if not worst <= TOLERANCE:
        closure = tech.base.closure
        raise EquilibriumError(
            f"the conditions hold to {worst:.1e} in logs, expected {TOLERANCE:g}: with "
            f"substitution {closure.substitution:g} and demand_elasticity "
            f"{closure.demand_elasticity:g} rounding is multiplied by more than numbers can carry; "
            "expected elasticities nearer to one, or infinite"
        )
    return found


def solve(
    shares,
    rho: float | np.ndarray,
    theta: float,
    closure: Closure,
    *,
    wages: np.ndarray | None = None,
    city: Hat = None,
    occupation: Hat = None,
    city_occupation: Hat = None,
    productivity: Hat = None,
) -> Equilibrium:
    """Shares, wages, rents and employment after a shock, when markets answer to who moves.

    With all hats new over old, N_ck = pi_ck omega_k and s_ck a cell's part of its city's payroll:

    * households: t_ck_hat T_c_hat^theta y_ck_hat^alpha moves shares as in
      :func:`helpers.counterfactuals.shock`, y_ck_hat = w_ck_hat e_ck_hat / Q_c_hat^a;
    * housing: Q_c_hat = I_c_hat^(1/(1+eta_c)), I_c_hat = sum_k s_ck w_ck_hat L_ck_hat;
    * production: w_ck_hat = Y_c_hat^(1/sigma - 1/epsilon) B_ck_hat^((sigma-1)/sigma)
      L_ck_hat^(-1/sigma), with Y_c_hat = [sum_k s_ck (B_ck_hat L_ck_hat)^((sigma-1)/sigma)]
      ^(sigma/(sigma-1)), and B_ck_hat the productivity given here times N_c_hat^mu;
    * employment: L_ck_hat = N_ck_hat e_ck_hat, w_ck_hat >= f, e_ck_hat <= 1, one of them with
      equality; the highest employment where several are consistent.

    Parameters
    ----------
    shares : Shares
        Observed shares.
    rho : float or array (K,), in [0, 1)
    theta : float, above 0
    closure : Closure
        What answers: :data:`~helpers.equilibrium.PAPER`, where nothing does,
        :data:`~helpers.equilibrium.STANDARD`, or one's own.
    wages : array (C, K), above 0, optional
        Wages before the shock, in any unit; NaN where one is missing, which counts as the
        occupation's mean over cities. Only payroll shares s_ck depend on them. Without any,
        wages count as equal in each city, so that payroll shares are shares of heads.
    city, occupation, city_occupation : arrays (C,), (K,), (C, K) or {name: hat}, optional
        Changes of T_c, T_k and t_ck, as in :func:`helpers.counterfactuals.shock`.
    productivity : array (C, K), {city: {occupation: hat}} or {(city, occupation): hat}, optional
        Change of labour productivity B_ck.

    Returns
    -------
    Equilibrium
        With the labels of ``shares``.

    Raises
    ------
    ParameterError
        For a parameter, hat or wage outside its domain, or a wrong shape.
    UnknownNameError
        For a name that is not there, with the nearest ones.
    EquilibriumError
        If conditions cannot be met to 1e-12 in logs; the message says what kept it.

    Notes
    -----
    A cell without households has the changes of a cell of vanishing size. A cell or city in
    which nobody can be employed at the floor (the product's price being given) is empty
    afterwards: employment and shares zero, the wage at the floor.

    Examples
    --------
    A city that becomes attractive gains fewer households when its rents rise:

    >>> import numpy as np
    >>> from helpers.model import Shares
    >>> even = Shares(np.full((2, 1), 0.5), np.ones(1), ("East", "West"), ("all",))
    >>> for closure in (Closure(), Closure(housing_share=0.5, supply_elasticity=0)):
    ...     print(solve(even, 0.5, 1, closure, city={"East": 2.0}).shares.pi_c.round(3))
    [0.8 0.2]
    [0.667 0.333]
    """
    tech = Technology(economy(shares, rho, theta, closure, wages))
    given = shocks(tech.base, city, occupation, city_occupation, productivity)
    return settled(tech, given)[0]
