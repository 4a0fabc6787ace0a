/* Cities after a shock to one of them: gain against similarity ("scatter"), and on a map ("map").
 * The economics is engine.js's; this file computes gains from it, and draws.
 */
(function (companion) {
  "use strict";
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
      const after = engine.shock(before, rho, theta, { city });
      return after.pi_c.map((share, d) => share / before.pi_c[d] - 1);
    };
    return {
      before,
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
        const others = Array.from(before.pi_c, (_, d) => d).filter((d) => d !== c);
        const gain = gains(c, state.change, state.rho);
        const even = gains(c, state.change, 0);
        return { c, others, gain, even, middle: engine.median(others.map((d) => gain[d])) };
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
      lines.push(`without correlation: ${percent(even[i], 2, true)}`);
      lines.push(`similarity: ${plain(world.similarity(c)[i], 2)}`);
    }
    return lines.join("<br>");
  }

  // ---------------------------------------------------------------- gain against similarity
  live.register("scatter", (ui) => {
    const { payload } = ui;
    const names = payload.short;
    const world = economy(payload);
    ui.bar.append(
      ui.search("city", "City that changes", payload.cities, names),
      ui.slider("change"),
      ui.slider("rho"),
      ui.search("find", "Find a city", payload.cities, names, true),
    );
    const panel = ui.panel({ label: payload.alt, ratio: 0.52, narrow: 0.95, wide: true });
    const bars = ui.panel({
      label: "Occupations of the city that changes, of the one that gains most and of the one that gains least, as parts of bars",
      ratio: 0.21, narrow: 0.66, wide: true,
    });
    panel.layer("axes");
    const ghosts = bubbles(panel, world, "ghost");
    const marks = bubbles(panel, world, "spot");
    const words = panel.layer("labels");
    let place = [];
    let result;
    let other = null; // hovered
    const named = ui.names(panel, {
      label: "Every city by similarity: arrow keys go from city to city, Enter keeps one",
      points: () => place,
      text: (i) => describe(ui, world, result, i),
      pick: (i) => ui.change({ find: payload.cities[i] }),
      seen: (i) => {
        other = i;
        compare();
      },
    });

    /** Bars: why one city is like another, and a third is not. */
    const compare = () => {
      const { c, others, gain } = result;
      const found = ui.state.find === null ? -1 : world.index(ui.state.find);
      // where all gain alike, likeness is what is left to rank by
      const by = result.alike ? world.similarity(c) : gain;
      const most = others.reduce((a, b) => (by[b] > by[a] ? b : a));
      const least = others.reduce((a, b) => (by[b] < by[a] ? b : a));
      const asked = other !== null ? other : found;
      const shown = asked >= 0 && asked !== c && ![most, least].includes(asked) ? [c, most, asked, least] : [c, most, least];
      const K = payload.occupations.length;
      const narrow = bars.width < 480;
      const text = (d) => `${names[d]} ${percent(gain[d], 2, true)}`;
      const left = narrow ? 0 : Math.max(...shown.map((d) => measure(text(d)))) + 12;
      // the key first: as many names a line as there is room for
      const made = [];
      let at = left;
      let top = 12;
      for (const [name, colour] of payload.occupations) {
        const wide = 30 + measure(name);
        if (at + wide > bars.width) [at, top] = [left, top + 19];
        made.push(svg("rect", { class: "part", x: at, y: top - 10, width: 11, height: 11, fill: colour }));
        made.push(svg("text", { x: at + 15, y: top }, name));
        at += wide;
      }
      top += 12;
      const high = 20;
      shown.forEach((d, row) => {
        const y = top + (narrow ? 18 + row * 42 : row * 26);
        made.push(svg("text", narrow ? { x: 0, y: y - 5 } : { x: left - 8, y: y + 15, "text-anchor": "end" }, text(d)));
        let x = left;
        for (let k = 0; k < K; k++) {
          const wide = world.mix[d * K + k] * (bars.width - left);
          const part = percent(world.mix[d * K + k], 0);
          const piece = svg("rect", { class: "part", x, y, width: wide, height: high, fill: payload.occupations[k][1] });
          piece.append(svg("title", {}, `${payload.occupations[k][0]}: ${part}`));
          made.push(piece);
          if (wide > 34) made.push(svg("text", { class: "on", x: x + wide / 2, y: y + 14, "text-anchor": "middle" }, part));
          x += wide;
        }
      });
      bars.layer("bars").replaceChildren(...made);
    };

    const draw = (state) => {
      result = world.after(state);
      const { c, others, gain, even, middle } = result;
      const alike = world.similarity(c);
      const flat = engine.median(others.map((d) => even[d]));
      const relative = state.measure === "median";
      const of = (values, base) => (d) => values[d] - (relative ? base : 0);
      const [here, there] = [of(gain, middle), of(even, flat)];
      const range = (values) => [Math.min(...values), Math.max(...values)];
      let [low, high] = range([...others.map(here), ...others.map(there)]);
      result.alike = Math.max(...others.map((d) => gain[d])) - Math.min(...others.map((d) => gain[d])) < 1e-9;
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
      const found = state.find === null ? -1 : world.index(state.find);
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
      const note = svg("text", { class: "halo ghostly", x: margin.left + 8, y: y(there(others[0])) + 17 },
        result.alike
          ? `all other cities ${percent(middle, 2, true)}`
          : `rings: no correlation, all ${percent(flat, 2, true)}`);
      words.append(note);
      named.again();
      compare();
      // the tenth of the cities that are most, and least, like the one that changes
      const byLikeness = [...others].sort((a, b) => alike[b] - alike[a]);
      const tenth = Math.max(1, Math.round(others.length / 10));
      const mean = (list) => list.reduce((sum, d) => sum + gain[d], 0) / list.length;
      return {
        name: names[c], turn: turn(state.change), own: own(gain[c]), verb: verb(middle),
        near: size(mean(byLikeness.slice(0, tenth))), far: size(mean(byLikeness.slice(-tenth))),
        even: size(flat),
      };
    };
    const upright = live.html("select", { id: `${ui.id}-measure`, name: "measure" });
    upright.append(
      live.html("option", { value: "median" }, "gain less the median city's"),
      live.html("option", { value: "gain" }, "gain"),
    );
    upright.addEventListener("change", () => ui.change({ measure: upright.value }));
    ui.sync((state) => (upright.value = state.measure));
    ui.bar.append(live.html("div", { class: "live-control" }, live.html("label", { for: upright.id }, "Upright axis"), upright));
    return { draw, rows: () => rows(ui, world, result) };
  });

  /** What is drawn, for tests and for whoever wants it. */
  function rows(ui, world, { c, others, gain, even }) {
    const alike = world.similarity(c);
    return others.map((d) => ({
      city: ui.payload.cities[d], pi_c: world.before.pi_c[d], similarity: alike[d], gain: gain[d], gain_independent: even[d],
    }));
  }

  // ---------------------------------------------------------------- gains on a map
  live.register("map", (ui) => {
    const { payload } = ui;
    const names = payload.short;
    const world = economy(payload);
    const { outline } = companion;
    ui.bar.append(
      ui.search("city", "City that changes", payload.cities, names),
      ui.slider("change"),
      ui.slider("rho"),
    );
    const panel = ui.panel({ label: payload.alt, ratio: outline.height / outline.width + 0.075, narrow: outline.height / outline.width + 0.16, wide: true });
    const land = svg("path", { class: "land", d: outline.path });
    panel.layer("ground").append(land);
    const marks = bubbles(panel, world, "bubble");
    const chosen = svg("circle", { class: "chosen", r: 0 });
    panel.layer("over").append(chosen);
    const words = panel.layer("labels");
    const key = panel.layer("key");
    let place = [];
    let result;
    const named = ui.names(panel, {
      label: "Map of the cities: arrow keys go from city to city, Enter chooses one",
      points: () => place,
      text: (i) => describe(ui, world, result, i),
      pick: (i) => ui.change({ city: payload.cities[i] }),
    });
    const draw = (state) => {
      result = world.after(state);
      const { c, others, gain, middle } = result;
      const scale = panel.width / outline.width;
      set(land, { transform: `scale(${scale / 10})`, "stroke-width": 8 / scale });
      const r = radius(world, panel.width);
      place = payload.places.map((at) => at && [at[0] * scale, at[1] * scale]);
      const away = others.map((d) => Math.abs(gain[d] - middle)).sort((a, b) => a - b);
      // the scale ends where one city in twenty lies beyond it
      const span = Math.max(away[Math.floor(0.95 * (away.length - 1))], 1e-9);
      const stops = outline.diverging[live.dark() ? "dark" : "light"];
      const none = away[away.length - 1] < 1e-9;
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
        ? [[left + wide / 2, `all other cities ${percent(middle, 2, true)}`]]
        : [[left, `${percent(middle - span, digits, true)} or less`], [left + wide / 2, `median ${percent(middle, digits, true)}`], [left + wide, `${percent(middle + span, digits, true)} or more`]];
      if (panel.width < 480 && !none) {
        texts[0][1] = percent(middle - span, digits, true);
        texts[2][1] = percent(middle + span, digits, true);
      }
      for (const [x, text] of texts) made.push(svg("text", { x, y: y + 25, "text-anchor": "middle" }, text));
      made.push(svg("text", { x: left + wide / 2, y: y - 7, "text-anchor": "middle" }, "change of a city's households"));
      key.replaceChildren(...made);
      named.again();
      const all = [...others].sort((a, b) => gain[b] - gain[a]);
      const apart = world.apart(c);
      const placed = others.filter((d) => Number.isFinite(apart[d]));
      const with_ = (list, values) => plain(world.pearson(list.map((d) => values[d]), list.map((d) => gain[d])), 2);
      const far = placed.length > 2 ? ` and of ${with_(placed, apart)} with distance` : "";
      const [first, last] = middle < 0 ? [all[all.length - 1], all[0]] : [all[0], all[all.length - 1]];
      const s = middle < 0 ? "loses" : "gains";
      return {
        name: names[c], turn: turn(state.change), own: own(gain[c]),
        rest: none
          ? `Every other city ${s} ${size(middle)}, whatever its occupations.`
          : `The median other city ${s} ${size(middle)}; ${names[first]} ${s} most, ${size(gain[first])}, and ${names[last]} least, ${size(gain[last])}. Across cities the change has a correlation of ${with_(others, world.similarity(c))} with the similarity of occupations${far}.`,
      };
    };
    return { draw, rows: () => rows(ui, world, result) };
  });
})(globalThis.companion);
