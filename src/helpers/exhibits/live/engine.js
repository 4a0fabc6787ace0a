/* The model in the page: shares, exact hats, diversion, similarity, draws, rank correlation.
 *
 * Plain functions on typed arrays; no dependency, no page. As a script it defines
 * `companion.engine`; under Node it is `require("./engine.js")`.
 *
 * Arrays of cities x occupations (C, K) are Float64Array of length C * K, row after row: the
 * entry of city c and occupation k is at c * K + k. rho is one number in [0, 1) or an array (K,).
 * A parameter outside its domain throws RangeError with its name, what was found and expected.
 * Numbers in brackets are the paper's equations; each function is the twin of the one in Python
 * that it names, and tests hold the two together to 1e-9.
 */
(function (global) {
  "use strict";

  const fail = (name, expected, found) => {
    throw new RangeError(`${name}: expected ${expected}, found ${found}`);
  };

  /** Array of n positive, finite numbers; a missing one is all ones. */
  function positive(name, values, n) {
    if (values === undefined || values === null) return new Float64Array(n).fill(1);
    if (values.length !== n) fail(name, `${n} numbers`, values.length);
    const array = Float64Array.from(values);
    for (const value of array) {
      if (!(value > 0 && value < Infinity)) fail(name, "finite numbers above 0", value);
    }
    return array;
  }

  /** rho as an array (K,). */
  function correlation(rho, K) {
    const array = typeof rho === "number" ? new Float64Array(K).fill(rho) : Float64Array.from(rho);
    if (array.length !== K) fail("rho", `one number or ${K}`, array.length);
    for (const value of array) if (!(value >= 0 && value < 1)) fail("rho", "a number in [0, 1)", value);
    return array;
  }

  function shape(theta) {
    if (!(theta > 0 && theta < Infinity)) fail("theta", "a finite number above 0", theta);
    return theta;
  }

  const largest = (array) => array.reduce((a, b) => (b > a ? b : a), -Infinity);

  /** exp(x) scaled to sum to one, without overflow. */
  function softmax(logs) {
    const top = largest(logs);
    const weights = logs.map((x) => Math.exp(x - top));
    const total = weights.reduce((a, b) => a + b, 0);
    return weights.map((w) => w / total);
  }

  /**
   * Choice shares as an object: pi (C, K), omega (K,), pi_c (C,).
   * pi_c = sum_k pi_ck omega_k (7). Twin of helpers.model.Shares.
   */
  function fromShares(pi, omega) {
    const K = omega.length;
    const C = pi.length / K;
    if (!Number.isInteger(C) || C < 1) fail("pi_ck", `a multiple of ${K} numbers`, pi.length);
    const pi_c = new Float64Array(C);
    for (let c = 0; c < C; c++)
      for (let k = 0; k < K; k++) pi_c[c] += pi[c * K + k] * omega[k];
    return { C, K, pi: Float64Array.from(pi), omega: Float64Array.from(omega), pi_c };
  }

  /**
   * Shares that shifters imply (3, 5, 7): with lambda_k = sum_c (t_ck z_c)^(1/(1-rho_k)),
   * pi_ck = (t_ck z_c)^(1/(1-rho_k)) / lambda_k and omega_k in proportion to
   * T_k lambda_k^(1-rho_k). Twin of helpers.model.shares.
   *
   * t (C, K), T (K,), z (C,) with z_c = Z_c^-theta; all above 0.
   */
  function shares(t, T, z, rho) {
    const C = z.length;
    const K = T.length;
    t = positive("t_ck", t, C * K);
    T = positive("T_k", T, K);
    z = positive("z_c", z, C);
    const rho_k = correlation(rho, K);
    const pi = new Float64Array(C * K);
    const appeal = new Float64Array(K);
    const terms = new Float64Array(C);
    for (let k = 0; k < K; k++) {
      const alpha = 1 - rho_k[k];
      for (let c = 0; c < C; c++) terms[c] = (Math.log(t[c * K + k]) + Math.log(z[c])) / alpha;
      const top = largest(terms);
      let total = 0;
      for (let c = 0; c < C; c++) total += Math.exp(terms[c] - top);
      for (let c = 0; c < C; c++) pi[c * K + k] = Math.exp(terms[c] - top) / total;
      appeal[k] = Math.log(T[k]) + alpha * (top + Math.log(total));
    }
    return fromShares(pi, softmax(appeal));
  }

  /**
   * Shares after a shock, from the shares before it: exact hat algebra (paper, 5).
   * hat_ck = (That_c^theta that_ck)^(1/(1-rho_k)), lambdahat_k = sum_c pi_ck hat_ck,
   * pi'_ck = pi_ck hat_ck / lambdahat_k, omega'_k in proportion to
   * omega_k That_k lambdahat_k^(1-rho_k). Twin of helpers.counterfactuals.shock.
   *
   * hats: { city (C,), occupation (K,), cell (C, K) }, each new over old, each may be missing.
   */
  function shock(before, rho, theta, hats = {}) {
    const { C, K, pi, omega } = before;
    const rho_k = correlation(rho, K);
    shape(theta);
    const city = positive("city", hats.city, C).map(Math.log);
    const occupation = positive("occupation", hats.occupation, K);
    const cell = hats.cell ? positive("city_occupation", hats.cell, C * K).map(Math.log) : null;
    const after = new Float64Array(C * K);
    const gain = new Float64Array(K);
    for (let k = 0; k < K; k++) {
      const alpha = 1 - rho_k[k];
      const log_hat = (c) => (theta * city[c] + (cell ? cell[c * K + k] : 0)) / alpha;
      // relative to the largest change among cities where the occupation lives: no overflow
      let top = -Infinity;
      for (let c = 0; c < C; c++) if (pi[c * K + k] > 0 && log_hat(c) > top) top = log_hat(c);
      let total = 0;
      for (let c = 0; c < C; c++) {
        const at = c * K + k;
        after[at] = pi[at] > 0 ? pi[at] * Math.exp(log_hat(c) - top) : 0;
        total += after[at];
      }
      for (let c = 0; c < C; c++) after[c * K + k] /= total;
      // the logarithm of zero weights is minus infinity: an empty occupation stays empty
      gain[k] = Math.log(omega[k] * occupation[k]) + alpha * (top + Math.log(total));
    }
    return fromShares(after, softmax(gain));
  }

  /**
   * Where those go who leave city c when its scale falls a little, (C,); entry c is 0.
   * D_c' in proportion to pi_c pi_c' + sum_k rho_k/(1-rho_k) omega_k pi_ck pi_c'k, which
   * follows from (3), (5) and (7). Row c of helpers.counterfactuals.diversion.
   */
  function diversionFrom(before, rho, c) {
    const { C, K, pi, omega, pi_c } = before;
    const rho_k = correlation(rho, K);
    const to = new Float64Array(C);
    let total = 0;
    for (let d = 0; d < C; d++) {
      if (d === c) continue;
      let flow = pi_c[c] * pi_c[d];
      for (let k = 0; k < K; k++)
        flow += (rho_k[k] / (1 - rho_k[k])) * omega[k] * pi[c * K + k] * pi[d * K + k];
      to[d] = flow;
      total += flow;
    }
    return to.map((flow) => flow / total);
  }

  /** All diversion ratios (C, C), rows summing to one. Twin of helpers.counterfactuals.diversion. */
  function diversion(before, rho) {
    const D = new Float64Array(before.C * before.C);
    for (let c = 0; c < before.C; c++) D.set(diversionFrom(before, rho, c), c * before.C);
    return D;
  }

  /** Occupational mix phi_ck = pi_ck omega_k / pi_c (4, 6), (C, K); rows sum to one. */
  function mix(before) {
    const { K, pi, omega, pi_c } = before;
    return pi.map((share, at) => (share * omega[at % K]) / pi_c[(at - (at % K)) / K]);
  }

  /**
   * Similarity of every city's occupational mix to that of city c: Pearson correlation of
   * phi_ck over k (figures 2 and 3), (C,). Twin of helpers.model.similarity.
   */
  function similarity(before, c) {
    const { C, K } = before;
    const away = mix(before);
    const norm = new Float64Array(C);
    for (let d = 0; d < C; d++) {
      let mean = 0;
      for (let k = 0; k < K; k++) mean += away[d * K + k] / K;
      for (let k = 0; k < K; k++) norm[d] += (away[d * K + k] -= mean) ** 2;
      norm[d] = Math.sqrt(norm[d]);
    }
    const alike = new Float64Array(C);
    for (let d = 0; d < C; d++) {
      let dot = 0;
      for (let k = 0; k < K; k++) dot += away[d * K + k] * away[c * K + k];
      alike[d] = dot / (norm[d] * norm[c]);
    }
    return alike;
  }

  /**
   * Uniform numbers in (0, 1), 53 bits each, the same for the same seed in every browser:
   * Doty-Humphrey's sfc32. Twin of helpers.exhibits.live.sampler.Uniform.
   */
  function generator(seed) {
    let a = 0x9e3779b9 | 0;
    let b = 0x243f6a88 | 0;
    let c = seed | 0;
    let counter = 1;
    const next = () => {
      const sum = (((a + b) | 0) + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (c << 21) | (c >>> 11);
      c = (c + sum) | 0;
      return sum >>> 0;
    };
    for (let i = 0; i < 20; i++) next();
    return () => {
      const high = next() >>> 5;
      const low = next() >>> 6;
      return (high * 67108864 + low + 0.5) / 9007199254740992;
    };
  }

  /** A unit exponential. */
  const exponential = (random) => -Math.log(random());

  /**
   * Log of a positive stable S with E[exp(-u S)] = exp(-u^alpha), alpha in (0, 1]
   * (Kanter, 1975). Two uniforms are used whatever alpha is, so that a change of rho moves the
   * same households. Twin of helpers.model.draws._log_positive_stable.
   */
  function logPositiveStable(alpha, random) {
    if (!(alpha > 0 && alpha <= 1)) fail("alpha", "a number in (0, 1]", alpha);
    const angle = Math.PI * random();
    const waiting = exponential(random);
    if (alpha === 1) return 0;
    return (
      Math.log(Math.sin(alpha * angle)) -
      Math.log(Math.sin(angle)) / alpha +
      ((1 - alpha) / alpha) * (Math.log(Math.sin((1 - alpha) * angle)) - Math.log(waiting))
    );
  }

  /**
   * Logs of n households' productivities from the max-stable Frechet (1), (n, C, K) row by row:
   * ln Z_ck = [ln(T_k t_ck z_c) + (1-rho_k)(ln S_k - ln E_ck)] / theta, S_k positive stable of
   * index 1-rho_k and common to the cities, E_ck unit exponential.
   * Twin of helpers.model.draw_productivities.
   */
  function draws(t, T, z, rho, theta, n, random) {
    const C = z.length;
    const K = T.length;
    t = positive("t_ck", t, C * K);
    T = positive("T_k", T, K);
    z = positive("z_c", z, C);
    const rho_k = correlation(rho, K);
    shape(theta);
    if (!(Number.isInteger(n) && n >= 0)) fail("n", "a whole number of households", n);
    if (typeof random !== "function") fail("random", "a generator", random);
    const log_Z = new Float64Array(n * C * K);
    for (let i = 0; i < n; i++)
      for (let k = 0; k < K; k++) {
        const alpha = 1 - rho_k[k];
        const log_S = logPositiveStable(alpha, random);
        for (let c = 0; c < C; c++) {
          const scale = Math.log(T[k]) + Math.log(t[c * K + k]) + Math.log(z[c]);
          log_Z[(i * C + c) * K + k] = (scale + alpha * (log_S - Math.log(exponential(random)))) / theta;
        }
      }
    return log_Z;
  }

  /** Position of each household's best draw among its C * K, (n,). */
  function choices(log_Z, cells) {
    const best = new Int32Array(log_Z.length / cells);
    for (let i = 0; i < best.length; i++)
      for (let j = 1; j < cells; j++)
        if (log_Z[i * cells + j] > log_Z[i * cells + best[i]]) best[i] = j;
    return best;
  }

  /** Density of a Frechet draw, f(x) = theta T x^(-theta-1) exp(-T x^-theta) for x > 0. */
  function density(x, theta, T = 1) {
    if (!(x > 0)) return 0;
    const power = T * Math.pow(x, -theta);
    return power === Infinity ? 0 : ((theta * power) / x) * Math.exp(-power);
  }

  /** The draw that a part p of households stay below: (-ln p / T)^(-1/theta). */
  const quantile = (p, theta, T = 1) => Math.pow(-Math.log(p) / T, -1 / theta);

  /**
   * Kendall's rank correlation (tau-b, ties allowed) in n log n steps (Knight, 1966):
   * the probability that two households are ranked alike less that they are ranked otherwise.
   * For two cities in one occupation it is rho. NaN where one side is constant.
   */
  function kendall(x, y) {
    const n = x.length;
    if (y.length !== n) fail("y", `${n} numbers`, y.length);
    const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => x[i] - x[j] || y[i] - y[j]);
    const pairs = (count) => (count * (count - 1)) / 2;
    const tied = (same) => {
      let total = 0;
      for (let i = 0, run = 1; i < n; i++, run++)
        if (i === n - 1 || !same(i, i + 1)) {
          total += pairs(run);
          run = 0;
        }
      return total;
    };
    const tied_x = tied((i, j) => x[order[i]] === x[order[j]]);
    const tied_both = tied((i, j) => x[order[i]] === x[order[j]] && y[order[i]] === y[order[j]]);
    // swaps that sort y: pairs ranked otherwise
    let from = Float64Array.from(order, (i) => y[i]);
    let to = new Float64Array(n);
    let swaps = 0;
    for (let width = 1; width < n; width *= 2) {
      for (let start = 0; start < n; start += 2 * width) {
        const middle = Math.min(start + width, n);
        const end = Math.min(start + 2 * width, n);
        let i = start;
        let j = middle;
        for (let at = start; at < end; at++)
          if (i < middle && (j >= end || from[i] <= from[j])) to[at] = from[i++];
          else {
            to[at] = from[j++];
            swaps += middle - i;
          }
      }
      [from, to] = [to, from];
    }
    const tied_y = tied((i, j) => from[i] === from[j]);
    const all = pairs(n);
    const score = all - tied_x - tied_y + tied_both - 2 * swaps;
    return score / Math.sqrt((all - tied_x) * (all - tied_y));
  }

  /** The middle value; of an even number, half way between the two in the middle. */
  function median(values) {
    const sorted = Float64Array.from(values).sort();
    const half = sorted.length >> 1;
    return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }

  const engine = {
    shares, fromShares, shock, diversion, diversionFrom, mix, similarity,
    generator, exponential, logPositiveStable, draws, choices, density, quantile, kendall, median,
  };
  if (typeof module === "object" && module.exports) module.exports = engine;
  global.companion = Object.assign(global.companion || {}, { engine });
})(typeof globalThis === "object" ? globalThis : this);
