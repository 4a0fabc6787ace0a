/* The markets of one city: what a closure says about wages, rents and production, and the product
 * at which they clear. The twin of helpers.equilibrium.closure and helpers.equilibrium.city for
 * flexible wages. As a script it defines `companion.markets`.
 */
(function (global) {
  "use strict";

  /** The paper's closure: nothing answers. Names are helpers.equilibrium.Closure's. */
  const PAPER = {
    wage_exponent: 1, housing_share: 0, supply_elasticity: Infinity, substitution: Infinity,
    demand_elasticity: Infinity, agglomeration: 0,
  };
  const DOMAINS = {
    wage_exponent: [(v) => v > 0 && v < Infinity, "a finite number above 0"],
    housing_share: [(v) => v >= 0 && v < 1, "a share of at least 0 and below 1"],
    supply_elasticity: [(v) => v >= 0, "a number of at least 0, infinity included"],
    substitution: [(v) => v > 0, "a number above 0, infinity included"],
    demand_elasticity: [(v) => v > 0, "a number above 0, infinity included"],
    agglomeration: [(v) => v >= 0 && v < Infinity, "a finite number of at least 0"],
  };

  const checked = (given) => {
    const closure = { ...PAPER, ...given };
    for (const [name, [inside, expected]] of Object.entries(DOMAINS))
      if (!inside(closure[name])) throw new RangeError(`${name}: expected ${expected}, found ${closure[name]}`);
    return closure;
  };

  /** Payroll shares s_ck and mix of heads phi_ck of each city, rows summing to one. */
  function payrolls({ C, K, pi, omega }, wages) {
    const phi = new Float64Array(C * K);
    const s = new Float64Array(C * K);
    for (let c = 0; c < C; c++) {
      let heads = 0;
      for (let k = 0; k < K; k++) heads += phi[c * K + k] = pi[c * K + k] * omega[k];
      let paid = 0;
      for (let k = 0; k < K; k++) {
        const at = c * K + k;
        if (!(heads > 0)) phi[at] = omega[k]; // a city without households has everybody's mix
        else phi[at] /= heads;
        paid += s[at] = phi[at] * (wages ? wages[at] : 1);
      }
      for (let k = 0; k < K; k++) s[c * K + k] /= paid;
    }
    return { phi, s };
  }

  /** Everything that does not change between guesses. */
  function technology(before, rho, theta, closure, wages) {
    const { C, K, pi, omega } = before;
    const rho_k = typeof rho === "number" ? new Float64Array(K).fill(rho) : Float64Array.from(rho);
    const perSigma = 1 / closure.substitution;
    const perEpsilon = 1 / closure.demand_elasticity;
    const kappa = rho_k.map((r) => 1 / (1 - r));
    const ka = kappa.map((x) => x * closure.wage_exponent);
    const D = ka.map((x) => 1 + x * perSigma);
    const chi = (1 - perEpsilon) / (1 + closure.supply_elasticity);
    const aChi = closure.housing_share * chi;
    const wY = ka.map((x, k) => (perSigma - perEpsilon + x * perSigma * aChi) / D[k]);
    return {
      C, K, pi, omega, theta, closure, rho_k, perSigma, perEpsilon, kappa, ka, D, aChi, wY,
      ...payrolls(before, wages),
      beta: 1 - perSigma,
      mu: closure.agglomeration,
      hY: ka.map((x, k) => x * (wY[k] - aChi)),
      hA: D.map((d) => 1 / d - 1),
      hn: ka.map((x, k) => (x * (1 - perSigma) * closure.agglomeration) / D[k]),
    };
  }

  /** CES aggregate of the logs x of city c; weights go into `weight` at the city's place. */
  function aggregate(tech, c, x, weight) {
    const { K, s, beta } = tech;
    const row = c * K;
    let low = Infinity;
    let high = -Infinity;
    let centre = 0;
    for (let k = 0; k < K; k++)
      if (s[row + k] > 0) {
        if (x[k] < low) low = x[k];
        if (x[k] > high) high = x[k];
        centre += s[row + k] * x[k];
      }
    if (beta === 0) {
      for (let k = 0; k < K; k++) weight[row + k] = s[row + k];
      return centre;
    }
    let total = 0;
    if (Math.abs(beta) * (high - low) < 0.5) {
      // near sigma = 1, and near no change, powers lose digits that expm1 keeps
      for (let k = 0; k < K; k++)
        if (s[row + k] > 0) total += s[row + k] * (weight[row + k] = Math.expm1(beta * (x[k] - centre)));
      for (let k = 0; k < K; k++)
        weight[row + k] = s[row + k] > 0 ? (s[row + k] * (1 + weight[row + k])) / (1 + total) : 0;
      return centre + Math.log1p(total) / beta;
    }
    const top = beta > 0 ? beta * high : beta * low;
    for (let k = 0; k < K; k++)
      total += weight[row + k] = s[row + k] > 0 ? s[row + k] * Math.exp(beta * x[k] - top) : 0;
    for (let k = 0; k < K; k++) weight[row + k] /= total;
    return (top + Math.log(total)) / beta;
  }

  /** The product of city c, from where it is: the gap increases, so that there is one. */
  function product(tech, c, base, from, weight, x) {
    const { K, hY } = tech;
    let [Y, low, high, longest, slope] = [from, -Infinity, Infinity, 2, 1];
    for (let step = 0; step < 200; step++) {
      for (let k = 0; k < K; k++) x[k] = base[k] + hY[k] * Y;
      const gap = Y - aggregate(tech, c, x, weight);
      slope = 1;
      for (let k = 0; k < K; k++) slope -= weight[c * K + k] * hY[k];
      if (gap < 0) low = Math.max(low, Y);
      else high = Math.min(high, Y);
      const move = -gap / Math.max(slope, 1e-300);
      const size = 4e-16 * (1 + Math.abs(Y));
      if (!(Math.abs(gap) > 1e-14) || Math.abs(move) <= size || high - low <= size) break;
      let target = Y + Math.min(Math.max(move, -longest), longest);
      if ((target <= low || target >= high) && low > -Infinity && high < Infinity) target = (low + high) / 2;
      longest = Math.min(2 * longest, 1e6);
      Y = target;
    }
    return [Y, slope];
  }

  /** Log of a sum of exponentials with weights that may be zero, and each term's part of it. */
  function sumLogs(n, term, part) {
    let top = -Infinity;
    for (let i = 0; i < n; i++) top = Math.max(top, term(i));
    let total = 0;
    for (let i = 0; i < n; i++) {
      const share = top > -Infinity ? Math.exp(term(i) - top) : 0;
      part(i, share);
      total += share;
    }
    return [top + Math.log(total), total];
  }

  const markets = { PAPER, checked, technology, aggregate, product, sumLogs };
  if (typeof module === "object" && module.exports) module.exports = markets;
  global.companion = Object.assign(global.companion || {}, { markets });
})(typeof globalThis === "object" ? globalThis : this);
