// The what-if page: controls move signals, Vega computes, this file writes the table.
(async () => {
  const root = document.getElementById("what-if-panel");
  const payload = JSON.parse(document.getElementById("what-if-spec").textContent);
  const defaults = payload.setting;
  const numeric = Object.keys(payload.ranges);
  const find = (selector) => root.querySelector(selector);
  const field = (name) => find(`[name="${name}"]`);
  const slider = (name) => find(`[data-slider="${name}"]`);
  let sort = { by: "change", descending: true };
  let digits = 5;

  // a number that a person may read, in as many digits as asked
  const write = (value, places = digits) => value.toFixed(places);
  const percent = (value) => (100 * value).toFixed(Math.max(2, digits - 2));
  const short = (city) => city.split(",")[0].split("-")[0] + "," + city.split(",").pop();

  // settings: from the address, kept within bounds, and back into it
  const within = (name, value) => {
    const [low, high] = payload.ranges[name];
    return Number.isFinite(value) ? Math.min(Math.max(value, low), high) : defaults[name];
  };
  const read = () => {
    const asked = new URLSearchParams(window.location.search);
    const setting = { ...defaults };
    for (const name of numeric)
      if (asked.has(name) && asked.get(name) !== "") setting[name] = within(name, Number(asked.get(name)));
    for (const name of ["city", "occupation", "centred"])
      if ([...field(name).options].some((o) => o.value === asked.get(name))) setting[name] = asked.get(name);
    return setting;
  };
  const address = (setting) => {
    const url = new URL(window.location.href);
    url.hash = "";
    for (const [name, value] of Object.entries(setting)) url.searchParams.set(name, value);
    return url;
  };
  let setting = read();

  const show = () => {
    for (const [name, value] of Object.entries(setting)) {
      if (field(name).value !== String(value)) field(name).value = value;
      if (slider(name)) slider(name).value = value;
    }
  };
  show();

  const tall = (wide) => Math.round(0.6 * wide);
  const width = () => Math.max(240, find(".what-if-chart").clientWidth - 78);
  payload.spec.width = width();
  payload.spec.signals.find((s) => s.name === "concat_0_height").value = tall(width());
  const { view } = await window.vegaEmbed(find(".what-if-chart"), payload.spec, {
    renderer: "svg", actions: false, tooltip: true, mode: "vega",
  });

  const rows = () => view.data("data_0").slice();
  const drawTable = () => {
    const all = rows().sort((a, b) => b.change - a.change);
    const n = Math.min(10, Math.floor(all.length / 2));
    const shown = [
      ...all.slice(0, n).map((row) => ({ ...row, group: "highest" })),
      ...all.slice(-n).map((row) => ({ ...row, group: "lowest" })),
    ];
    const sign = sort.descending ? -1 : 1;
    shown.sort((a, b) => sign * (a[sort.by] < b[sort.by] ? -1 : a[sort.by] > b[sort.by] ? 1 : 0));
    const cell = (value, text) => `<td><data value="${value}">${text}</data></td>`;
    find("tbody").innerHTML = shown
      .map((row) =>
        `<tr class="${row.group}"><th scope="row">${row.city}</th><td>${row.group}</td>` +
        cell(row.change, write(row.change)) + cell(row.old, percent(row.old)) +
        cell(row.new, percent(row.new)) + cell(row.similarity, write(row.similarity, 3)) + "</tr>")
      .join("");
    const { span, centre } = all[0];
    find(".what-if-low").textContent = write(centre - span);
    find(".what-if-high").textContent = write(centre + span);
    const here = all.find((row) => row.here);
    const moved = all.reduce((sum, row) => sum + Math.abs(row.new - row.old), 0) / 2;
    find(".what-if-summary").textContent =
      `${short(here.city)}: share ${percent(here.old)} % before, ${percent(here.new)} % after. ` +
      `Households that live elsewhere afterwards: ${percent(moved)} % of all. ` +
      `Largest gain: ${short(all[0].city)} (${write(all[0].change)}); ` +
      `largest loss: ${short(all[all.length - 1].city)} (${write(all[all.length - 1].change)}).`;
  };

  // one drawing at a time, always of the latest setting
  let busy = false;
  let again = false;
  const draw = async () => {
    if (busy) { again = true; return; }
    busy = true;
    do {
      again = false;
      for (const [name, value] of Object.entries(setting)) view.signal(name, value);
      await view.runAsync();
      drawTable();
    } while (again);
    busy = false;
    root.dispatchEvent(new CustomEvent("what-if-drawn", { detail: { ...setting } }));
  };

  let remembered;
  const changed = (name, value) => {
    setting = { ...setting, [name]: value };
    draw();
    // browsers limit how often an address may change
    clearTimeout(remembered);
    remembered = setTimeout(() => {
      try { window.history.replaceState(null, "", address(setting)); } catch (refused) { /* a file */ }
    }, 300);
  };
  for (const name of ["city", "occupation", "centred"])
    field(name).addEventListener("change", (event) => changed(name, event.target.value));
  for (const name of numeric) {
    slider(name).addEventListener("input", (event) => {
      field(name).value = event.target.value;
      changed(name, Number(event.target.value));
    });
    field(name).addEventListener("input", (event) => {
      const value = event.target.valueAsNumber;
      const valid = Number.isFinite(value) && value === within(name, value);
      event.target.setAttribute("aria-invalid", String(!valid));
      if (!valid) return;
      slider(name).value = value;
      changed(name, value);
    });
    field(name).addEventListener("change", () => {
      field(name).removeAttribute("aria-invalid");
      show();
    });
  }
  field("digits").addEventListener("change", (event) => {
    digits = Number(event.target.value);
    drawTable();
  });
  for (const button of root.querySelectorAll("thead button"))
    button.addEventListener("click", () => {
      const by = button.dataset.by;
      sort = { by, descending: sort.by === by ? !sort.descending : by !== "city" };
      for (const other of root.querySelectorAll("thead th")) other.removeAttribute("aria-sort");
      button.closest("th").setAttribute("aria-sort", sort.descending ? "descending" : "ascending");
      drawTable();
    });
  find(".what-if-reset").addEventListener("click", () => {
    setting = { ...defaults };
    show();
    changed("rho", setting.rho);
  });
  find(".what-if-link").addEventListener("click", async () => {
    const link = address(setting).href;
    const told = find(".what-if-told");
    try {
      await navigator.clipboard.writeText(link);
      told.textContent = "The link to this setting is copied.";
    } catch (refused) {
      told.textContent = link;
    }
  });
  find(".what-if-csv").addEventListener("click", () => {
    const names = ["city", "old", "new", "change", "similarity"];
    const lines = rows().map((row) => names.map((n) => (n === "city" ? `"${row[n]}"` : row[n])).join(","));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([[names.join(","), ...lines].join("\n") + "\n"], { type: "text/csv" }));
    link.download = "what-if.csv";
    link.click();
    URL.revokeObjectURL(link.href);
  });
  new ResizeObserver(() => {
    const wide = width();
    if (view.width() !== wide) view.width(wide).signal("concat_0_height", tall(wide)).runAsync();
  }).observe(root);
  root.whatIf = { view, rows, setting: () => ({ ...setting }) };
  await draw();
  root.dataset.ready = "true";
})();
