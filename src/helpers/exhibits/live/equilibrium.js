/* Prices that answer, in the page: rents, wages and agglomeration on the same shares.
 *
 * The twin of helpers.equilibrium.solve for wages that are flexible (no floor), equation by
 * equation: each city's markets clear at a product Y_c given how attractive occupations are
 * elsewhere and how large the city is; Newton's method finds the appeals l_k of occupations and
 * the sizes n_c of cities, and since a city's unknowns are its own, a step solves K equations
 * whatever the number of cities. All unknowns are logs of changes, new over old.
 *
 * As a script it defines `companion.equilibrium`; it needs engine.js and
 * markets.js before it.
 */
(function (global) {
  "use strict";
  const node = typeof module === "object" && module.exports;
  const engine = node ? require("./engine.js") : global.companion.engine;
  const { PAPER, checked, technology, product, sumLogs } = node ? require("./markets.js") : global.companion.markets;
  const TOLERANCE = 1e-12;
  const ROUNDING = 4e-15;

  /** What solve throws where it finds no equilibrium; the message says why, in words. */
  class EquilibriumError extends Error {}

  /** Clear all cities at a guess of l, n and Y, and measure what is left. */
  function evaluate(tech, given, l, n, Y) {
    const { C, K, kappa, ka, D, perSigma, beta, mu, wY, hY, rho_k } = tech;
    const omega = new Float64Array(K);
    const [g, all] = sumLogs(
      K,
      (k) => Math.log(tech.omega[k]) + given.occupation[k] + (1 - rho_k[k]) * l[k],
      (k, share) => (omega[k] = share),
    );
    for (let k = 0; k < K; k++) omega[k] /= all;
    const A = given.occupation.map((T, k) => T - rho_k[k] * l[k] - g);
    const [w, h, L, weight] = [0, 1, 2, 3].map(() => new Float64Array(C * K));
    const slope = new Float64Array(C);
    const found = new Float64Array(C);
    const [base, x] = [new Float64Array(K), new Float64Array(K)];
    for (let c = 0; c < C; c++) {
      const b = mu ? mu * n[c] : 0;
      for (let k = 0; k < K; k++) {
        const at = c * K + k;
        const push = kappa[k] * given.scale[at];
        w[at] = (beta * b - (A[k] + push) * perSigma) / D[k];
        h[at] = push + ka[k] * w[at];
        base[k] = b + A[k] + h[at];
      }
      [found[c], slope[c]] = product(tech, c, base, Y[c], weight, x);
      for (let k = 0; k < K; k++) {
        const at = c * K + k;
        w[at] += wY[k] * found[c];
        h[at] += hY[k] * found[c];
        L[at] = A[k] + h[at];
      }
    }
    return { l, n, Y: found, g, A, omega, w, h, L, weight, slope, ...gaps(tech, l, n, h, L) };
  }

  /** New shares within occupations and cities, and how far the guesses are from them. */
  function gaps(tech, l, n, h, L) {
    const { C, K, mu } = tech;
    const pi = new Float64Array(C * K);
    const phi = new Float64Array(C * K);
    const gap_l = new Float64Array(K);
    const gap_n = new Float64Array(C);
    let worst = 0;
    const logs = (share, change) => (share > 0 ? Math.log(share) + change : -Infinity);
    for (let k = 0; k < K; k++) {
      const at = (c) => c * K + k;
      const [appeal, total] = sumLogs(C, (c) => logs(tech.pi[at(c)], h[at(c)]), (c, share) => (pi[at(c)] = share));
      for (let c = 0; c < C; c++) pi[at(c)] /= total || 1;
      gap_l[k] = Number.isFinite(appeal) ? l[k] - appeal : tech.omega[k] > 0 ? Infinity : 0;
    }
    if (mu)
      for (let c = 0; c < C; c++) {
        const at = (k) => c * K + k;
        const [size, total] = sumLogs(K, (k) => logs(tech.phi[at(k)], L[at(k)]), (k, share) => (phi[at(k)] = share));
        for (let k = 0; k < K; k++) phi[at(k)] /= total || 1;
        gap_n[c] = n[c] - size;
      }
    for (const gap of [gap_l, gap_n])
      for (const value of gap) worst = Number.isNaN(value) ? Infinity : Math.max(worst, Math.abs(value));
    return { pi, phi, gap_l, gap_n, worst };
  }

  /** Solve a small system in place by elimination with pivots; null where it is singular. */
  function eliminate(M, right) {
    const K = right.length;
    for (let i = 0; i < K; i++) {
      let p = i;
      for (let r = i + 1; r < K; r++) if (Math.abs(M[r][i]) > Math.abs(M[p][i])) p = r;
      if (!(Math.abs(M[p][i]) > 0)) return null;
      [M[i], M[p]] = [M[p], M[i]];
      [right[i], right[p]] = [right[p], right[i]];
      for (let r = i + 1; r < K; r++) {
        const f = M[r][i] / M[i][i];
        for (let j = i; j < K; j++) M[r][j] -= f * M[i][j];
        right[r] -= f * right[i];
      }
    }
    for (let i = K - 1; i >= 0; i--) {
      for (let j = i + 1; j < K; j++) right[i] -= M[i][j] * right[j];
      right[i] /= M[i][i];
    }
    return right;
  }

  /** Newton's changes of l, n and Y: the cities are eliminated, K equations are left. */
  function newton(tech, state) {
    const { C, K, hY, hA, hn, mu, rho_k } = tech;
    const { pi, phi, weight, slope, omega } = state;
    const x_A = new Float64Array(C * K);
    const n_A = new Float64Array(C * K);
    const [x_n, n_0] = [new Float64Array(C), new Float64Array(C)];
    const matrix = Array.from({ length: K }, () => new Float64Array(K));
    const right = state.gap_l.map((gap) => -gap);
    for (let c = 0; c < C; c++) {
      const row = c * K;
      let [byN, phi_x, phi_n] = [mu, 0, 0];
      for (let k = 0; k < K; k++) {
        x_A[row + k] = (weight[row + k] * (1 + hA[k])) / slope[c];
        byN += weight[row + k] * hn[k];
        phi_x += phi[row + k] * hY[k];
        phi_n += phi[row + k] * hn[k];
      }
      if (mu) {
        x_n[c] = byN / slope[c];
        const pivot = 1 - phi_n - phi_x * x_n[c];
        const kept = Math.abs(pivot) > 1e-12 ? pivot : 1e-12;
        n_0[c] = -state.gap_n[c] / kept;
        for (let k = 0; k < K; k++) {
          n_A[row + k] = (phi[row + k] * (1 + hA[k]) + phi_x * x_A[row + k]) / kept;
          x_A[row + k] += x_n[c] * n_A[row + k];
        }
      }
      for (let k = 0; k < K; k++) {
        const [byX, bySize] = [pi[row + k] * hY[k], pi[row + k] * hn[k]];
        for (let j = 0; j < K; j++) matrix[k][j] += byX * x_A[row + j] + bySize * n_A[row + j];
        matrix[k][k] += pi[row + k] * hA[k];
        right[k] += (bySize + byX * x_n[c]) * n_0[c];
      }
    }
    const P = Array.from({ length: K }, (_, i) =>
      Float64Array.from({ length: K }, (_, j) => omega[j] * (1 - rho_k[j]) + (i === j ? rho_k[i] : 0)),
    );
    const times = (i, j) => matrix[i].reduce((sum, m, q) => sum + m * P[q][j], i === j ? 1 : 0);
    const system = matrix.map((_, i) => Float64Array.from({ length: K }, (_, j) => times(i, j)));
    const dl = eliminate(system, right.slice()) || right;
    const dA = P.map((line) => -line.reduce((sum, p, j) => sum + p * dl[j], 0));
    const dn = n_0.slice();
    const dY = new Float64Array(C);
    for (let c = 0; c < C; c++) {
      dY[c] = x_n[c] * n_0[c];
      for (let k = 0; k < K; k++) {
        dn[c] += n_A[c * K + k] * dA[k];
        dY[c] += x_A[c * K + k] * dA[k];
      }
    }
    return { dl, dn, dY };
  }

  /**
   * Strength of the feedback at a solution: the larger of the spectral radii of the answers of
   * appeals to appeals (H) and of city sizes to city sizes (Gamma). Below one, one equilibrium is
   * near and it is stable. Twin of helpers.equilibrium.stability.feedback.
   */
  function feedback(tech, state) {
    const { C, K, hY, hA, hn, mu, rho_k } = tech;
    const { pi, phi, weight, slope, omega } = state;
    const matrix = Array.from({ length: K }, () => new Float64Array(K));
    const [bySize, byPull, own] = [new Float64Array(C * K), new Float64Array(C * K), new Float64Array(C)];
    for (let c = 0; c < C; c++) {
      const row = c * K;
      const x_A = hA.map((a, k) => (weight[row + k] * (1 + a)) / slope[c]);
      const x_n = hn.reduce((sum, a, k) => sum + weight[row + k] * a, mu) / slope[c];
      const phi_x = hY.reduce((sum, a, k) => sum + phi[row + k] * a, 0);
      for (let k = 0; k < K; k++) {
        bySize[row + k] = hn[k] + hY[k] * x_n;
        own[c] += phi[row + k] * bySize[row + k];
        byPull[row + k] = phi[row + k] * (1 + hA[k]) + phi_x * x_A[k];
        for (let j = 0; j < K; j++) matrix[k][j] += pi[row + k] * hY[k] * x_A[j];
        matrix[k][k] += pi[row + k] * hA[k];
      }
    }
    const P = (vector) => {
      const all = vector.reduce((sum, v, j) => sum + omega[j] * (1 - rho_k[j]) * v, 0);
      return vector.map((v, i) => all + rho_k[i] * v);
    };
    const H = (vector) => {
      const pushed = P(vector);
      return matrix.map((line) => -line.reduce((sum, m, j) => sum + m * pushed[j], 0));
    };
    const occupations = radius((v) => Float64Array.from(H(v)), K);
    if (!mu) return occupations;
    const unit = (j) => Float64Array.from({ length: K }, (_, i) => (i === j ? 1 : 0));
    const columns = Array.from({ length: K }, (_, j) => H(unit(j)));
    const system = () => Array.from({ length: K }, (_, i) => Float64Array.from({ length: K }, (_, j) => (i === j ? 1 : 0) - columns[j][i]));
    const sizes = (vector) => {
      const into = new Float64Array(K);
      for (let at = 0; at < C * K; at++) into[at % K] += pi[at] * bySize[at] * vector[Math.floor(at / K)];
      const pulled = P(eliminate(system(), into) || into);
      return vector.map((v, c) => pulled.reduce((sum, pull, k) => sum - byPull[c * K + k] * pull, own[c] * v));
    };
    return Math.max(occupations, radius(sizes, C));
  }

  /** Spectral radius of a matrix known by what it does to vectors: how fast they grow with it. */
  function radius(multiply, n) {
    let vector = Float64Array.from({ length: n }, (_, i) => Math.cos(i));
    let [growth, counted] = [0, 0];
    for (let step = 0; step < 150; step++) {
      const next = multiply(vector);
      const size = Math.sqrt(next.reduce((sum, v) => sum + v * v, 0) / vector.reduce((sum, v) => sum + v * v, 0));
      if (!(size > 1e-300) || !Number.isFinite(size)) return size > 1 ? size : 0;
      if (step >= 50) [growth, counted] = [growth + Math.log(size), counted + 1];
      const scale = Math.max(...next.map(Math.abs));
      vector = next.map((v) => v / scale);
    }
    return Math.exp(growth / counted);
  }

  const start = ({ C, K }) => ({ l: new Float64Array(K), n: new Float64Array(C), Y: new Float64Array(C) });

  /** Newton's method from a guess; `found` tells whether the conditions hold to 1e-12. */
  function iterate(tech, given, from, most = 60) {
    let state = evaluate(tech, given, from.l, from.n, from.Y);
    let steps = 0;
    for (let going = state.worst > ROUNDING; going && steps < most; ) {
      const { dl, dn, dY } = newton(tech, state);
      const largest = [dl, dn].reduce((m, part) => part.reduce((a, b) => Math.max(a, Math.abs(b)), m), 0);
      if (!Number.isFinite(largest) || !Number.isFinite(state.worst)) break;
      let length = Math.min(1, (3 * 2 ** Math.min(steps, 30)) / (largest || 1));
      const { worst, l, n, Y } = state;
      for (let half = 0; half < 12; half++) {
        const by = (at, change) => at.map((value, i) => value + length * change[i]);
        state = evaluate(tech, given, by(l, dl), by(n, dn), by(Y, dY));
        if (state.worst < (1 - 0.1 * length) * worst || worst <= TOLERANCE) break;
        length /= 2;
      }
      steps += 1;
      const stuck = length * largest < 1e-15 || (state.worst <= TOLERANCE && state.worst > worst / 4);
      going = state.worst > ROUNDING && !stuck;
    }
    return { state, steps, found: state.worst <= TOLERANCE };
  }

  /** The shock approached in parts, each from the solution of the one before. */
  function byParts(tech, given) {
    const part = (size) => ({ scale: given.scale.map((v) => v * size), occupation: given.occupation.map((v) => v * size) });
    let { state } = iterate(tech, part(0), start(tech));
    let [reached, size, total] = [0, 0.25, 0];
    while (reached < 1 && size >= 1 / 256) {
      const target = Math.min(1, reached + size);
      const trial = iterate(tech, part(target), state, 20);
      total += trial.steps;
      if (trial.found) [state, reached, size] = [trial.state, target, 2 * size];
      else size /= 2;
    }
    return { state, steps: total, found: reached === 1, reached };
  }

  function explain(tech, given, reached) {
    const far = `beyond ${(100 * reached).toFixed(0)}% of the shock`;
    if (tech.mu) {
      const still = { ...tech, mu: 0, hn: tech.hn.map(() => 0) };
      if (iterate(still, given, start(still)).found)
        return (
          `no equilibrium was found ${far}: an agglomeration of ${tech.mu} is too strong. Cities that ` +
          "grow become so much more productive that they grow further; without agglomeration the same " +
          "shock has an equilibrium. A lower agglomeration has one"
        );
    }
    return `no equilibrium was found ${far}: a smaller shock, or elasticities nearer to one, may have one`;
  }

  /**
   * Shares, wages and rents after a shock when markets answer.
   *
   * before: shares as of engine.fromShares; closure: any of the names of PAPER; given:
   * { wages (C, K), city (C,), occupation (K,), cell (C, K) }, hats new over old, each may be
   * missing. Throws EquilibriumError where none is found.
   */
  function solve(before, rho, theta, closure = PAPER, { wages, city, occupation, cell } = {}) {
    const tech = technology(before, rho, theta, checked(closure), wages);
    const { C, K } = tech;
    const given = {
      occupation: Float64Array.from({ length: K }, (_, k) => (occupation ? Math.log(occupation[k]) : 0)),
      scale: Float64Array.from({ length: C * K }, (_, at) =>
        (city ? theta * Math.log(city[Math.floor(at / K)]) : 0) + (cell ? Math.log(cell[at]) : 0)),
    };
    let answer = iterate(tech, given, start(tech));
    if (!answer.found) answer = byParts(tech, given);
    if (!answer.found) throw new EquilibriumError(explain(tech, given, answer.reached));
    const { state, steps } = answer;
    const rent = state.Y.map((Y) => Math.exp(((1 - tech.perEpsilon) * Y) / (1 + tech.closure.supply_elasticity)));
    return {
      shares: engine.fromShares(state.pi, state.omega),
      wage_hat: state.w.map(Math.exp),
      rent_hat: rent,
      welfare_hat: Math.exp(state.g / theta),
      get spectral_radius() {
        return feedback(tech, state);
      },
      residual: state.worst,
      iterations: steps,
    };
  }

  const equilibrium = { PAPER, EquilibriumError, solve };
  if (node) module.exports = equilibrium;
  global.companion = Object.assign(global.companion || {}, { equilibrium });
})(typeof globalThis === "object" ? globalThis : this);
