/* Cities after a shock to one of them: gain against similarity ("scatter"), and on a map ("map").
 * cities.js computes gains and draws them.
 */
(function (companion) {
  "use strict";
  const { live } = companion;
  const { economy, turn, own, verb, size, rest } = companion.cities;
  const { svg, measure, percent } = live;

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
    let result;
    let other = null; // hovered
    const cloud = companion.cities.scatter(
      ui, world, names, { label: payload.alt, ratio: 0.52, narrow: 0.95, wide: true },
      {
        label: "Every city by similarity: arrow keys go from city to city, Enter keeps one",
        pick: (i) => ui.change({ find: payload.cities[i] }),
        seen: (i) => {
          other = i;
          compare();
        },
      },
    );
    const bars = ui.panel({
      label: "Occupations of the city that changes, of the one that gains most and of the one that gains least, as parts of bars",
      ratio: 0.21, narrow: 0.66, wide: true,
    });

    /** Bars: why one city is like another, and a third is not. */
    const compare = () => {
      if (!result) return;
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
      const { c, others, gain, middle } = result;
      const found = state.find === null ? -1 : world.index(state.find);
      const { alike, flat } = cloud.show(result, { relative: state.measure === "median", found });
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
    ui.bar.append(
      ui.search("city", "City that changes", payload.cities, names),
      ui.slider("change"),
      ui.slider("rho"),
    );
    let result;
    const picture = companion.cities.map(ui, world, names, { label: payload.alt, wide: true }, {
      label: "Map of the cities: arrow keys go from city to city, Enter chooses one",
      pick: (i) => ui.change({ city: payload.cities[i] }),
    });
    const draw = (state) => {
      result = world.after(state);
      picture.show(result);
      const { c, gain } = result;
      return { name: names[c], turn: turn(state.change), own: own(gain[c]), rest: rest(world, names, result) };
    };
    return { draw, rows: () => rows(ui, world, result) };
  });
})(globalThis.companion);
