/* What if: every shock of the model to a city, an occupation or a cell, prices fixed or answering.
 * One state moves the map, the scatter, the sentence, the tables and the address.
 * The economics is engine.js's and equilibrium.js's; cities.js draws.
 */
(function (companion) {
  "use strict";
  const { engine, live, equilibrium, cities } = companion;
  const { html, percent } = live;
  const CLOSURE = [
    "housing_share", "supply_elasticity", "substitution", "demand_elasticity", "agglomeration", "wage_exponent",
  ];
  const HATS = ["city_hat", "occupation_hat", "cell_hat"];
  const ALWAYS = ["city", "city_hat", "rho", "theta", "occupation", "occupation_hat", "cell_hat", "centred"];

  /** Solutions of the model at a state, the last ones kept: moving rho leaves rho = 0 alone. */
  function solver({ pi_ck, omega_k, wages, cities: named, occupations }) {
    const before = engine.fromShares(pi_ck, omega_k);
    const kept = new Map();
    const compute = (state, rho, prices) => {
      const c = named.indexOf(state.city);
      const k = occupations.indexOf(state.occupation);
      const [city, occupation, cell] = [before.C, before.K, before.C * before.K].map((n) => new Float64Array(n).fill(1));
      city[c] = state.city_hat;
      occupation[k] = state.occupation_hat;
      cell[c * before.K + k] = state.cell_hat;
      if (prices === "fixed") return { shares: engine.shock(before, rho, state.theta, { city, occupation, cell }) };
      const closure = Object.fromEntries(CLOSURE.map((name) => [name, state[name]]));
      try {
        return equilibrium.solve(before, rho, state.theta, closure, { wages, city, occupation, cell });
      } catch (problem) {
        if (!(problem instanceof equilibrium.EquilibriumError)) throw problem;
        return { problem: problem.message };
      }
    };
    const at = (state, rho, prices) => {
      const names = ["city", "occupation", ...HATS, "theta", ...(prices === "fixed" ? [] : CLOSURE)];
      const key = JSON.stringify([rho, prices, ...names.map((name) => state[name])]);
      if (!kept.has(key)) {
        if (kept.size > 8) kept.delete(kept.keys().next().value);
        kept.set(key, compute(state, rho, prices));
      }
      return kept.get(key);
    };
    return { before, at };
  }

  const moved = (hat) => `${cities.turn(hat - 1)} by ${amount(hat)}`;
  const amount = (hat) => {
    const size = 100 * Math.abs(hat - 1);
    return percent(Math.abs(hat - 1), Math.abs(size - Math.round(size)) < 1e-9 ? 0 : 1);
  };

  /** The shocks in words. */
  function shocks(state, name) {
    const parts = [];
    if (state.city_hat !== 1) parts.push(`productivity in ${name} ${moved(state.city_hat)}`);
    if (state.occupation_hat !== 1) parts.push(`the scale of ${state.occupation} ${moved(state.occupation_hat)} everywhere`);
    if (state.cell_hat !== 1) parts.push(`the scale of ${state.occupation} in ${name} ${moved(state.cell_hat)}`);
    if (!parts.length) return "Nothing changes.";
    const text = parts.length > 1 ? `${parts.slice(0, -1).join(", ")} and ${parts[parts.length - 1]}` : parts[0];
    return `${text[0].toUpperCase()}${text.slice(1)}.`;
  }

  /** What prices that answer did to the change of the city, in words. */
  function answered(fixed, gain, rent) {
    const verb = fixed < 0 ? "lose" : "gain";
    const noun = fixed < 0 ? "loss" : "gain";
    const start = ` Prices answer: with prices fixed the city would ${verb} ${percent(Math.abs(fixed), 1)}`;
    const rents = `; rents there ${rent < 1 ? "fall" : "rise"} by ${percent(Math.abs(rent - 1), 1)}.`;
    if (Math.abs(fixed) < 1e-9) return `${start}${rents}`;
    const part = (fixed - gain) / fixed;
    if (part < 0) return `${start}, and rents and wages make that ${noun} ${percent(-part, 0)} larger${rents}`;
    if (part > 1) return `${start}, and rents and wages turn that ${noun} around${rents}`;
    return `${start}, and rents and wages take back ${percent(part, 0)} of that ${noun}${rents}`;
  }

  /** A slider and a field for a number of the state, in per cent where it is a change. */
  function pair(ui, name, label, { change = false } = {}) {
    const [low, high] = ui.payload.ranges[name];
    const shown = (value) => (change ? Number((100 * (value - 1)).toFixed(8)) : value);
    const held = (value) => (change ? Number((1 + value / 100).toFixed(14)) : value);
    const step = change ? 0.5 : 0.01;
    const bounds = { min: shown(low), max: shown(high) };
    const id = `${ui.id}-${name}`;
    const slider = html("input", { type: "range", id, step, ...bounds, "data-slider": name });
    const field = html("input", { type: "number", step: "any", ...bounds, "data-field": name, inputmode: "decimal", "aria-label": `${label}, exact` });
    slider.addEventListener("input", () => ui.change({ [name]: held(Number(slider.value)) }));
    bind(ui, field, name, shown, held);
    ui.sync((state) => {
      if (Number(slider.value) !== shown(state[name])) slider.value = shown(state[name]);
      slider.setAttribute("aria-valuetext", change ? percent(state[name] - 1, 1, true) : String(state[name]));
    });
    const both = html("div", { class: "what-if-pair" }, slider, field);
    return html("div", { class: "live-control" }, html("label", { for: id }, label), both);
  }

  /** A field that holds a number within its bounds, and changes nothing where it does not. */
  function bind(ui, field, name, shown = (value) => value, held = shown) {
    const [low, high] = ui.payload.ranges[name];
    const slack = 1e-12;
    field.addEventListener("input", () => {
      const value = held(field.valueAsNumber);
      const valid = Number.isFinite(value) && value >= low - slack && value <= high + slack;
      field.setAttribute("aria-invalid", String(!valid));
      if (valid) ui.change({ [name]: value });
      else ui.tell(`${field.getAttribute("aria-label") || name}: a number from ${shown(low)} to ${shown(high)}.`);
    });
    const show = (state) => {
      field.removeAttribute("aria-invalid");
      field.value = shown(state[name]);
    };
    field.addEventListener("change", () => show(ui.state));
    ui.sync((state) => {
      if (document.activeElement !== field || field.valueAsNumber !== shown(state[name]))
        if (!(document.activeElement === field && field.getAttribute("aria-invalid") === "true")) show(state);
    });
  }

  /** The switch of prices: two buttons of which one is on. */
  function priceSwitch(ui) {
    const set = html("fieldset", { class: "live-control what-if-switch" }, html("legend", {}, "Rents and wages"));
    for (const [value, text] of [["fixed", "prices fixed"], ["answer", "prices answer"]]) {
      const input = html("input", { type: "radio", name: "prices", value });
      input.addEventListener("change", () => ui.change({ prices: value }));
      ui.sync((state) => (input.checked = state.prices === value));
      set.append(html("label", {}, input, text));
    }
    return set;
  }

  /** Settings from the address, kept within bounds, and back into it. */
  function addresses(ui) {
    const { payload } = ui;
    const lists = { city: payload.cities, occupation: payload.occupations, centred: ["median", "one"], prices: ["fixed", "answer"] };
    const within = (name, value) => {
      const [low, high] = payload.ranges[name];
      return Number.isFinite(value) ? Math.min(Math.max(value, low), high) : payload.setting[name];
    };
    const read = () => {
      const asked = new URLSearchParams(window.location.search);
      const part = {};
      for (const name of Object.keys(payload.ranges))
        if (asked.has(name) && asked.get(name) !== "") part[name] = within(name, Number(asked.get(name)));
      for (const [name, list] of Object.entries(lists)) if (list.includes(asked.get(name))) part[name] = asked.get(name);
      return part;
    };
    const write = (state) => {
      const url = new URL(window.location.href);
      url.hash = "";
      const more = state.prices === "answer" ? ["prices", ...CLOSURE] : [];
      for (const name of ["prices", ...CLOSURE]) url.searchParams.delete(name);
      for (const name of [...ALWAYS, ...more]) url.searchParams.set(name, state[name]);
      return url;
    };
    let waiting;
    const remember = () => {
      clearTimeout(waiting); // browsers limit how often an address may change
      waiting = setTimeout(() => {
        try { window.history.replaceState(null, "", write(ui.state)); } catch (refused) { /* a file */ }
      }, 300);
    };
    return { read, write, remember };
  }

  live.register("whatif", (ui) => {
    const { payload, root } = ui;
    const page = root.parentElement;
    const names = payload.short;
    const world = cities.economy(payload);
    const model = solver(payload);
    const where = addresses(ui);
    Object.assign(ui.state, where.read());
    ui.bar.classList.add("what-if-bar");
    ui.bar.append(
      ui.search("city", "City", payload.cities, names),
      pair(ui, "city_hat", "Its productivity, change in %", { change: true }),
      pair(ui, "rho", "Correlation ρ"),
      priceSwitch(ui),
    );
    const alert = html("p", { class: "what-if-alert", role: "alert", hidden: "" });
    ui.line.after(alert);
    const choose = (i) => ui.change({ city: payload.cities[i] });
    const ratio = { narrow: 0.95, ratio: 0.8, key: 0.14 };
    const map = cities.map(ui, world, names, { ...ratio, label: payload.alt }, {
      label: "Map of the cities: arrow keys go from city to city, Enter chooses one", pick: choose, eager: true,
    });
    const cloud = cities.scatter(ui, world, names, { ...ratio, label: `Gain of each city against the similarity of its occupations; without correlation as rings. ${payload.alt}` }, {
      label: "Every city by similarity: arrow keys go from city to city, Enter chooses one", pick: choose, eager: true,
    });
    for (const field of page.querySelectorAll(".what-if-advanced input")) bind(ui, field, field.name);
    for (const list of page.querySelectorAll(".what-if-advanced select")) {
      if (list.name === "digits") continue;
      list.addEventListener("change", () => ui.change({ [list.name]: list.value }));
      ui.sync((state) => (list.value = state[list.name]));
    }
    const tables = companion.whatIfTables(ui, page, world);
    let result;

    const draw = (state) => {
      const c = world.index(state.city);
      const fixed = model.at(state, state.rho, "fixed");
      const solved = state.prices === "answer" ? model.at(state, state.rho, "answer") : fixed;
      const failed = Boolean(solved.problem);
      const answer = failed ? fixed : solved;
      const without = model.at(state, 0, failed ? "fixed" : state.prices);
      const even = without.problem ? new Float64Array(world.before.C).fill(NaN) : world.ratios(without.shares);
      result = { ...world.seen(c, world.ratios(answer.shares), even), shares: answer.shares, rent_hat: answer.rent_hat };
      const strength = !failed && state.prices === "answer" ? (answer.strength ??= answer.spectral_radius) : 0;
      const said = failed
        ? `With prices that answer, ${solved.problem}. What is drawn has prices fixed.`
        : strength < 1 ? "" : `With these parameters there may be more than one equilibrium: cities that grow become so much more productive that they grow further (the feedback is ${live.plain(strength, 2)}, and a single equilibrium needs less than 1). What is drawn is one of them; a lower agglomeration leaves one.`;
      alert.hidden = !said;
      if (alert.textContent !== said) alert.textContent = said;
      map.show(result, state.centred === "one" ? { centre: 0 } : {});
      cloud.show(result, { relative: state.centred === "median" });
      tables.draw(state, result);
      where.remember();
      const loss = world.ratios(fixed.shares)[c];
      return {
        shocks: shocks(state, names[c]), name: names[c], own: cities.own(result.gain[c]),
        rest: cities.rest(world, names, result),
        prices: state.prices === "answer" && !failed ? answered(loss, result.gain[c], answer.rent_hat[c]) : "",
      };
    };

    // buttons: worked scenarios, the start, a link
    const told = page.querySelector(".what-if-told");
    for (const button of page.querySelectorAll("[data-preset]"))
      button.addEventListener("click", () => ui.change({ ...payload.setting, ...payload.presets[Number(button.dataset.preset)].setting }));
    page.querySelector(".what-if-reset").addEventListener("click", () => ui.change({ ...payload.setting }));
    page.querySelector(".what-if-link").addEventListener("click", async () => {
      const link = where.write(ui.state).href;
      try {
        await navigator.clipboard.writeText(link);
        told.textContent = "The link to this setting is copied.";
      } catch (refused) {
        told.textContent = link;
      }
    });
    page.whatIf = {
      rows: () => tables.rows(result), occupations: () => tables.occupations(result),
      setting: () => ({ ...ui.state }), set: (part) => ui.change(part), solve: model.at,
      rents: () => result.rent_hat && Array.from(result.rent_hat),
    };
    page.querySelector(".what-if-more").hidden = false;
    root.addEventListener("live-drawn", () => (page.dataset.ready = "true"), { once: true });
    return { draw, rows: page.whatIf.rows };
  });
})(globalThis.companion);
