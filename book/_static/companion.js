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
