/* What all live figures share: mounting, controls, the sentence, panels with axes, names on
 * hover and tap. Each figure's own script registers itself by name:
 *
 *   companion.live.register("scatter", (ui) => { ...; return { draw(state) { ... } }; });
 *
 * `draw` is given the state, draws it, and returns the values of the sentence. It runs at most
 * once an event, always on the latest state. After it `live-drawn` is dispatched on the figure.
 */
(function (global) {
  "use strict";
  const companion = (global.companion = global.companion || {});
  if (companion.live) return; // a page with several figures names the script several times

  const SVG = "http://www.w3.org/2000/svg";
  const still = global.matchMedia("(prefers-reduced-motion: reduce)");
  const builders = new Map();
  const figures = new Set();
  let count = 0;

  // ---- numbers as text: the twin of helpers.exhibits.live.figure.plain and percent ----
  const plain = (value, digits) => {
    const text = value.toFixed(digits);
    return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "\u2212");
  };
  const percent = (value, digits = 2, sign = false) => {
    const text = plain(100 * value, digits);
    return (sign && value > 0 && Number(text) !== 0 ? "+" : "") + text + "%";
  };
  const written = (value, { style, digits }, spoken = false) => {
    if (style === "number") return plain(value, digits);
    if (style === "percent") return percent(value, digits);
    return percent(spoken ? Math.abs(value) : value, digits, !spoken);
  };

  // ---- elements ----
  const html = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };
  const svg = (tag, attributes = {}, ...children) => {
    const made = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };
  const set = (element, attributes) => {
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  };

  const brush = document.createElement("canvas").getContext("2d");
  const widths = new Map();
  /** Width of a text in a drawing, in pixels. */
  const measure = (text) => {
    if (!widths.size) brush.font = `12px ${getComputedStyle(document.body).fontFamily}`;
    if (!widths.has(text)) widths.set(text, brush.measureText(text).width);
    return widths.get(text);
  };
  /** Put a circle somewhere, or nowhere. */
  const put = (circle, place, attributes = {}) => {
    const known = place && Number.isFinite(place[0] + place[1]);
    if (known) set(circle, { cx: place[0].toFixed(1), cy: place[1].toFixed(1), ...attributes });
    circle.style.display = known ? "" : "none";
  };

  // ---- scales ----
  /** A linear scale as a function, with its domain. */
  const linear = (domain, range) => {
    const slope = (range[1] - range[0]) / (domain[1] - domain[0]);
    const scale = (value) => range[0] + slope * (value - domain[0]);
    scale.domain = domain;
    return scale;
  };
  /** Round values that divide a domain into about n parts. */
  const ticks = ([low, high], n) => {
    const rough = (high - low) / n;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].find((m) => m * power >= 0.72 * rough) * power;
    const out = [];
    for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) out.push(i * step);
    return out;
  };
  /** Decimals that tell the values of an axis apart. */
  const digitsOf = (values) => {
    if (values.length < 2) return 2;
    const step = values[1] - values[0];
    for (let digits = 0; digits < 12; digits++)
      if (Math.abs(step - Number(step.toFixed(digits))) < 1e-6 * step) return digits;
    return 12;
  };

  /** One figure on the page: its state and everything it is made of. */
  class Figure {
    constructor(root, payload) {
      Object.assign(this, { root, payload, id: `live-${(count += 1)}` });
      this.state = { ...payload.setting };
      this.controls = payload.controls;
      this.syncs = [];
      this.panels = [];
      this.line = root.querySelector(".live-sentence");
      this.bar = html("div", { class: "live-bar" });
      this.stage = html("div", { class: "live-stage" });
      this.tip = html("div", { class: "live-tip", hidden: "" });
      this.told = html("p", { class: "live-told", role: "status", "aria-live": "polite" });
    }

    /** Change the state; what is drawn follows within a frame. */
    change(part) {
      Object.assign(this.state, part);
      for (const sync of this.syncs) sync(this.state);
      this.schedule();
    }

    schedule() {
      if (this.waiting) return;
      this.waiting = true;
      // all changes of one event together, and in time for the next frame
      global.queueMicrotask(() => {
        this.waiting = false;
        this.redraw();
      });
    }

    redraw() {
      const values = this.figure.draw(this.state) || {};
      for (const [name, value] of Object.entries(values))
        for (const slot of this.line.querySelectorAll(`[data-value="${name}"]`))
          if (slot.textContent !== value) {
            slot.textContent = value;
            // numbers stand out, words do not
            slot.classList.toggle("live-figure", /^[+\u2212]?\d/.test(value));
          }
      clearTimeout(this.telling);
      if (this.drawn) this.telling = setTimeout(() => this.tell(this.line.textContent), 700);
      this.drawn = true;
      this.root.dispatchEvent(new CustomEvent("live-drawn"));
    }

    /** Say something to those who listen. */
    tell(words) {
      this.told.textContent = words;
    }

    // -- controls --
    /** A slider with its label and value. */
    slider(name) {
      const control = this.controls[name];
      const id = `${this.id}-${name}`;
      const value = html("output", { for: id });
      const input = html("input", {
        type: "range", id, name, min: control.low, max: control.high, step: control.step,
      });
      input.addEventListener("input", () => this.change({ [name]: Number(input.value) }));
      this.sync((state) => {
        if (Number(input.value) !== state[name]) input.value = state[name];
        value.textContent = written(state[name], control);
        input.setAttribute("aria-valuetext", value.textContent);
      });
      const label = html("label", { for: id }, `${control.label}: `, value);
      return html("div", { class: "live-control" }, label, input);
    }

    /**
     * A field in which a name is chosen by typing part of it. `names` are what the state holds,
     * `texts` what is shown. With `empty` it may be empty, and the state is then null.
     */
    search(name, label, names, texts, empty = false) {
      const id = `${this.id}-${name}`;
      const options = html("datalist", { id: `${id}-list` });
      options.append(...texts.map((text) => html("option", { value: text })));
      const input = html("input", {
        id, name, list: `${id}-list`, autocomplete: "off", spellcheck: "false", type: "search",
        placeholder: "type a name",
      });
      const fold = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase().trim();
      const folded = texts.map(fold);
      const find = (typed) => {
        const asked = fold(typed);
        for (const fits of [
          (text) => text === asked, (text) => text.startsWith(asked), (text) => text.includes(asked),
        ]) {
          const at = folded.findIndex(fits);
          if (asked && at >= 0) return at;
        }
        return -1;
      };
      const take = (whole) => {
        const at = whole ? texts.indexOf(input.value) : find(input.value);
        if (at >= 0) {
          input.removeAttribute("aria-invalid");
          if (!whole) input.value = texts[at];
          this.change({ [name]: names[at] });
        } else if (!whole && empty && !input.value.trim()) {
          input.removeAttribute("aria-invalid");
          this.change({ [name]: null });
        } else if (!whole) {
          input.setAttribute("aria-invalid", "true");
          this.tell(`No city here is called \u201c${input.value}\u201d.`);
        }
      };
      input.addEventListener("input", () => take(true));
      input.addEventListener("change", () => take(false));
      input.addEventListener("focus", () => input.select());
      input.addEventListener("blur", () => {
        if (input.getAttribute("aria-invalid")) show(this.state);
      });
      const show = (state) => {
        input.removeAttribute("aria-invalid");
        input.value = state[name] === null ? "" : texts[names.indexOf(state[name])];
      };
      this.sync((state) => {
        const at = names.indexOf(state[name]);
        if (texts[at] !== input.value && document.activeElement !== input) show(state);
        else if (at >= 0 && document.activeElement === input && find(input.value) !== at) show(state);
      });
      return html("div", { class: "live-control" }, html("label", { for: id }, label), input, options);
    }

    button(text, act) {
      const made = html("button", { type: "button" }, text);
      made.addEventListener("click", act);
      return made;
    }

    /** Call when the state changes, and now. */
    sync(call) {
      this.syncs.push(call);
      call(this.state);
    }

    /** A number in the sentence that is dragged sideways, or moved with the arrow keys. */
    number(name) {
      const control = this.controls[name];
      const made = html("span", {
        class: "live-number", role: "slider", tabindex: "0", "data-number": name,
        "aria-label": control.label, "aria-valuemin": control.low, "aria-valuemax": control.high,
        title: "drag, or use the arrow keys",
      });
      const digits = Math.max(0, -Math.floor(Math.log10(control.step) + 1e-9));
      const move = (value) => {
        const kept = Math.min(Math.max(value, control.low), control.high);
        const steps = Math.round((kept - control.low) / control.step);
        this.change({ [name]: Number((control.low + steps * control.step).toFixed(digits)) });
      };
      this.sync((state) => {
        made.textContent = written(state[name], control, true);
        set(made, { "aria-valuenow": state[name], "aria-valuetext": written(state[name], control) });
      });
      made.addEventListener("pointerdown", (event) => {
        const start = { x: event.clientX, value: this.state[name] };
        made.setPointerCapture(event.pointerId);
        made.classList.add("live-dragged");
        // the whole range is a drag over 300 pixels, or a pixel a step where it is fine
        const per = Math.max((control.high - control.low) / 300, control.step / 8);
        const drag = (e) => move(start.value + (e.clientX - start.x) * per);
        const end = () => {
          made.classList.remove("live-dragged");
          made.removeEventListener("pointermove", drag);
        };
        made.addEventListener("pointermove", drag);
        for (const kind of ["pointerup", "pointercancel"]) made.addEventListener(kind, end, { once: true });
      });
      made.addEventListener("keydown", (event) => {
        const by = {
          ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10,
        }[event.key];
        if (by) move(this.state[name] + by * control.step);
        else if (event.key === "Home") move(control.low);
        else if (event.key === "End") move(control.high);
        else return;
        event.preventDefault();
      });
      return made;
    }

    /** Put the numbers that move, and places for those that follow, into the sentence. */
    speak() {
      const parts = this.payload.sentence.split(/\{(\w+)\}/);
      this.line.replaceChildren(
        ...parts.map((part, i) => {
          if (i % 2 === 0) return part;
          return part in this.controls ? this.number(part) : html("span", { "data-value": part });
        }),
      );
    }

    // -- panels --
    /**
     * A drawing that takes the width it is given. `ratio` is height over width, `narrow` the same
     * below 480 pixels; `label` says what it shows.
     */
    panel({ label, ratio, narrow = ratio, wide = false }) {
      const drawing = svg("svg", { role: "img", "aria-label": label });
      const box = html("div", { class: wide ? "live-panel live-wide" : "live-panel" }, drawing);
      this.stage.append(box);
      const panel = { box, svg: drawing, width: 0, height: 0, layers: {} };
      panel.layer = (name) => {
        if (!panel.layers[name]) drawing.append((panel.layers[name] = svg("g", { class: name })));
        return panel.layers[name];
      };
      panel.fit = () => {
        const width = Math.max(220, Math.floor(box.clientWidth));
        if (width === panel.width) return;
        panel.width = width;
        panel.height = Math.round(width * (width < 480 ? narrow : ratio));
        set(drawing, { width, height: panel.height, viewBox: `0 0 ${width} ${panel.height}` });
      };
      this.panels.push(panel);
      return panel;
    }

    /** Axes with grid, ticks and titles in the layer `axes` of a panel. */
    axes(panel, { x, y, xTitle, yTitle, xText, yText, xTicks, yTicks, margin }) {
      const layer = panel.layer("axes");
      const made = [];
      const { left, right, top, bottom } = margin;
      const [low, high] = [panel.height - bottom, top];
      const across = xTicks || ticks(x.domain, panel.width < 480 ? 4 : 7);
      for (const value of across) {
        made.push(svg("line", { class: "tick", x1: x(value), x2: x(value), y1: low, y2: low + 4 }));
        made.push(svg("text", { x: x(value), y: low + 17, "text-anchor": "middle" }, xText(value, digitsOf(across))));
      }
      const up = yTicks || (yText ? ticks(y.domain, 5) : []);
      for (const value of up) {
        made.push(svg("line", { class: "rule", x1: left, x2: panel.width - right, y1: y(value), y2: y(value) }));
        made.push(svg("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, yText(value, digitsOf(up))));
      }
      made.push(svg("line", { class: "tick", x1: left, x2: panel.width - right, y1: low, y2: low }));
      const middle = (left + panel.width - right) / 2;
      made.push(svg("text", { class: "axis", x: middle, y: low + 36, "text-anchor": "middle" }, xTitle));
      if (yTitle) made.push(svg("text", { class: "axis", x: 2, y: high - 10 }, yTitle));
      layer.replaceChildren(...made);
    }

    /**
     * Marks that have names: hover or tap shows `text(i)`, arrow keys go from mark to mark,
     * click, tap or Enter calls `pick(i)`. `points()` gives [x, y] of each, or null.
     */
    names(panel, { label, points, text, pick, seen = () => {}, eager = false }) {
      const { box, svg: drawing } = panel;
      set(box, { tabindex: "0", role: "group", "aria-label": label });
      const ring = svg("circle", { class: "live-ring", r: 9 });
      put(ring, null);
      drawing.append(ring);
      let current = null;
      const show = (i) => {
        current = i;
        const place = i === null ? null : points()[i];
        seen(i);
        put(ring, place);
        if (!place) {
          this.tip.hidden = true;
          return;
        }
        this.tip.innerHTML = text(i);
        this.tip.hidden = false;
        const frame = this.root.getBoundingClientRect();
        const at = drawing.getBoundingClientRect();
        const left = at.left - frame.left + place[0];
        const top = at.top - frame.top + place[1];
        const wide = this.tip.offsetWidth;
        const above = top - this.tip.offsetHeight - 14;
        this.tip.style.left = `${Math.min(Math.max(left - wide / 2, 0), Math.max(0, frame.width - wide))}px`;
        this.tip.style.top = `${above > 0 ? above : top + 14}px`;
      };
      const nearest = (event) => {
        const at = drawing.getBoundingClientRect();
        const reach = event.pointerType === "touch" ? 32 : 20;
        let best = null;
        let least = reach * reach;
        points().forEach((place, i) => {
          if (!place) return;
          const away = (place[0] - event.clientX + at.left) ** 2 + (place[1] - event.clientY + at.top) ** 2;
          if (away < least) [best, least] = [i, away];
        });
        return best;
      };
      box.addEventListener("pointermove", (event) => {
        if (event.pointerType !== "touch") show(nearest(event));
      });
      box.addEventListener("pointerleave", (event) => {
        if (event.pointerType !== "touch") show(null);
      });
      box.addEventListener("click", (event) => {
        const i = nearest(event);
        const known = i !== null && i === current;
        show(i);
        // the first tap names a mark, the second chooses it unless both are one; a mouse has named it
        if (i !== null && pick && (eager || event.pointerType !== "touch" || known)) pick(i);
      });
      box.addEventListener("keydown", (event) => {
        const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
        if (event.key === "Escape") return show(null);
        if (event.key === "Enter" && current !== null && pick) pick(current);
        else if (by) {
          const places = points();
          const order = places.map((_, i) => i).filter((i) => places[i]);
          order.sort((i, j) => places[i][0] - places[j][0] || places[i][1] - places[j][1]);
          const at = order.indexOf(current);
          const next = at < 0 ? (by > 0 ? 0 : order.length - 1) : at + by;
          show(order[Math.min(Math.max(next, 0), order.length - 1)]);
          this.tell(this.tip.textContent);
        } else return;
        event.preventDefault();
      });
      box.addEventListener("blur", () => show(null));
      global.document.addEventListener("pointerdown", (event) => {
        if (!box.contains(event.target) && current !== null) show(null);
      });
      return { show, again: () => current !== null && show(current) };
    }

    /** A colour that the style sheet names. */
    ink(name) {
      return getComputedStyle(this.root).getPropertyValue(`--live-${name}`).trim();
    }
  }

  /** Whether the page is dark. */
  const dark = () => document.documentElement.dataset.theme === "dark";

  /** A colour between three, at -1, 0 and 1. */
  const between = (stops, at) => {
    const parts = stops.map((stop) => [1, 3, 5].map((i) => parseInt(stop.slice(i, i + 2), 16)));
    const [from, to] = at < 0 ? [parts[1], parts[0]] : [parts[1], parts[2]];
    const part = Math.min(Math.abs(at), 1);
    return `rgb(${from.map((value, i) => Math.round(value + part * (to[i] - value))).join(",")})`;
  };

  function mount(root) {
    const builder = builders.get(root.dataset.live);
    if (!builder || root.dataset.ready) return;
    root.dataset.ready = "no";
    const drawing = root.querySelector(".live-static");
    const payload = JSON.parse(root.querySelector('script[type="application/json"]').textContent);
    const ui = new Figure(root, payload);
    const words = ui.line.textContent;
    try {
      drawing.after(ui.bar, ui.stage, ui.told, ui.tip);
      ui.figure = builder(ui);
      ui.speak();
      drawing.hidden = true;
      for (const panel of ui.panels) panel.fit();
      ui.redraw();
    } catch (problem) {
      // the drawing stays
      for (const part of [ui.bar, ui.stage, ui.told, ui.tip]) part.remove();
      drawing.hidden = false;
      ui.line.textContent = words;
      root.dataset.ready = "failed";
      console.error(`live figure ${payload.name}:`, problem);
      return;
    }
    new ResizeObserver(() => {
      const before = ui.panels.map((panel) => panel.width).join();
      for (const panel of ui.panels) panel.fit();
      if (before !== ui.panels.map((panel) => panel.width).join()) ui.schedule();
    }).observe(root);
    figures.add(ui);
    root.live = ui;
    root.dataset.ready = "yes";
  }

  function register(name, builder) {
    builders.set(name, builder);
    if (open) mountAll();
  }

  // not before every script that the page names has run: one figure's may need another's
  let open = document.readyState === "complete";
  const mountAll = () => {
    open = true;
    document.querySelectorAll(".live[data-live]").forEach(mount);
  };
  document.addEventListener("DOMContentLoaded", mountAll);
  global.addEventListener("load", mountAll);

  new MutationObserver(() => figures.forEach((ui) => ui.schedule())).observe(
    document.documentElement, { attributes: true, attributeFilter: ["data-theme"] },
  );

  companion.live = {
    register, html, svg, set, put, measure, linear, ticks, plain, percent, written, between, dark,
    still: () => still.matches,
  };
})(typeof globalThis === "object" ? globalThis : this);
