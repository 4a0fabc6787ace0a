/* Cities in live figures: their economy, their bubbles, a scatter and a map that draw a result.
 * The economics is engine.js's; world.js and whatif.js put the pieces together.
 */
(function (companion) {
  "use strict";
  if (companion.cities) return; // a page with several figures names the script several times
  const { engine, live } = companion;
  const { svg, set, put, measure, linear, percent, plain } = live;

  /** Shares of the page, and gains of all cities for a setting. */
  function economy({ cities, pi_ck, omega_k, theta, degrees }) {
    const before = engine.fromShares(pi_ck, omega_k);
    const position = new Map(cities.map((city, c) => [city, c]));
    const alike = new Map();
    const gains = (c, change, rho) => {
      const city = new Float64Array(before.C).fill(1);
      city[c] = 1 + change;
      return ratios(engine.shock(before, rho, theta, { city }));
    };
    const ratios = (after) => after.pi_c.map((share, d) => share / before.pi_c[d] - 1);
    /** What is drawn: gains of all cities with correlation and without, seen from city c. */
    const seen = (c, gain, even) => {
      const others = Array.from(before.pi_c, (_, d) => d).filter((d) => d !== c);
      const known = others.map((d) => gain[d]);
      const middle = engine.median(known);
      // where hardly anybody is left, gains of about -1 say nothing about how cities differ
      const alike = 1 + middle > 1e-6 && Math.max(...known) - Math.min(...known) < 1e-9 * (1 + middle);
      return { c, others, gain, even, middle, alike };
    };
    return {
      before,
      ratios,
      seen,
      mix: engine.mix(before),
      index: (city) => position.get(city),
      similarity: (c) => {
        if (!alike.has(c)) alike.set(c, engine.similarity(before, c));
        return alike.get(c);
      },
      /** Great-circle distances from city c in radians, NaN where a place is unknown. */
      apart: (c) => {
        const at = degrees.map((pair) => pair && pair.map((d) => (d * Math.PI) / 180));
        return at.map((pair) => {
          if (!pair || !at[c]) return NaN;
          const [u, v] = [Math.sin((pair[0] - at[c][0]) / 2), Math.sin((pair[1] - at[c][1]) / 2)];
          return 2 * Math.asin(Math.min(1, Math.sqrt(u * u + Math.cos(pair[0]) * Math.cos(at[c][0]) * v * v)));
        });
      },
      /** Pearson correlation. */
      pearson: (x, y) => {
        const mean = (v) => v.reduce((a, b) => a + b, 0) / v.length;
        const [p, q] = [x, y].map((v) => v.map(((m) => (e) => e - m)(mean(v))));
        const dot = (a, b) => a.reduce((sum, e, i) => sum + e * b[i], 0);
        return dot(p, q) / Math.sqrt(dot(p, p) * dot(q, q));
      },
      /** Gains at rho and at none, of all cities; the others' median; who the others are. */
      after: (state) => {
        const c = position.get(state.city);
        return seen(c, gains(c, state.change, state.rho), gains(c, state.change, 0));
      },
    };
  }

  const turn = (change) => (change < 0 ? "falls" : change > 0 ? "rises" : "changes");
  const own = (gain) => (gain < 0 ? `loses ${percent(-gain, 1)}` : `gains ${percent(gain, 1)}`);
  const verb = (gain) => (gain < 0 ? "lose" : "gain");
  const size = (gain) => percent(Math.abs(gain), 2);
  const escape = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

  /** Bubbles of all cities, large ones below: created once, moved ever after. */
  function bubbles(panel, world, kind) {
    const order = Array.from(world.before.pi_c.keys()).sort((a, b) => world.before.pi_c[b] - world.before.pi_c[a]);
    const made = [];
    for (const c of order) panel.layer(kind).append((made[c] = svg("circle", { class: kind })));
    return made;
  }
  function radius(world, width) {
    const top = Math.max(...world.before.pi_c);
    const most = Math.min(22, 5 + width / 45);
    return (c) => Math.max(2.4, most * Math.sqrt(world.before.pi_c[c] / top));
  }

  /** Write names beside marks, first come first served; what has no room is left out. */
  function label(panel, layer, wanted, place, r, names) {
    const taken = [];
    const made = [];
    for (const c of wanted) {
      if (!place[c]) continue;
      const [x, y] = place[c];
      const wide = measure(names[c]) + 4;
      const right = x + wide + r(c) > panel.width - 6;
      const left = right ? x - wide - r(c) - 3 : x + r(c) + 3;
      const box = [left, left + wide, y - 9, y + 7];
      if (left < 0 || taken.some((t) => box[0] < t[1] && t[0] < box[1] && box[2] < t[3] && t[2] < box[3]))
        continue;
      taken.push(box);
      made.push(svg("text", { class: "halo", x: right ? x - r(c) - 3 : left, y: y + 4, "text-anchor": right ? "end" : "start" }, names[c]));
    }
    layer.replaceChildren(...made);
  }

  function describe(ui, world, result, i) {
    const { gain, even, c } = result;
    const lines = [`<b>${escape(ui.payload.cities[i])}</b>`];
    lines.push(`${percent(world.before.pi_c[i], 2)} of all households`);
    lines.push(`households: ${percent(gain[i], 2, true)}`);
    if (i === c) lines.push("the city whose productivity changes");
    else {
      if (Number.isFinite(even[i])) lines.push(`without correlation: ${percent(even[i], 2, true)}`);
      lines.push(`similarity: ${plain(world.similarity(c)[i], 2)}`);
    }
    return lines.join("<br>");
  }

  /**
   * Gain against similarity in a panel: bubbles, the picture without correlation as rings behind
   * them, names. `show(result, { relative, found })` draws.
   */
  function scatter(ui, world, names, size, marked) {
    const panel = ui.panel(size);
    panel.layer("axes");
    const ghosts = bubbles(panel, world, "ghost");
    const marks = bubbles(panel, world, "spot");
    const words = panel.layer("labels");
    let place = [];
    let result;
    const named = ui.names(panel, { ...marked, points: () => place, text: (i) => describe(ui, world, result, i) });
    const show = (given, { relative, found = -1 }) => {
      result = given;
      const { c, others, gain, even, middle } = result;
      const alike = world.similarity(c);
      const flat = engine.median(others.map((d) => even[d]));
      const of = (values, base) => (d) => values[d] - (relative ? base : 0);
      const [here, there] = [of(gain, middle), of(even, flat)];
      const range = (values) => [Math.min(...values), Math.max(...values)];
      let [low, high] = range([...others.map(here), ...others.map(there)].filter(Number.isFinite));
      const least = 0.002 * Math.max(Math.abs(middle), 1e-4);
      if (high - low < least) [low, high] = [low - 25 * least, high + 25 * least];
      const pad = 0.08 * (high - low);
      // a city whose occupations are all as common has no likeness to any
      const [near, far] = range(others.map((d) => alike[d]).filter(Number.isFinite));
      const margin = { left: 62, right: 14, top: 26, bottom: 42 };
      const x = linear([near - 0.03 * (far - near), far + 0.03 * (far - near)], [margin.left, panel.width - margin.right]);
      const y = linear([low - pad, high + pad], [panel.height - margin.bottom, margin.top]);
      ui.axes(panel, {
        x, y, margin,
        xTitle: `similarity of occupations to ${names[c]} (correlation)`,
        yTitle: relative ? "gain, less that of the median city (percentage points)" : "gain in households",
        xText: plain,
        yText: (value, digits) => percent(value, Math.max(0, digits - 2), true),
      });
      const r = radius(world, panel.width);
      place = Array.from(alike, (s, d) => (d === c || !Number.isFinite(s) ? null : [x(s), y(here(d))]));
      for (let d = 0; d < world.before.C; d++) {
        put(marks[d], place[d], { r: Math.max(r(d), d === found ? 6 : 0).toFixed(1), class: d === found ? "spot found" : "spot" });
        put(ghosts[d], place[d] && [x(alike[d]), y(there(d))], { r: Math.min(r(d), 5).toFixed(1) });
      }
      const ranked = [...others].sort((a, b) => gain[b] - gain[a]);
      const large = [...others].sort((a, b) => world.before.pi_c[b] - world.before.pi_c[a]);
      const n = panel.width < 480 ? 1 : 3;
      const wanted = result.alike ? large.slice(0, n) : [...ranked.slice(0, n), ...ranked.slice(-n), ...large.slice(0, n)];
      if (found >= 0) wanted.unshift(found);
      label(panel, words, wanted, place, r, names);
      const level = others.map((d) => even[d]).filter(Number.isFinite);
      if (level.length) {
        const [bottom, top] = range(level);
        const all = top - bottom < 1e-9 ? `, all ${percent(flat, 2, true)}` : "";
        // who is alike gains more, so that few bubbles are in the lower right corner
        const at = { class: "halo ghostly", x: panel.width - margin.right, y: panel.height - margin.bottom - 8, "text-anchor": "end" };
        words.append(svg("text", at, result.alike ? `all other cities ${percent(middle, 2, true)}` : `rings: no correlation${all}`));
      }
      named.again();
      return { alike, flat };
    };
    return { show, panel };
  }

  /** Gains on a map in a panel: bubbles coloured around a middle. `show(result)` draws. */
  function map(ui, world, names, size, marked) {
    const { payload } = ui;
    const { outline } = companion;
    const panel = ui.panel({ ...size, ratio: outline.height / outline.width + (size.key || 0.075), narrow: outline.height / outline.width + 0.16 });
    const land = svg("path", { class: "land", d: payload.borders ?? outline.path });
    panel.layer("ground").append(land);
    const marks = bubbles(panel, world, "bubble");
    const chosen = svg("circle", { class: "chosen", r: 0 });
    panel.layer("over").append(chosen);
    const words = panel.layer("labels");
    const key = panel.layer("key");
    let place = [];
    let result;
    const named = ui.names(panel, { ...marked, points: () => place, text: (i) => describe(ui, world, result, i) });
    const show = (given, { centre } = {}) => {
      result = given;
      const { c, others, gain } = result;
      const known = centre === undefined;
      const middle = known ? result.middle : centre;
      const scale = panel.width / outline.width;
      set(land, { transform: `scale(${scale / 10})`, "stroke-width": 8 / scale });
      const r = radius(world, panel.width);
      place = payload.places.map((at) => at && [at[0] * scale, at[1] * scale]);
      const away = others.map((d) => Math.abs(gain[d] - middle)).sort((a, b) => a - b);
      // the scale ends where one city in twenty lies beyond it
      const span = Math.max(away[Math.floor(0.95 * (away.length - 1))], 1e-9);
      const stops = outline.diverging[live.dark() ? "dark" : "light"];
      const none = result.alike;
      for (let d = 0; d < world.before.C; d++) {
        const tone = none || d === c ? 0 : (gain[d] - middle) / span;
        put(marks[d], place[d], { r: r(d).toFixed(1), fill: live.between(stops, tone) });
      }
      put(chosen, place[c], { r: r(c) + 4 });
      const ranked = [...others].filter((d) => place[d]).sort((a, b) => gain[b] - gain[a]);
      const n = panel.width < 480 ? 1 : 3;
      label(panel, words, none ? [c] : [c, ...ranked.slice(0, n), ...ranked.slice(-n)], place, r, names);
      // the key
      const wide = Math.min(260, panel.width * 0.55);
      const left = (panel.width - wide) / 2;
      const y = panel.height - 32;
      const made = [];
      const steps = 24;
      for (let i = 0; i < steps; i++)
        made.push(svg("rect", { x: left + (i * wide) / steps, y, width: wide / steps + 0.5, height: 10, fill: live.between(stops, none ? 0 : (2 * i) / (steps - 1) - 1) }));
      const digits = span < 2e-4 ? 3 : 2;
      const texts = none
        ? [[left + wide / 2, `all other cities ${percent(result.middle, 2, true)}`]]
        : [[left, `${percent(middle - span, digits, true)} or less`], [left + wide / 2, `${known ? "median " : ""}${percent(middle, digits, true)}`], [left + wide, `${percent(middle + span, digits, true)} or more`]];
      if (panel.width < 480 && !none) {
        texts[0][1] = percent(middle - span, digits, true);
        texts[2][1] = percent(middle + span, digits, true);
      }
      for (const [x, text] of texts) made.push(svg("text", { x, y: y + 25, "text-anchor": "middle" }, text));
      made.push(svg("text", { x: left + wide / 2, y: y - 7, "text-anchor": "middle" }, "change of a city's households"));
      key.replaceChildren(...made);
      named.again();
    };
    return { show, panel };
  }

  /** The sentence on the other cities: who gains most and least, and what it goes with. */
  function rest(world, names, { c, others, gain, middle, alike }) {
    const verbs = middle < 0 ? "loses" : "gains";
    if (alike) return `Every other city ${verbs} ${size(middle)}, whatever its occupations.`;
    const all = [...others].sort((a, b) => gain[b] - gain[a]);
    const apart = world.apart(c);
    const placed = others.filter((d) => Number.isFinite(apart[d]));
    const with_ = (list, values) => plain(world.pearson(list.map((d) => values[d]), list.map((d) => gain[d])), 2);
    const far = placed.length > 2 ? ` and of ${with_(placed, apart)} with distance` : "";
    const [first, last] = middle < 0 ? [all[all.length - 1], all[0]] : [all[0], all[all.length - 1]];
    const turned = (gain[last] < 0) !== (middle < 0);
    const tail = turned
      ? `${names[last]} ${gain[last] < 0 ? "loses" : "gains"} ${size(gain[last])}`
      : `${names[last]} least, ${size(gain[last])}`;
    return `The median other city ${verbs} ${size(middle)}; ${names[first]} ${verbs} most, ${size(gain[first])}, and ${tail}. Across cities the change has a correlation of ${with_(others, world.similarity(c))} with the similarity of occupations${far}.`;
  }

  companion.cities = { economy, scatter, map, rest, turn, own, verb, size };
})(globalThis.companion);
