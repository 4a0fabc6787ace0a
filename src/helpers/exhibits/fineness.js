// Bars of the economy that the slider points at; the page holds every economy's numbers.
(function () {
  const root = document.currentScript.closest(".fineness");
  const rows = JSON.parse(root.querySelector("[data-rows]").textContent);
  const input = root.querySelector("input");
  const levels = [...new Set(rows.map((row) => row.specialisation))];
  const percent = (x) => (100 * x).toFixed(2) + "%";
  function draw() {
    const level = levels[Number(input.value)];
    root.querySelector("output").textContent = level.toFixed(2);
    input.setAttribute("aria-valuetext", "specialisation " + level.toFixed(2));
    for (const bar of root.querySelectorAll("[data-bar]")) {
      const [n, name] = bar.dataset.bar.split(" ");
      const row = rows.find((r) => r.specialisation === level && r.occupations === Number(n));
      bar.style.width = 100 * Math.min(1, row[name] / Number(root.dataset.most)) + "%";
      bar.parentElement.nextElementSibling.textContent = percent(row[name]);
    }
  }
  input.addEventListener("input", draw);
  draw();
})();
