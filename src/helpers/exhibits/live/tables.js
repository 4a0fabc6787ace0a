/* The tables of the what-if page: cities and occupations, to as many digits as asked, and files. */
(function (companion) {
  "use strict";
  const { engine, live } = companion;
  const { percent, plain } = live;

  const escape = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
  const cell = (value, text) => `<td><data value="${value}">${text}</data></td>`;

  function save(name, header, lines) {
    const quoted = (value) => (typeof value === "string" ? `"${value.replace(/"/g, '""')}"` : value);
    const text = [header, ...lines.map((line) => line.map(quoted))].map((line) => line.join(",")).join("\n");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text + "\n"], { type: "text/csv" }));
    link.download = name;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  companion.whatIfTables = (ui, page, world) => {
    const { payload } = ui;
    const { before } = world;
    const find = (selector) => page.querySelector(selector);
    const mixBefore = engine.mix(before);
    let sort = { by: "change", descending: true };
    let digits = 2;
    let last;

    /** Every city: shares before and after, their ratio, similarity to the chosen one. */
    const rows = ({ c, shares, rent_hat }) => {
      const alike = world.similarity(c);
      return payload.cities.map((city, d) => ({
        city, old: before.pi_c[d], new: shares.pi_c[d], change: shares.pi_c[d] / before.pi_c[d], similarity: alike[d],
        ...(rent_hat ? { rent_hat: rent_hat[d] } : {}),
      }));
    };
    /** Every occupation: its share of households, and its part of the chosen city's. */
    const occupations = ({ c, shares }) => {
      const mix = engine.mix(shares);
      return payload.occupations.map((occupation, k) => ({
        occupation, old: before.omega[k], new: shares.omega[k], change: shares.omega[k] / before.omega[k],
        mix_old: mixBefore[c * before.K + k], mix_new: mix[c * before.K + k],
      }));
    };

    const drawCities = (result) => {
      const all = rows(result);
      // what rounding alone tells apart counts as equal, and is in the order of size
      const rank = all.map((row, d) => (result.alike && d !== result.c ? 1 + result.middle : row.change));
      const order = all.map((_, d) => d).sort((a, b) => rank[b] - rank[a] || all[b].old - all[a].old);
      const n = Math.min(10, Math.floor(all.length / 2));
      const shown = [
        ...order.slice(0, n).map((d) => ({ ...all[d], group: "highest" })),
        ...order.slice(-n).map((d) => ({ ...all[d], group: "lowest" })),
      ];
      const sign = sort.descending ? -1 : 1;
      const by = (row) => (sort.by === "change" && result.alike && row.city !== payload.cities[result.c] ? 1 + result.middle : row[sort.by]);
      shown.sort((a, b) => sign * (by(a) < by(b) ? -1 : by(a) > by(b) ? 1 : 0));
      find(".what-if-cities caption").textContent = result.alike
        ? `All other cities ${percent(result.middle, 2, true)}: the chosen city and others by size.`
        : `The ${n} cities that gain most and the ${n} that gain least; a heading sorts.`;
      find(".what-if-cities tbody").innerHTML = shown
        .map((row) =>
          `<tr class="${row.group}"><th scope="row">${escape(row.city)}</th><td>${result.alike ? "equal" : row.group}</td>` +
          cell(row.change, percent(row.change - 1, digits, true)) + cell(row.old, percent(row.old, digits)) +
          cell(row.new, percent(row.new, digits)) + cell(row.similarity, plain(row.similarity, Math.max(2, digits))) + "</tr>")
        .join("");
    };
    const drawOccupations = (result) => {
      const fields = (row) =>
        cell(row.change, percent(row.change - 1, digits, true)) + cell(row.old, percent(row.old, digits)) +
        cell(row.new, percent(row.new, digits)) + cell(row.mix_old, percent(row.mix_old, digits)) + cell(row.mix_new, percent(row.mix_new, digits));
      find(".what-if-occupations tbody").innerHTML = occupations(result)
        .map((row) => `<tr><th scope="row">${escape(row.occupation)}</th>${fields(row)}</tr>`).join("");
    };
    const draw = (state, result) => {
      last = result;
      drawCities(result);
      drawOccupations(result);
    };

    find('[name="digits"]').addEventListener("change", (event) => {
      digits = Number(event.target.value);
      draw(ui.state, last);
    });
    for (const button of page.querySelectorAll(".what-if-cities thead button"))
      button.addEventListener("click", () => {
        const { by } = button.dataset;
        sort = { by, descending: sort.by === by ? !sort.descending : by !== "city" };
        for (const other of page.querySelectorAll(".what-if-cities thead th")) other.removeAttribute("aria-sort");
        button.closest("th").setAttribute("aria-sort", sort.descending ? "descending" : "ascending");
        drawCities(last);
      });
    const file = (button, name, table) =>
      find(button).addEventListener("click", () => {
        const lines = table(last);
        save(name, Object.keys(lines[0]), lines.map(Object.values));
      });
    file(".what-if-csv", "what-if.csv", rows);
    file(".what-if-csv-occupations", "what-if-occupations.csv", occupations);
    return { draw, rows, occupations };
  };
})(globalThis.companion);
