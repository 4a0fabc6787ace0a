/* The red and the blue town: shares, where those go who leave, and the cloud of draws, at any rho. */
(function (companion) {
  "use strict";
  const { engine, live } = companion;
  const { svg, set, linear, percent, plain } = live;

  live.register("towns", (ui) => {
    const { names, t_ck, T_k, z_c, n, seed, theta } = ui.payload;
    ui.bar.append(ui.slider("rho"));
    const flows = ui.panel({ label: ui.payload.alt, ratio: 0.82, narrow: 0.95 });
    const cloud = ui.panel({ label: `Draws of ${n} households in the first two towns`, ratio: 0.8, narrow: 0.9 });
    cloud.layer("axes");
    const dots = Array.from({ length: n }, () => svg("circle", { class: "dot first", r: 2.4 }));
    cloud.layer("points").append(...dots);
    const tint = ["red", "blue", "farm"];
    const draw = ({ rho }) => {
      const built = engine.shares(t_ck, T_k, z_c, rho);
      const to = engine.diversionFrom(built, rho, 0);

      // the towns as circles, those who leave as bands
      const { width, height } = flows;
      const size = (c) => Math.sqrt(built.pi_c[c]) * Math.min(width, height) * 0.26;
      const place = [[width * 0.2, height * 0.46], [width * 0.74, height * 0.22], [width * 0.74, height * 0.7]];
      const made = [];
      for (const c of [1, 2]) {
        const thick = Math.max(1, to[c] * height * 0.3);
        const [a, b] = [place[0], place[c]];
        const start = a[1] + (c === 1 ? -1 : 1) * height * 0.02;
        const bend = (a[0] + b[0]) / 2;
        made.push(svg("path", {
          class: `flow ${tint[c]}`, "stroke-width": thick,
          d: `M${a[0]} ${start}C${bend} ${start} ${bend} ${b[1]} ${b[0]} ${b[1]}`,
        }));
      }
      names.forEach((name, c) => {
        const [x, y] = place[c];
        made.push(svg("circle", { class: `town ${tint[c]}`, cx: x, cy: y, r: size(c) }));
        made.push(svg("text", { class: "halo large", x, y: y + size(c) + 16, "text-anchor": "middle" }, name));
        made.push(svg("text", { class: "halo", x, y: y + size(c) + 32, "text-anchor": "middle" }, `${percent(built.pi_c[c], 1)} of all`));
        if (c) {
          const middle = [(place[0][0] + x) / 2, (place[0][1] + y) / 2 + (c === 1 ? -2 : 6)];
          made.push(svg("text", { class: "halo large", x: middle[0], y: middle[1], "text-anchor": "middle" }, percent(to[c], 0)));
        }
      });
      made.push(svg("text", { class: "axis", x: 2, y: 14 }, "of those who leave the red town"));
      flows.layer("towns").replaceChildren(...made);

      // the cloud: the same households at every rho
      const log_Z = engine.draws([1, 1], [1], [1, 1], rho, theta, n, engine.generator(seed));
      const [one, two] = [0, 1].map((c) => log_Z.filter((_, i) => i % 2 === c));
      const margin = { left: 40, right: 12, top: 26, bottom: 42 };
      const ends = [Math.log(0.4), Math.log(6)];
      const x = linear(ends, [margin.left, cloud.width - margin.right]);
      const y = linear(ends, [cloud.height - margin.bottom, margin.top]);
      const at = [0.5, 1, 2, 4].map(Math.log);
      const text = (v) => plain(Math.exp(v), Math.exp(v) < 0.9 ? 1 : 0);
      ui.axes(cloud, { x, y, margin, xTitle: `a programmer's draw in the ${names[0]}`, yTitle: `draw in the ${names[1]}`, xText: text, yText: text, xTicks: at, yTicks: at });
      const keep = (v) => Math.min(Math.max(v, ends[0]), ends[1]);
      dots.forEach((dot, i) => set(dot, { cx: x(keep(one[i])).toFixed(1), cy: y(keep(two[i])).toFixed(1) }));
      const tau = engine.kendall(one, two);
      cloud.layer("labels").replaceChildren(
        svg("text", { class: "halo large", x: cloud.width - margin.right, y: cloud.height - margin.bottom - 10, "text-anchor": "end" }, `rank correlation ${plain(tau, 2)}`),
      );
      return {
        red: percent(built.pi_c[0], 0), blue: percent(built.pi_c[1], 0), farm: percent(built.pi_c[2], 0),
        to_blue: percent(to[1], 0), to_farm: percent(to[2], 0), tau: plain(tau, 2),
      };
    };
    return { draw };
  });
})(globalThis.companion);
