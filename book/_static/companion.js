// A box that scrolls has to take the keyboard's focus; one that does not should stay out of its way.
(() => {
  const mend = () => {
    for (const box of document.querySelectorAll(".cell_output, .cell_output pre, .math.notranslate, .table-scroll")) {
      if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  window.addEventListener("load", mend);
  window.addEventListener("resize", mend);
  window.addEventListener("formulas-fit", mend);
})();
// A formula that is wider than its line is set smaller, down to six tenths, rather than cut.
(() => {
  const fit = () => {
    const all = [...document.querySelectorAll(".bd-content mjx-container")];
    for (const one of all) one.style.fontSize = "";
    const wide = all.map((one) => {
      const box = one.closest("div.math, dd, li, p, figcaption, aside") || one.parentElement;
      if (one.closest("table")) return [one, 1]; // which scrolls as a whole
      if (one.getAttribute("display") === "true") return [one, Math.min(one.clientWidth / one.scrollWidth, box.clientWidth / box.scrollWidth)];
      const look = getComputedStyle(box);
      const room = box.clientWidth - parseFloat(look.paddingLeft) - parseFloat(look.paddingRight);
      return [one, room / one.getBoundingClientRect().width];
    });
    for (const [one, share] of wide)
      if (share > 0 && share < 0.995) {
        const size = parseFloat(getComputedStyle(one).fontSize);
        one.style.fontSize = `${(size * Math.max(0.6, 0.98 * share)).toFixed(2)}px`;
      }
    window.dispatchEvent(new Event("formulas-fit"));
  };
  let width = 0;
  const again = () => {
    if (width === window.innerWidth) return;
    width = window.innerWidth;
    fit();
  };
  window.addEventListener("load", () => {
    const drawn = window.MathJax?.startup?.promise;
    if (!drawn) return;
    drawn.then(again);
    window.addEventListener("resize", again);
  });
})();
// The contents on the right follow the reader: the section that the upper third of the window is
// in, however long it is; the theme marks none where a section is many windows tall.
(() => {
  const entries = () => [...document.querySelectorAll(".bd-sidebar-secondary .page-toc a[href^='#']")];
  let places = [];
  const follow = () => {
    const line = window.innerHeight / 3;
    const ended = window.scrollY > 0 && window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 2;
    let here = null;
    for (const [link, section] of places) {
      if (ended || section.getBoundingClientRect().top <= line) here = link;
    }
    for (const [link] of places) {
      link.classList.toggle("active", link === here);
      if (link === here) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };
  let asked = false;
  const soon = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; follow(); });
  };
  document.addEventListener("DOMContentLoaded", () => {
    places = entries()
      .map((link) => [link, document.getElementById(decodeURIComponent(link.hash.slice(1)))])
      .filter(([, section]) => section);
    if (!places.length) return;
    document.body.removeAttribute("data-bs-spy"); // before the theme starts its own, at load
    follow();
    document.addEventListener("scroll", soon, { passive: true });
    window.addEventListener("resize", soon);
  });
})();
