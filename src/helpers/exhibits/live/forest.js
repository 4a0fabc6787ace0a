/* Intervals one under the other, a row a choice; ends that are open or out of sight are arrows. */
(function (companion) {
  "use strict";
  const { live } = companion;
  const { svg, linear, plain } = live;

  live.register("forest", (ui) => {
    const { rows, methods, references, axis } = ui.payload;
    const labels = [...new Set(rows.map((row) => row.label))];
    const panel = ui.panel({ label: ui.payload.alt, ratio: 0, wide: true });
    if (methods.length > 1) {
      const chosen = live.html("select", { id: `${ui.id}-method`, name: "method" });
      chosen.append(live.html("option", { value: "" }, "all"), ...methods.map((m) => live.html("option", { value: m }, m)));
      chosen.addEventListener("change", () => ui.change({ method: chosen.value || null }));
      ui.sync((state) => (chosen.value = state.method || ""));
      ui.bar.append(live.html("div", { class: "live-control" }, live.html("label", { for: chosen.id }, "Intervals"), chosen));
    }
    ui.bar.append(ui.slider("reach"));
    panel.layer("axes");
    let place = [];
    const kinds = ["", "other", "third"];
    const number = (value) => (value === null ? "\u221e" : plain(value, 2));
    const words = (row) => {
      if (row.empty) return "no value is accepted";
      if (row.low === null && row.high === null) return "every value is accepted";
      if (row.low === null) return `all up to ${number(row.high)}`;
      if (row.high === null) return `${number(row.low)} and above`;
      return `${number(row.low)} to ${number(row.high)}`;
    };
    const draw = (state) => {
      const shown = rows.map((row) => !state.method || row.method === state.method);
      const used = methods.filter((m) => !state.method || m === state.method);
      const narrow = panel.width < 480;
      const step = 17;
      const head = references.length ? 44 : 20;
      const block = (narrow ? 20 : 8) + step * used.length + 6;
      const longest = Math.max(...labels.map((label) => live.measure(label)));
      const start = narrow ? 14 : Math.min(260, 28 + longest);
      // what the colours mean, in as many lines as it takes
      const spots = [];
      if (methods.length > 1)
        for (const method of used) {
          const { at, line, wide } = spots[spots.length - 1] || { at: start, line: 0, wide: 0 };
          const own = 28 + live.measure(method);
          const fits = at + wide + own <= panel.width - 8;
          spots.push({ at: fits ? at + wide : start, line: fits ? line : line + 1, wide: own + 22 });
        }
      const key = spots.length ? 22 + 18 * spots[spots.length - 1].line : 0;
      panel.height = head + labels.length * block + 44 + key;
      live.set(panel.svg, { height: panel.height, viewBox: `0 0 ${panel.width} ${panel.height}` });
      const margin = { left: start, right: 16, top: head - 18, bottom: 42 + key };
      const middle = state.middle;
      const domain = [middle - state.reach, middle + state.reach];
      const x = linear(domain, [margin.left, panel.width - margin.right]);
      ui.axes(panel, { x, y: null, margin, xTitle: axis, xText: plain });
      const made = [];
      for (const [value, text] of references) {
        if (value < domain[0] || value > domain[1]) continue;
        // each line ends beside its own words
        const anchor = x(value) > panel.width * 0.6 ? "end" : "start";
        const up = references.findIndex((r) => r[0] === value) % 2 ? head - 20 : head - 32;
        made.push(svg("line", { class: "reference", x1: x(value), x2: x(value), y1: up - 9, y2: panel.height - margin.bottom }));
        made.push(svg("text", { x: x(value) + (anchor === "end" ? -4 : 4), y: up, "text-anchor": anchor }, text));
      }
      labels.forEach((label, i) => {
        const top = head + i * block;
        if (i) made.push(svg("line", { class: "rule", x1: 0, x2: panel.width, y1: top - 3, y2: top - 3 }));
        made.push(svg("text", narrow ? { class: "halo", x: 2, y: top + 12 } : { x: margin.left - 16, y: top + block / 2 + 1, "text-anchor": "end" }, label));
      });
      place = rows.map((row, i) => {
        if (!shown[i]) return null;
        const y = head + labels.indexOf(row.label) * block + (narrow ? 26 : 12) + step * used.indexOf(row.method);
        const kind = kinds[methods.indexOf(row.method) % 3];
        const inside = (value) => Math.min(Math.max(value, domain[0]), domain[1]);
        if (row.empty) {
          made.push(svg("text", { class: "halo ghostly", x: x(middle), y: y + 4, "text-anchor": "middle" }, "empty"));
          return [x(middle), y];
        }
        const low = row.low === null ? -Infinity : row.low;
        const high = row.high === null ? Infinity : row.high;
        const [from, to] = [x(inside(low)), x(inside(high))];
        made.push(svg("line", { class: `interval ${kind}`, x1: from, x2: to, y1: y, y2: y }));
        if (low < domain[0]) made.push(svg("path", { class: `head ${kind}`, d: `M${from - 9} ${y}l10 -5v10z`, "data-end": "left" }));
        else made.push(svg("line", { class: `interval ${kind}`, x1: from, x2: from, y1: y - 4, y2: y + 4 }));
        if (high > domain[1]) made.push(svg("path", { class: `head ${kind}`, d: `M${to + 9} ${y}l-10 -5v10z`, "data-end": "right" }));
        else made.push(svg("line", { class: `interval ${kind}`, x1: to, x2: to, y1: y - 4, y2: y + 4 }));
        if (row.estimate !== null && row.estimate >= domain[0] && row.estimate <= domain[1])
          made.push(svg("circle", { class: `point ${kind}`, cx: x(row.estimate), cy: y, r: 4 }));
        return [(from + to) / 2, y];
      });
      spots.forEach(({ at, line }, i) => {
        const y = panel.height - key + 14 + 18 * line;
        made.push(svg("line", { class: `interval ${kinds[methods.indexOf(used[i]) % 3]}`, x1: at, x2: at + 22, y1: y - 4, y2: y - 4 }));
        made.push(svg("text", { x: at + 28, y }, used[i]));
      });
      panel.layer("rows").replaceChildren(...made);
      named.again();
      return {};
    };
    const named = ui.names(panel, {
      label: "Intervals: arrow keys go from one to the next",
      points: () => place,
      text: (i) => {
        const row = rows[i];
        const estimate = row.estimate === null ? "" : `<br>estimate ${plain(row.estimate, 2)}`;
        const escape = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
        return `<b>${escape(row.label)}</b><br>${escape(row.method)}: ${words(row)}${estimate}`;
      },
    });
    return { draw };
  });
})(globalThis.companion);
