/* What a Frechet draw is: the density of one ("density"), and households that draw in two towns
 * and go where they draw more ("choice").
 */
(function (companion) {
  "use strict";
  const { engine, live } = companion;
  const { svg, set, put, linear, percent, plain } = live;

  // ---------------------------------------------------------------- one draw
  live.register("density", (ui) => {
    const first = ui.payload.setting.theta;
    ui.bar.append(ui.slider("theta"));
    const panel = ui.panel({ label: ui.payload.alt, ratio: 0.46, narrow: 0.85, wide: true });
    const right = 4;
    const curve = (x, y, theta) => {
      const points = [];
      for (let i = 0; i <= 240; i++) {
        const at = (right * i) / 240;
        points.push(`${x(at).toFixed(1)} ${y(engine.density(at, theta)).toFixed(1)}`);
      }
      return points;
    };
    const draw = ({ theta }) => {
      const margin = { left: 48, right: 12, top: 26, bottom: 42 };
      const x = linear([0, right], [margin.left, panel.width - margin.right]);
      // the mode of x^-theta is at (1 + 1/theta)
      const mode = (k) => Math.pow(k / (k + 1), 1 / k);
      const top = Math.max(...[theta, first].map((k) => engine.density(mode(k), k)));
      const y = linear([0, 1.08 * top], [panel.height - margin.bottom, margin.top]);
      ui.axes(panel, { x, y, margin, xTitle: "productivity that a household draws", yTitle: "density", xText: plain, yText: plain });
      const points = curve(x, y, theta);
      const [low, middle, high] = [0.1, 0.5, 0.9].map((p) => engine.quantile(p, theta));
      const inside = [];
      for (let i = 0; i <= 120; i++) {
        const at = Math.min(low + ((high - low) * i) / 120, right);
        inside.push(`${x(at).toFixed(1)} ${y(engine.density(at, theta)).toFixed(1)}`);
      }
      const base = y(0);
      const made = [
        svg("path", { class: "area", d: `M${x(low)} ${base}L${inside.join("L")}L${x(Math.min(high, right))} ${base}z` }),
        svg("path", { class: "curve before", d: `M${curve(x, y, first).join("L")}` }),
        svg("path", { class: "curve", d: `M${points.join("L")}` }),
        svg("line", { class: "reference", x1: x(middle), x2: x(middle), y1: base, y2: y(engine.density(middle, theta)) }),
      ];
      const words = (at, up, text, anchor) => svg("text", { class: "halo", x: x(at), y: up, "text-anchor": anchor }, text);
      made.push(words(middle, base - 6, "the middle", "middle"));
      if (theta !== first) made.push(svg("text", { class: "halo ghostly", x: panel.width - margin.right, y: margin.top + 2, "text-anchor": "end" }, `dashes: θ = ${plain(first, 1)}`));
      made.push(svg("text", { class: "halo", x: panel.width - margin.right, y: margin.top + 18, "text-anchor": "end" }, "shaded: eight households in ten"));
      panel.layer("curves").replaceChildren(...made);
      return { low: plain(low, 2), middle: plain(middle, 2), high: plain(high, 2), ratio: plain(high / low, 1) };
    };
    return { draw };
  });

  // ---------------------------------------------------------------- two towns
  live.register("choice", (ui) => {
    const { names, n, correlated, theta } = ui.payload;
    let arrived = n;
    let clock = null;
    const play = () => {
      ui.change({ seed: ui.state.seed + 1 });
      if (live.still()) return;
      arrived = 0;
      const start = performance.now();
      cancelAnimationFrame(clock);
      const step = (now) => {
        arrived = Math.min(n, Math.floor(((now - start) / 4200) * n));
        ui.schedule();
        clock = arrived < n ? requestAnimationFrame(step) : null;
      };
      clock = requestAnimationFrame(step);
    };
    ui.bar.append(ui.slider("pull"));
    if (correlated) ui.bar.append(ui.slider("rho"));
    ui.bar.append(live.html("div", { class: "live-control live-buttons" }, ui.button("Let new households draw", play)));
    const towns = ui.panel({ label: ui.payload.alt, ratio: 0.34, narrow: 0.72, wide: true });
    const path = ui.panel({ label: "Share of the first town after each household, and the share of the formula", ratio: 0.62, narrow: 0.72 });
    const cloud = ui.panel({ label: "Each household's draws in the two towns", ratio: 0.62, narrow: 0.9 });
    const dots = Array.from({ length: n }, () => svg("circle", { class: "dot" }));
    towns.layer("ground");
    towns.layer("dots").append(...dots);
    cloud.layer("axes");
    const points = Array.from({ length: n }, () => svg("circle", { class: "dot", r: 2.6 }));
    cloud.layer("line");
    cloud.layer("points").append(...points);
    const here = dots.map(() => null); // where each dot is drawn now
    let log_Z;
    let choice;
    let drawn = "";
    let seen = ""; // what the dots show: another width alone moves them at once
    let moving = null;
    let target = [];
    let cloudPlace = [];

    // dots move a part of their way each frame until all are there
    const glide = () => {
      moving = null;
      let far = false;
      for (let i = 0; i < n; i++) {
        const [x, y] = target[i];
        if (here[i] === null || live.still()) here[i] = [x, y];
        const [dx, dy] = [x - here[i][0], y - here[i][1]];
        if (Math.abs(dx) + Math.abs(dy) < 0.6) here[i] = [x, y];
        else {
          here[i] = [here[i][0] + 0.16 * dx, here[i][1] + 0.16 * dy];
          far = true;
        }
        set(dots[i], { cx: here[i][0].toFixed(1), cy: here[i][1].toFixed(1) });
      }
      if (far) moving = requestAnimationFrame(glide);
    };

    const draw = (state) => {
      const rho = correlated ? state.rho : 0;
      const key = [state.pull, rho, state.seed].join();
      if (key !== drawn) {
        log_Z = engine.draws([1, 1], [1], [state.pull, 1], rho, theta, n, engine.generator(state.seed));
        choice = engine.choices(log_Z, 2);
        drawn = key;
      }
      const formula = engine.shares([1, 1], [1], [state.pull, 1], rho).pi_c[0];
      let first = 0;
      const running = [];
      for (let i = 0; i < arrived; i++) {
        if (choice[i] === 0) first += 1;
        running.push(first / (i + 1));
      }
      const share = arrived ? first / arrived : formula;

      // the towns: a seat for each household in both, so that who moves is seen
      const narrow = towns.width < 480;
      const gap = narrow ? 26 : 60;
      const wide = (towns.width - gap) / 2;
      const top = 44;
      const high = towns.height - top - 6;
      const columns = Math.ceil(Math.sqrt((n * wide) / high));
      const pitch = Math.min(wide / columns, high / Math.ceil(n / columns));
      const ground = [];
      [0, 1].forEach((c) => {
        const left = c * (wide + gap);
        const number = c === 0 ? first : arrived - first;
        ground.push(svg("text", { class: `large ${c ? "second" : "first"}`, x: left, y: 15 }, names[c]));
        ground.push(svg("text", { x: left, y: 33 }, `${number} of ${arrived}: ${arrived ? percent(number / arrived, 0) : "\u2013"}`));
        ground.push(svg("rect", { class: "frame", x: left, y: top - 4, width: columns * pitch, height: Math.ceil(n / columns) * pitch + 8, rx: 3 }));
      });
      towns.layer("ground").replaceChildren(...ground);
      const r = Math.max(1.6, Math.min(5, pitch * 0.38)).toFixed(1);
      target = dots.map((dot, i) => {
        const waiting = i >= arrived;
        set(dot, { r, class: waiting ? "dot waiting" : `dot ${choice[i] ? "second" : "first"}` });
        if (waiting) return [towns.width / 2, towns.height / 2 + ((i * 37) % 60) - 30];
        const left = choice[i] * (wide + gap);
        return [left + ((i % columns) + 0.5) * pitch, top + (Math.floor(i / columns) + 0.5) * pitch];
      });
      const shows = [drawn, arrived].join();
      if (shows === seen) here.fill(null);
      seen = shows;
      if (!moving) glide();

      // the share after each household
      const margin = { left: 44, right: 12, top: 26, bottom: 42 };
      const x = linear([0, n], [margin.left, path.width - margin.right]);
      const y = linear([0, 1], [path.height - margin.bottom, margin.top]);
      ui.axes(path, {
        x, y, margin, xTitle: "households that have chosen", yTitle: `share of ${names[0]}`,
        xText: (v) => plain(v, 0), yText: (v) => percent(v, 0),
      });
      const upper = [];
      const lower = [];
      for (let i = 1; i <= n; i += i < 20 ? 1 : 5) {
        const reach = 2 * Math.sqrt((formula * (1 - formula)) / i);
        upper.push(`${x(i).toFixed(1)} ${y(Math.min(1, formula + reach)).toFixed(1)}`);
        lower.unshift(`${x(i).toFixed(1)} ${y(Math.max(0, formula - reach)).toFixed(1)}`);
      }
      const made = [
        svg("path", { class: "band", d: `M${[...upper, ...lower].join("L")}z` }),
        svg("line", { class: "reference", x1: margin.left, x2: path.width - margin.right, y1: y(formula), y2: y(formula) }),
        svg("text", { class: "halo", x: path.width - margin.right, y: y(formula) + (formula > 0.5 ? 16 : -8), "text-anchor": "end" }, `the formula: ${percent(formula, 1)}`),
      ];
      if (running.length) made.push(svg("path", { class: "curve", d: `M${running.map((v, i) => `${x(i + 1).toFixed(1)} ${y(v).toFixed(1)}`).join("L")}` }));
      path.layer("lines").replaceChildren(...made);

      // the draws, on log scales
      const side = { left: 44, right: 12, top: 26, bottom: 42 };
      const ends = [Math.log(0.4), Math.log(6)];
      const across = linear(ends, [side.left, cloud.width - side.right]);
      const up = linear(ends, [cloud.height - side.bottom, side.top]);
      const at = [0.5, 1, 2, 4].map(Math.log);
      const text = (v) => plain(Math.exp(v), Math.exp(v) < 0.9 ? 1 : 0);
      ui.axes(cloud, { x: across, y: up, margin: side, xTitle: `draw in ${names[0]}`, yTitle: `draw in ${names[1]}`, xText: text, yText: text, xTicks: at, yTicks: at });
      cloud.layer("line").replaceChildren(
        svg("line", { class: "reference", x1: across(ends[0]), x2: across(ends[1]), y1: up(ends[0]), y2: up(ends[1]) }),
      );
      cloud.layer("labels").replaceChildren(
        svg("text", { class: "halo second", x: side.left + 6, y: side.top + 12 }, `to ${names[1]}`),
        svg("text", { class: "halo first", x: cloud.width - side.right, y: cloud.height - side.bottom - 10, "text-anchor": "end" }, `to ${names[0]}`),
      );
      cloudPlace = points.map((point, i) => {
        const [a, b] = [log_Z[2 * i], log_Z[2 * i + 1]].map((v) => Math.min(Math.max(v, ends[0]), ends[1]));
        const shown = i < arrived;
        const at = shown ? [across(a), up(b)] : null;
        put(point, at, { class: `dot ${choice[i] ? "second" : "first"}` });
        return at;
      });
      named.again();
      const tau = engine.kendall(log_Z.filter((_, i) => i % 2 === 0), log_Z.filter((_, i) => i % 2 === 1));
      return {
        share: percent(share, 1), formula: percent(formula, 1), number: String(arrived), tau: plain(tau, 2),
      };
    };
    const named = ui.names(cloud, {
      label: "Households by their two draws: arrow keys go from one to the next",
      points: () => cloudPlace,
      text: (i) => {
        const [a, b] = [log_Z[2 * i], log_Z[2 * i + 1]].map((v) => plain(Math.exp(v), 2));
        return `draws ${a} in ${names[0]} and ${b} in ${names[1]}:<br>goes to <b>${names[choice[i]]}</b>`;
      },
      seen: (i) => dots.forEach((dot, j) => dot.classList.toggle("seen", j === i)),
    });
    return { draw, shown: () => ({ arrived, choice: Array.from(choice), log_Z: Array.from(log_Z) }) };
  });
})(globalThis.companion);
